// Versions on their way through the fleet: in stages or everywhere within a delay, watched by a
// gate, and taken back.
// State of a roll-out: going out -> out; from both -> going back -> over, when the last region goes
// back; regions may go one by one. Of each region a share of
// the pods has the version: the first by a draw of their own, so that a later stage meets those of
// an earlier one too. Parameters of a region go the same part of the way (live values, layers).
// Incidents: version_stage at each stage, because of the roll-out; version_out when the last has
// soaked; version_halted when the gate's condition holds, because of the roll-out and of what
// showed it; version_rolled_back or version_disabled when it begins to go back, version_gone when
// no pod has it any more, if that took time; bad_file and good_file when a file is other than the
// one before; nothing_rolled_out, nothing_rolled_back, nothing_disabled.
// Source: Google SRE workbook, canarying releases; Kubernetes rolling updates (maxUnavailable).
// Limits: processes are restarted in their pods, not replaced by new pods; a stage does not wait
// until the one before is ready; a parameter that several versions set goes by the last of them.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "models/changes/rollout_params.h"
#include "models/changes/version_params.h"
#include "models/ports/changes_port.h"
#include "models/ports/scene.h"
#include "sim/world.h"

namespace stampede {

// What ends a change of which a roll-out is part.
struct RollOutListener {
  virtual ~RollOutListener() = default;
  virtual void rolled_back(IncidentId root) = 0;
};

class Rollouts final : public Component {
 public:
  Rollouts(World& world, const Scene& scene, RollOutListener& listener,
           std::vector<VersionParams> versions);
  // Before the start.
  void prepare(const RollOutParams& params, WatchPort& watch);

  // Begins; nothing happens if the version is out. Returns the roll-out's number, or kNone.
  static constexpr u32 kNone = UINT32_MAX;
  u32 roll_out(const RollOutParams& params, const std::string& name, IncidentId root);
  // Everything that it brought goes at once, because of `healed`.
  void take_back(u32 number, IncidentId healed);
  Completion roll_back(const RollBackParams& params, IncidentId root);
  Completion disable(const DisableParams& params, IncidentId root);
  // Whether it has gone out, or gone back.
  Ending ending(u32 number) const;
  void handle(const Event& event) override;

 private:
  enum Kind : u8 { kStep, kDone, kGate, kRefresh, kBack, kGone };
  enum class State : u8 { kGoingOut, kOut, kGoingBack, kOver };
  struct InRegion {
    RegionId region = 0;
    StreamKey draws{};
    std::vector<WorkloadId> pools;
    double share = 0, threshold = 0;
    u32 version = kNone;        // of the region's VersionPort
    std::vector<u64> rounds{};  // of restarts
    u32 back = kNone;           // of `backs_`
  };
  // How pods take up what changes, and why.
  struct Way {
    TakeUpParams how;
    bool at_once = false;
    IncidentId because = kNoIncident;
  };
  // Some regions' way back.
  struct Back {
    u32 out = 0;
    Way way;
    i64 steps = 1;  // that are left
    Instant began{};
    bool over = false;
    IncidentId last = kNoIncident;  // that it began, then that the version is gone
  };
  struct Layer {
    std::size_t place;  // of `regions`; kEverywhere: the service's
    u32 layer;
    std::string value;
  };
  static constexpr std::size_t kEverywhere = SIZE_MAX;
  struct Out {
    std::string name;
    const VersionParams* version = nullptr;
    RollOutParams params;
    RollOutPlan plan;
    State state{};
    bool at_once = false;  // running processes change
    IncidentId root = kNoIncident, last = kNoIncident;
    std::vector<InRegion> regions{};
    std::vector<Layer> layers{};
    std::optional<u32> gate{};
    u32 files = 0;
    bool bad = false;
  };
  const VersionParams* find(const std::string& version) const;
  Out* out_of(const std::string& name, const std::string& version);
  void bring(Out& out);
  void layer(Out& out, const VersionSetParams& set);
  void step(u32 number, u32 index);
  void done(u32 number);
  void empty_caches(const Out& out, const InRegion& in, double share, IncidentId because);
  void spread(const Out& out, InRegion& in, double share, const Way& way);
  void restart(InRegion& in, const std::vector<PodId>& pods, const Way& way);
  void move_parameters(Out& out);
  double threshold_of(const InRegion& in, double share) const;
  std::vector<std::pair<double, PodId>> drawn(const InRegion& in) const;
  void look_at_gate(u32 number);
  void refresh(u32 number);
  static bool stays(const InRegion& in, const std::vector<RegionId>& where) {
    return in.back == kNone && std::find(where.begin(), where.end(), in.region) != where.end();
  }
  bool restarting(const InRegion& in) const;
  u32 begin_back(u32 number, const Way& way, const RegionTarget& where);
  void step_back(u32 number);
  void look_whether_gone(u32 number);
  void end(Out& out, IncidentId because);
  Completion completion(u32 back) const;

  World& world_;
  const Scene& scene_;
  RollOutListener& listener_;
  ComponentId component_;
  const std::vector<VersionParams> versions_;
  StreamKey files_;
  std::map<const RollOutParams*, u32> gates_;  // looked up only
  WatchPort* watch_ = nullptr;
  std::vector<Out> outs_;
  std::vector<Back> backs_;
};

}  // namespace stampede
