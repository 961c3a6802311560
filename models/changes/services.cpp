// Harm to named services: gone, slow, or limited.
#include <algorithm>
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

struct OnService {
  std::string service;
  RegionTarget target;
  static void describe(Schema<OnService>& s) {
    s.field("service", &OnService::service).required().help("name of the service");
    s.field("target", &OnService::target)
        .help("of one that stands in each region: where; left out: all of them");
  }
};

// Each that is meant.
template <class F>
void for_each(const Scene& scene, const OnService& whom, F&& one) {
  const std::vector<RegionId> regions = regions_in(scene, whom.target);
  for (const NamedService& s : scene.services)
    if (s.name == whom.service &&
        (s.region == kNoRegion ||
         std::find(regions.begin(), regions.end(), s.region) != regions.end()))
      one(*s.control);
}

// Harms each that is meant; the end of it heals them.
template <class F>
Heal harm(const Act& act, const OnService& whom, F&& one) {
  std::vector<std::pair<ServiceControlPort*, u32>> harmed;
  for_each(act.scene, whom, [&](ServiceControlPort& s) {
    if (const u32 fault = one(s)) harmed.emplace_back(&s, fault);
  });
  if (harmed.empty()) return {};
  return [harmed](IncidentId healed) {
    for (const auto& [service, fault] : harmed) service->heal(fault, healed);
  };
}

struct FailServiceParams : OnService {
  Share share{1};
  bool hangs = false;
  static void describe(Schema<FailServiceParams>& s) {
    s.base<OnService>();
    s.field("share", &FailServiceParams::share)
        .range(0, 1)
        .help("of its servers, in whole ones; below 100% the others, at least one, take all calls");
    s.field("hangs", &FailServiceParams::hangs)
        .help("it takes calls and answers none, instead of refusing them at once");
  }
};

const RegisterFault<FailServiceParams> fail_service{
    "fail_service",
    "servers of a named service are gone, with the calls they work on; of the whole service: every "
    "call is refused at once, or hangs",
    "", [](const FailServiceParams& p, const Act& act) -> Heal {
      return harm(act, p, [&](ServiceControlPort& s) {
        return s.fail(p.hangs ? 1 : p.share.value, p.hangs, act.root);
      });
    }};

struct SlowServiceParams : OnService {
  double factor = 2;
  static void describe(Schema<SlowServiceParams>& s) {
    s.base<OnService>();
    s.field("factor", &SlowServiceParams::factor)
        .range(1, 1000)
        .help("each call takes so many times as long; factors of several faults multiply");
  }
};

const RegisterFault<SlowServiceParams> slow_service{
    "slow_service", "a named service takes longer for every call, also for those it has begun", "",
    [](const SlowServiceParams& p, const Act& act) -> Heal {
      if (p.factor == 1) return {};
      return harm(act, p, [&](ServiceControlPort& s) { return s.slow(p.factor, act.root); });
    }};

struct LimitServiceParams : OnService {
  Rate rate{100};
  static void describe(Schema<LimitServiceParams>& s) {
    s.base<OnService>();
    s.field("rate", &LimitServiceParams::rate)
        .range(0.001, 1e9)
        .scales()
        .help("calls that it takes on; the others are refused at once, unread");
  }
};

const RegisterFault<LimitServiceParams> limit_service{
    "limit_service",
    "a named service refuses the calls above a rate, as a quota does or people who throttle its "
    "callers",
    "", [](const LimitServiceParams& p, const Act& act) -> Heal {
      return harm(act, p,
                  [&](ServiceControlPort& s) { return s.limit(p.rate.per_second, act.root); });
    }};

struct RestartServiceParams : OnService {
  Share share{1};
  u32 max_unavailable = 0;
  static void describe(Schema<RestartServiceParams>& s) {
    s.base<OnService>();
    s.field("share", &RestartServiceParams::share)
        .range(0, 1)
        .help("of its instances, in whole ones");
    s.field("max_unavailable", &RestartServiceParams::max_unavailable)
        .range(0, 1e5)
        .scales()
        .help("so many of them are down at a time at most; 0: all together");
  }
};

const RegisterAction<RestartServiceParams> restart_service{
    "restart_service",
    "instances of a named service end, with the calls they work on, and are started again, with "
    "cold caches",
    "", [](const RestartServiceParams& p, const Act& act) -> Effect {
      std::vector<std::pair<const ServiceControlPort*, u32>> rounds;
      for_each(act.scene, p, [&](ServiceControlPort& s) {
        if (const u32 round = s.restart(p.share.value, p.max_unavailable, act.root))
          rounds.emplace_back(&s, round);
      });
      const auto over = [rounds] {
        for (const auto& [service, round] : rounds)
          if (service->restarting(round)) return Ending{false, kNoIncident};
        return Ending{};
      };
      return {.over = over, .nothing = rounds.empty()};
    }};

}  // namespace
}  // namespace stampede
