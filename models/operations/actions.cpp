// The stock actions.
#include "models/operations/actions.h"

#include "sim/check.h"

namespace stampede {

std::map<std::string, ActionFunction>& action_functions() {
  static std::map<std::string, ActionFunction> functions;
  return functions;
}

Completion apply(const ActionSelection& action, Controls& controls, IncidentId cause) {
  const auto it = action_functions().find(action.name);
  STAMPEDE_CHECK(it != action_functions().end(), "unknown action " + action.name);
  Completion done = it->second(action.params.get(), controls, cause);
  return done ? done : [] { return true; };
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
  RoutingExport policy;
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
void each(const std::string& name, const Controls& controls, F f) {
  if (!name.empty()) return f(controls.region(name));
  for (std::size_t r = 0; r < controls.regions(); ++r) f(static_cast<RegionId>(r));
}

const RegisterAction<PushParams> push_routing_policy{
    "push_routing_policy", "an operator's change of what a region's routers export",
    "published account: a syntax error in the routing policy withdraws the prefixes",
    [](const PushParams& p, Controls& c, IncidentId) -> Completion {
      each(p.target.region, c, [&](RegionId r) { c.push_export_policy(r, p.policy); });
      return {};
    }};

const RegisterAction<RegionParams> restore_routing_policy{
    "restore_routing_policy", "the previous routing policy comes back and the prefixes with it", "",
    [](const RegionParams& p, Controls& c, IncidentId cause) -> Completion {
      each(p.target.region, c, [&](RegionId r) { c.restore_export_policy(r, cause); });
      return {};
    }};

const RegisterAction<RegionParams> stop_autoscaler{
    "stop_autoscaler",
    "the autoscalers stop; what they asked for beyond the fleet is taken back as soon as it can be",
    "", [](const RegionParams& p, Controls& c, IncidentId cause) -> Completion {
      each(p.target.region, c, [&](RegionId r) { c.set_autoscaler(r, false, false, cause); });
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
    "restart_autoscaler", "the autoscalers run again", "",
    [](const RestartParams& p, Controls& c, IncidentId cause) -> Completion {
      each(p.target.region, c,
           [&](RegionId r) { c.set_autoscaler(r, true, p.pin_to_fleet, cause); });
      return {};
    }};

const RegisterAction<RegionParams> compact_defragment_disarm{
    "compact_defragment_disarm", "compact etcd, defragment it, disarm the quota alarm where frozen",
    "etcd maintenance guide; order measured: defragment, then disarm",
    [](const RegionParams& p, Controls& c, IncidentId cause) -> Completion {
      std::vector<Completion> parts;
      each(p.target.region, c, [&](RegionId r) {
        if (c.frozen(r)) parts.push_back(c.compact_defragment_disarm(r, cause));
      });
      return [parts] {
        for (const Completion& part : parts)
          if (!part()) return false;
        return true;
      };
    }};

const RegisterAction<DiskParams> slow_disk{
    "slow_disk", "every fsync of etcd's members takes longer by `delay`; 0s ends it", "",
    [](const DiskParams& p, Controls& c, IncidentId) -> Completion {
      each(p.target.region, c, [&](RegionId r) { c.set_fsync_delay(r, p.delay); });
      return {};
    }};

const RegisterAction<DiskParams> stall_disk{
    "stall_disk", "etcd's disks do nothing for `delay`", "",
    [](const DiskParams& p, Controls& c, IncidentId) -> Completion {
      each(p.target.region, c, [&](RegionId r) { c.stall_disk(r, p.delay); });
      return {};
    }};

const RegisterAction<NoParams> page{
    "page", "somebody is woken up and begins to look", "",
    [](const NoParams&, Controls&, IncidentId) -> Completion { return {}; }};

const RegisterAction<NoParams> flush_cache{
    "flush_cache", "the whole KV cache is invalidated and its index rebuilt, object by object",
    "published account: full flush of over 4 PB in over 4 h",
    [](const NoParams&, Controls& c, IncidentId cause) { return c.flush_cache(cause); }};

const RegisterAction<NoParams> bump_cache_epoch{
    "bump_cache_epoch", "one write makes the whole KV cache invalid; space is reclaimed lazily", "",
    [](const NoParams&, Controls& c, IncidentId cause) { return c.bump_cache_epoch(cause); }};

const RegisterAction<NoParams> open_breaker{
    "open_breaker", "an operator opens the breaker by hand", "",
    [](const NoParams&, Controls& c, IncidentId cause) -> Completion {
      c.open_breaker(cause);
      return {};
    }};

const RegisterAction<NoParams> start_ramp{
    "start_ramp", "the breaker half-opens and lets traffic back in steps", "",
    [](const NoParams&, Controls& c, IncidentId cause) { return c.start_ramp(cause); }};

}  // namespace
}  // namespace stampede
