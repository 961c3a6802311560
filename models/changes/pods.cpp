// Harm to the servers' processes, and what is done with them by hand.
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

struct OnPods {
  PodTarget target;
  static void describe(Schema<OnPods>& s) {
    s.field("target", &OnPods::target).help("which of the pods that serve");
  }
};

const RegisterAction<OnPods> kill_pods{
    "kill_pods",
    "the servers' processes die with all that they have; kubelets start them again after their "
    "back-off, and weights are loaded anew",
    "", [](const OnPods& p, const Act& act) -> Effect {
      const auto struck = pods_in(act.scene, p.target);
      for (const auto& [region, pods] : struck) act.scene.pods[region]->crash(pods, act.root);
      return {.nothing = struck.empty()};
    }};

struct RestartPodsParams {
  PodTarget target;
  i32 max_unavailable = 0;
  Duration jitter{};
  static void describe(Schema<RestartPodsParams>& s) {
    s.field("target", &RestartPodsParams::target).help("which of the pods that serve");
    s.field("max_unavailable", &RestartPodsParams::max_unavailable)
        .at_least(0)
        .scales()
        .help("of those of each region, so many at once are not ready at most; 0: all together");
    s.field("jitter", &RestartPodsParams::jitter)
        .at_least(0)
        .help("each waits for a time of its own up to this before its turn");
  }
};

const RegisterAction<RestartPodsParams> restart_pods{
    "restart_pods",
    "servers end with their grace and are started again in their pods, all at once or rolling", "",
    [](const RestartPodsParams& p, const Act& act) -> Effect {
      std::vector<std::pair<const PodControlPort*, u64>> rounds;
      for (const auto& [region, pods] : pods_in(act.scene, p.target)) {
        PodControlPort* cluster = act.scene.pods[region];
        rounds.emplace_back(cluster,
                            cluster->restart(pods, {p.max_unavailable, p.jitter}, act.root));
      }
      const auto over = [rounds] {
        for (const auto& [cluster, round] : rounds)
          if (cluster->restarting(round)) return Ending{false, kNoIncident};
        return Ending{};
      };
      return {.over = over, .nothing = rounds.empty()};
    }};

// Takes back what servers were afflicted with.
Heal heal_servers(const Scene& scene, std::vector<std::pair<RegionId, u32>> faults) {
  if (faults.empty()) return {};
  std::vector<std::pair<ServerControlPort*, u32>> at;
  for (const auto& [region, fault] : faults) at.emplace_back(scene.servers[region], fault);
  return [at](IncidentId healed) {
    for (const auto& [servers, fault] : at) servers->heal(fault, healed);
  };
}

struct HangPodsParams {
  PodTarget target;
  bool answers_probes = false;
  static void describe(Schema<HangPodsParams>& s) {
    s.field("target", &HangPodsParams::target).help("which of the pods that serve");
    s.field("answers_probes", &HangPodsParams::answers_probes)
        .help("the engine hangs behind a front end that says that it is well; false: all hangs");
  }
};

const RegisterFault<HangPodsParams> hang_pods{
    "hang_pods",
    "processes live and get on no more, until they are healed or started again; what is sent there "
    "waits",
    "", [](const HangPodsParams& p, const Act& act) -> Heal {
      std::vector<std::pair<RegionId, u32>> faults;
      for (const auto& [region, pods] : pods_in(act.scene, p.target))
        if (const u32 fault = act.scene.servers[region]->hang(pods, p.answers_probes, act.root))
          faults.emplace_back(region, fault);
      return heal_servers(act.scene, std::move(faults));
    }};

struct SlowPodsParams {
  PodTarget target;
  double factor = 2;
  static void describe(Schema<SlowPodsParams>& s) {
    s.field("target", &SlowPodsParams::target).help("which of the pods that serve");
    s.field("factor", &SlowPodsParams::factor)
        .range(1, 1000)
        .help("how many times as long each step of their engines takes");
  }
};

const RegisterFault<SlowPodsParams> slow_pods{
    "slow_pods",
    "stragglers: each step of their engines takes longer, whichever process runs; factors of "
    "several multiply",
    "", [](const SlowPodsParams& p, const Act& act) -> Heal {
      if (p.factor == 1) return {};
      std::vector<std::pair<RegionId, u32>> faults;
      for (const auto& [region, pods] : pods_in(act.scene, p.target))
        if (const u32 fault = act.scene.servers[region]->slow(pods, p.factor, act.root))
          faults.emplace_back(region, fault);
      return heal_servers(act.scene, std::move(faults));
    }};

}  // namespace
}  // namespace stampede
