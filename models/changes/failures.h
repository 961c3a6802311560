// Hardware that fails by chance: a clock that does what the fault actions do.
// State: a node, a switch = well -> failed -> well again, after its repair or, of a node, once a
// spare has taken its place. What has failed does not fail again.
// Incidents: gpu_failed, node_failed, switch_failed, roots; hardware_repaired, because of them.
// Source: none for the mechanism: failures without memory (exponential), as published counts give
// no more than a mean. Limits: no wear, no infant mortality, no correlation but the switch; repair
// crews have no queue.
#pragma once
#include <string>
#include <vector>

#include "models/changes/failures_params.h"
#include "models/ports/scene.h"
#include "sim/world.h"

namespace stampede {

class Failures final : public Component {
 public:
  // Of one region: GPUs of a node, and of a pod by pool.
  struct Region {
    i32 gpus_per_node = 8;
    std::vector<i32> gpus_per_pod;
  };
  Failures(World& world, const FailuresParams& params, Scene scene, std::vector<Region> regions);
  void start();
  void handle(const Event& event) override;

 private:
  enum Kind : u8 { kGpu, kNode, kSwitch, kRepaired, kSpareBack };
  static constexpr u8 kKinds = 3;
  struct Clock {
    StreamKey draws;
    u32 failures = 0;
  };
  struct Broken {
    RegionId region;
    std::vector<u32> nodes;
    bool cut_off;  // by their switch
    IncidentId root;
  };
  Clock& clock(RegionId region, u32 kind) { return clocks_[region * kKinds + kind]; }
  double rate(RegionId region, u32 kind) const;  // failures a second
  void schedule(RegionId region, u8 kind);
  void gpu_fails(RegionId region, const Words& words, Duration repair);
  void node_fails(RegionId region, u32 node, Duration repair, IncidentId root);
  void switch_fails(RegionId region, double which, Duration repair);
  void repaired(u32 broken);
  IncidentId root(const IncidentKind& kind, RegionId region, const std::string& text);

  World& world_;
  const FailuresParams params_;
  const Scene scene_;
  const std::vector<Region> regions_;
  ComponentId component_;
  std::vector<Clock> clocks_;             // [region] x [kind]
  std::vector<std::vector<u8>> failed_;   // [region][node]
  std::vector<std::vector<u8>> cut_off_;  // [region][switch]
  std::vector<i32> spares_;               // [region]
  std::vector<Broken> broken_;
};

}  // namespace stampede
