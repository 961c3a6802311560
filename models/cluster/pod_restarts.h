// Restarts by hand: a list of pods, all at once or some at a time.
// State: a round = pods that wait -> (their jitter is over and there is room) restarting -> ready;
//        over when none waits or restarts any more.
// Source: systemd or an agent that restarts servers in place; maxUnavailable as of a Kubernetes
// rolling update.
// Limits: whoever restarts them sees each second which are ready; a pod that is deleted meanwhile
// counts as done.
#pragma once
#include <vector>

#include "models/cluster/context.h"
#include "models/cluster/node_runtime.h"
#include "models/ports/pod_control_port.h"

namespace stampede::cluster {

class PodRestarts final : public Component {
 public:
  PodRestarts(const Context& context, NodeRuntime& kubelets);
  u64 restart(const std::vector<PodId>& pods, const PodRestart& how, IncidentId cause);
  void stop(u64 round);  // those that wait for their turn are left as they are
  bool under_way(u64 round) const { return rounds_[round].left > 0; }
  void handle(const Event& event) override;

 private:
  enum class Stage : u8 { kWaiting, kRestarting, kDone };
  struct Turn {
    PodId pod = 0;
    Instant earliest{};
    u16 restarts = 0;  // that it has had when its own begins
    Stage stage{};
  };
  struct Round {
    std::vector<Turn> turns;  // in order of their earliest
    i32 max_unavailable = 0;
    std::size_t left = 0;
    IncidentId begun = kNoIncident;
  };
  void look(u32 round);
  bool done(const Turn& turn) const;

  Context context_;
  NodeRuntime& kubelets_;
  ComponentId component_;
  StreamKey jitter_;
  std::vector<Round> rounds_;
};

}  // namespace stampede::cluster
