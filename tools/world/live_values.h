// The parameters of a running fleet by their path in the scenario: the scenario's own values, and
// above them the layers of changes.
// State of a layer: begun -> changed (stage after stage) -> ended. The last one begun is in force.
// Limits: paths were checked when the scenario was read (live_paths.h); values are exact to what
// their text says.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "models/ports/live_port.h"
#include "sim/world.h"
#include "tools/world/scenario.h"

namespace stampede {

class LiveValues final : public LivePort {
 public:
  // `world` outlives it.
  LiveValues(const Spec& spec, World& world) : world_(world) { scenario_.spec = spec; }

  // What is at `path` and below: of the service, or of one region.
  void add(std::string path, const LiveRoot& root) { roots_.push_back({std::move(path), root}); }
  void add(std::string path, std::size_t region, const LiveRoot& root) {
    roots_.push_back({std::move(path), root, static_cast<RegionId>(region)});
  }
  // What the path says does not reach this region, which has a value of its own.
  void hide(std::string path, std::size_t region) { add(std::move(path), region, {}); }

  std::vector<RegionId> places(const std::string& path,
                               const std::vector<RegionId>& regions) const override;
  u32 begin(const std::string& path, const std::vector<RegionId>& regions,
            IncidentId cause) override;
  bool change(u32 layer, const std::string& value, double part) override;
  void end(u32 layer, IncidentId ended) override;

 private:
  struct Root {
    std::string path;
    LiveRoot at;
    RegionId region = kNoRegion;  // of the service
  };
  struct Layer {
    u32 number;
    std::string value, from;  // canonical; `from`: in force when it began; empty: null
    IncidentId cause;
  };
  struct Leaf {
    std::string path;  // below `spec`
    void* object;
    const TypeInfo* type;
    Tunable* owner;
    std::string own;  // the scenario's value
    std::vector<Layer> layers;
    IncidentId cause = kNoIncident;  // of the value in force; none: the scenario's own
  };
  void put_layer(const std::string& path, const Root& root, const Layer& layer);
  static std::string on_the_way(const Leaf& leaf, const Layer& layer, const std::string& value,
                                double part);
  void supersede(u32 layer);
  bool refresh(Leaf& leaf, IncidentId by);

  World& world_;
  Scenario scenario_;  // where paths lead
  std::vector<Root> roots_;
  std::vector<Leaf> leaves_;  // that have been changed
  u32 layers_ = 0;
};

}  // namespace stampede
