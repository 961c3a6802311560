#include "models/balancing/global_balancer_params.h"

#include "sim/registry.h"

namespace stampede {

void GlobalBalancerParams::describe(Schema<GlobalBalancerParams>& s) {
  s.name("global_balancer");
  s.field("probe_interval", &GlobalBalancerParams::probe_interval)
      .help("time between health checks of a region")
      .range(0.1, 3600)
      .source("Route 53 fast interval 10 s");
  s.field("probe_timeout", &GlobalBalancerParams::probe_timeout)
      .help("an unanswered check fails after this; at most the interval")
      .range(0.001, 3600)
      .source("Route 53 connection time-out 4 s");
  s.field("rise", &GlobalBalancerParams::rise)
      .help("successes in a row that make a region healthy")
      .range(1, 100)
      .source("Route 53");
  s.field("fall", &GlobalBalancerParams::fall)
      .help("failures in a row that make a region unhealthy")
      .range(1, 100)
      .source("Route 53");
  s.field("vantages", &GlobalBalancerParams::vantages)
      .help("client networks from which a region is probed")
      .range(1, 4096);
  s.field("healthy_above", &GlobalBalancerParams::healthy_above)
      .help("a round succeeds if more than this share of the vantage points reach the region")
      .range(0, 0.999)
      .source("Route 53: healthy above 18 % of the checkers");
  s.field("slow_start", &GlobalBalancerParams::slow_start)
      .help("a recovered region's share ramps up over this time, 0 = at once")
      .range(0, 86400);
  s.field("mode", &GlobalBalancerParams::mode)
      .help("dns: answers cached for the TTL; anycast: the nearest region that routing reaches");
  s.field("ttl", &GlobalBalancerParams::ttl)
      .help("how long a resolver keeps an answer")
      .range(0, 86400)
      .source("Route 53 advice for health-checked records: 60 s");
  s.field("ttl_violators", &GlobalBalancerParams::ttl_violators)
      .help("share of sessions whose resolver keeps answers longer than the TTL")
      .range(0, 1);
  s.field("ttl_violator_tail", &GlobalBalancerParams::ttl_violator_tail)
      .help("time constant with which those leave an old answer")
      .range(0, 864000);
  s.field("rule", &GlobalBalancerParams::rule)
      .help("where traffic goes that cannot stay at home")
      .source("Google serviceLbPolicy: WATERFALL_BY_REGION; proportional to capacity: its spray");
  s.field("target_utilization", &GlobalBalancerParams::target_utilization)
      .help("waterfall: share of a region's capacity to which it is filled")
      .range(0.01, 10);
  s.field("spill_cap", &GlobalBalancerParams::spill_cap)
      .help("share of a region's capacity that foreign traffic may use, 100% = no cap")
      .range(0, 1)
      .source("vendors ship no cap");
  s.field("spill_window", &GlobalBalancerParams::spill_window)
      .help("sliding window in which foreign traffic is counted")
      .range(0.01, 3600);
  s.field("spill_retry_after", &GlobalBalancerParams::spill_retry_after)
      .help("Retry-After of a refusal by the cap, 0 = none")
      .range(0, 3600);
  s.field("sticky", &GlobalBalancerParams::sticky)
      .help("a session keeps its region as long as the decision stands");
  s.field("view_ttl", &GlobalBalancerParams::view_ttl)
      .help("age at which the view of a cluster's capacity expires, 0 = never")
      .range(0, 86400);
  s.field("view_expiry", &GlobalBalancerParams::view_expiry)
      .help("what an expired view means: fail_open keeps the last value, fail_closed empties it");
  s.field("hold_down", &GlobalBalancerParams::hold_down)
      .help("a recovered home gets its clients back after this time")
      .range(0, 86400);
  s.field("panic", &GlobalBalancerParams::panic)
      .help("with no usable region at all, send clients home instead of refusing them")
      .source("Route 53 and Azure Front Door: all unhealthy counts as all healthy");
}

namespace {
const Register<GlobalBalancerParams> registered{
    "model", "global_balancer",
    "sends clients to regions by probed health and a delivered view of capacity",
    "Route 53, Google serviceLbPolicy, Envoy"};
}  // namespace

}  // namespace stampede
