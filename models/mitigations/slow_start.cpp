// A pod that came late gets little at first and its full share after a while.
// **State** by pod: when it became an endpoint, and its deadline among those who are to be picked.
// **Source** Envoy, slow start with the weighted least-request scheduler: earliest deadline first,
// each pick moves a pod's deadline by 1 / weight; weight = max(least, (max(t, 1 s) / window)^(1 /
// aggression)) / (attempts in flight + 1).
// **Limits** pods that are there at the start are not new. A pod's weight counts from its next
// deadline on, as in Envoy; one that comes begins at the earliest deadline of the others.
#include <algorithm>
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/ports/replica_choice_port.h"
#include "sim/math.h"

namespace stampede {
namespace slow_start {

struct Params {
  Duration window = 1_min;
  Share least{0.1};
  double aggression = 1;
  static void describe(Schema<Params>& s) {
    s.field("window", &Params::window)
        .range(1, 86400)
        .help("time after which a new pod gets its full share; Envoy has none by default");
    s.field("least", &Params::least)
        .range(0.001, 1)
        .help("share of the weight that a new pod begins with at least")
        .source("Envoy: min_weight_percent 10 %");
    s.field("aggression", &Params::aggression)
        .range(0.01, 100)
        .help("above 1 the share grows faster at first, below 1 slower")
        .source("Envoy: aggression 1.0");
  }
};

class SlowStart final : public ReplicaChoice {
 public:
  SlowStart(const Params& params, const Place& place)
      : params_(params), world_(place.world), active_(place.active) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    const bool at_start = hosts_.empty();
    std::vector<Host> next;
    next.reserve(pods.size());
    for (const u32 pod : pods) {
      const auto known = std::lower_bound(hosts_.begin(), hosts_.end(), pod,
                                          [](const Host& h, u32 id) { return h.pod < id; });
      if (known != hosts_.end() && known->pod == pod)
        next.push_back(*known);
      else
        next.push_back({pod, at_start ? world_.now() : world_.now() + params_.window, now_});
    }
    hosts_ = std::move(next);
  }

  u32 pick(u64, u64) override {
    const auto first =
        std::min_element(hosts_.begin(), hosts_.end(),
                         [](const Host& a, const Host& b) { return a.deadline < b.deadline; });
    if (first == hosts_.end()) return kNoPod;
    now_ = first->deadline;
    first->deadline += 1 / weight(*first);
    return first->pod;
  }

 private:
  struct Host {
    u32 pod = 0;
    Instant full{};       // from when on it gets its full share
    double deadline = 0;  // of the scheduler, whose time is no time of the run
  };

  double weight(const Host& host) const {
    double share = 1;
    const Duration there = std::max(1_s, params_.window - (host.full - world_.now()));
    if (there < params_.window)
      share = std::max(params_.least.value, math::pow(there.seconds() / params_.window.seconds(),
                                                      1 / params_.aggression));
    return share / (static_cast<double>(active_.of(host.pod)) + 1);
  }

  const Params& params_;
  const World& world_;
  const ActiveCounts& active_;
  std::vector<Host> hosts_;  // by pod
  double now_ = 0;           // the deadline that was picked last
};

const RegisterMechanism<ReplicaChoice, SlowStart, Params> registered{
    {"slow_start",
     MitigationSlot::kFilter,
     "a pod that came late gets little at first and its full share after a while",
     "Envoy: slow start",
     {Need::kReplicas}}};

}  // namespace slow_start
}  // namespace stampede
