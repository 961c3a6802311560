// The stock actions.
#include "models/operations/actions.h"

#include <algorithm>

#include "sim/check.h"

namespace stampede {

std::map<std::string, ActionFunction>& action_functions() {
  static std::map<std::string, ActionFunction> functions;
  return functions;
}

Completion apply(const ActionSelection& action, const Scene& scene, IncidentId cause) {
  const auto it = action_functions().find(action.name);
  STAMPEDE_CHECK(it != action_functions().end(), "unknown action " + action.name);
  Completion done = it->second(action.params.get(), scene, cause);
  return done ? done : [] { return Ending{}; };
}

namespace {

struct NoParams {
  static void describe(Schema<NoParams>&) {}
};

struct TargetParams {
  std::string region;
  static void describe(Schema<TargetParams>& s) {
    s.field("region", &TargetParams::region).help("name of the region; left out: all of them");
  }
};

struct RegionParams {
  TargetParams target;
  static void describe(Schema<RegionParams>& s) {
    s.field("target", &RegionParams::target).help("where");
  }
};

struct PushParams {
  TargetParams target;
  ExportPolicy policy;
  static void describe(Schema<PushParams>& s) {
    s.field("target", &PushParams::target).help("where");
    s.field("policy", &PushParams::policy).help("what the region's routers then export");
  }
};

struct DiskParams {
  TargetParams target;
  Duration delay{};
  static void describe(Schema<DiskParams>& s) {
    s.field("target", &DiskParams::target).help("where");
    s.field("delay", &DiskParams::delay)
        .at_least(0)
        .help("added to each fsync, or length of a stall");
  }
};

template <class F>
void each(const std::string& name, const Scene& scene, F f) {
  for (std::size_t r = 0; r < scene.regions.size(); ++r)
    if (name.empty() || scene.regions[r] == name) f(static_cast<RegionId>(r));
}

// Stopping means that somebody also takes back what was asked for beyond the fleet, and stays at it
// while the write is refused.
void stop(AutoscalerControlPort& cluster, IncidentId cause) {
  cluster.set_autoscaler_enabled(false, cause);
  for (WorkloadId w = 0; w < cluster.workloads(); ++w)
    if (const i32 fleet = cluster.fleet(w); cluster.desired(w) > fleet)
      cluster.scale(w, fleet, cause);
}

void restart(AutoscalerControlPort& cluster, bool pin_to_fleet, IncidentId cause) {
  for (WorkloadId w = 0; pin_to_fleet && w < cluster.workloads(); ++w)
    cluster.bound_autoscaler(w, cluster.fleet(w), cluster.fleet(w));
  cluster.set_autoscaler_enabled(true, cause);
}

Completion flushing(CacheControlPort* cache) {
  return [cache] {
    return cache->flushing() ? Ending{false, kNoIncident} : Ending{true, cache->flushed()};
  };
}

const RegisterAction<PushParams> push_routing_policy{
    "push_routing_policy", "a new routing policy is pushed: what a region's routers export",
    "Chowdary 2026: a syntax error in the routing policy withdraws the prefixes",
    [](const PushParams& p, const Scene& s, IncidentId cause) -> Completion {
      each(p.target.region, s, [&](RegionId r) { s.routing->push_policy(r, p.policy, cause); });
      return {};
    }};

const RegisterAction<RegionParams> restore_routing_policy{
    "restore_routing_policy", "the previous routing policy is restored, and with it the prefixes",
    "", [](const RegionParams& p, const Scene& s, IncidentId cause) -> Completion {
      each(p.target.region, s, [&](RegionId r) { s.routing->restore_policy(r, cause); });
      return {};
    }};

const RegisterAction<RegionParams> stop_autoscaler{
    "stop_autoscaler",
    "the autoscalers are stopped; what they asked for beyond the fleet is taken back as soon as "
    "possible",
    "", [](const RegionParams& p, const Scene& s, IncidentId cause) -> Completion {
      each(p.target.region, s, [&](RegionId r) { stop(*s.autoscalers[r], cause); });
      return {};
    }};

struct RestartParams {
  TargetParams target;
  bool pin_to_fleet = false;
  static void describe(Schema<RestartParams>& s) {
    s.field("target", &RestartParams::target).help("where");
    s.field("pin_to_fleet", &RestartParams::pin_to_fleet)
        .help("minReplicas and maxReplicas are set to what the fleet holds");
  }
};

const RegisterAction<RestartParams> restart_autoscaler{
    "restart_autoscaler", "the autoscalers are started again", "",
    [](const RestartParams& p, const Scene& s, IncidentId cause) -> Completion {
      each(p.target.region, s,
           [&](RegionId r) { restart(*s.autoscalers[r], p.pin_to_fleet, cause); });
      return {};
    }};

const RegisterAction<RegionParams> compact_defragment_disarm{
    "compact_defragment_disarm",
    "etcd is compacted and defragmented and its quota alarm disarmed, wherever the control plane "
    "is frozen",
    "etcd: maintenance guide; etcd measured: defragment, then disarm",
    [](const RegionParams& p, const Scene& s, IncidentId cause) -> Completion {
      std::vector<const ControlPlanePort*> under_repair;
      each(p.target.region, s, [&](RegionId r) {
        ControlPlanePort& plane = *s.control_planes[r];
        if (!plane.frozen().holds) return;
        plane.repair(cause);
        under_repair.push_back(&plane);
      });
      return [under_repair] {
        const bool over =
            std::none_of(under_repair.begin(), under_repair.end(),
                         [](const ControlPlanePort* plane) { return plane->repairing(); });
        return Ending{over, kNoIncident};
      };
    }};

const RegisterAction<DiskParams> slow_disk{
    "slow_disk", "every fsync of etcd's members takes `delay` longer; 0s ends the fault", "",
    [](const DiskParams& p, const Scene& s, IncidentId cause) -> Completion {
      each(p.target.region, s,
           [&](RegionId r) { s.control_planes[r]->slow_disks(p.delay, cause); });
      return {};
    }};

const RegisterAction<DiskParams> stall_disk{
    "stall_disk", "etcd's disks stop for `delay`", "",
    [](const DiskParams& p, const Scene& s, IncidentId cause) -> Completion {
      each(p.target.region, s,
           [&](RegionId r) { s.control_planes[r]->stall_disks(p.delay, cause); });
      return {};
    }};

const RegisterAction<NoParams> page{
    "page", "nothing is changed: an operator answers the page and begins to look", "",
    [](const NoParams&, const Scene&, IncidentId) -> Completion { return {}; }};

const RegisterAction<NoParams> flush_cache{
    "flush_cache", "the whole KV cache is invalidated and its index rebuilt, object by object",
    "Chowdary 2026: full flush of over 4 PB in over 4 h",
    [](const NoParams&, const Scene& s, IncidentId cause) {
      s.cache->start_flush(cause);
      return flushing(s.cache);
    }};

const RegisterAction<NoParams> bump_cache_epoch{
    "bump_cache_epoch", "one write makes the whole KV cache invalid; space is reclaimed lazily", "",
    [](const NoParams&, const Scene& s, IncidentId cause) {
      s.cache->start_epoch_bump(cause);
      return flushing(s.cache);
    }};

const RegisterAction<NoParams> open_breaker{
    "open_breaker", "the breaker is opened by hand", "",
    [](const NoParams&, const Scene& s, IncidentId cause) -> Completion {
      s.breakers->open_by_hand(cause);
      return {};
    }};

const RegisterAction<NoParams> start_ramp{
    "start_ramp", "the breaker becomes half open and lets traffic back in steps", "",
    [](const NoParams&, const Scene& s, IncidentId cause) -> Completion {
      s.breakers->start_ramp(cause);
      return [breakers = s.breakers] {
        return breakers->breaker_open().holds ? Ending{false, kNoIncident}
                                              : Ending{true, breakers->closed()};
      };
    }};

}  // namespace
}  // namespace stampede
