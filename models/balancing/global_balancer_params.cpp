#include "models/balancing/global_balancer_params.h"

#include "sim/registry.h"

namespace stampede {

void GlobalBalancerParams::describe(Schema<GlobalBalancerParams>& s) {
  s.name("global_balancer");
  s.field("probe_interval", &GlobalBalancerParams::probe_interval)
      .live()
      .help("time between health checks of a region")
      .range(0.1, 3600)
      .source("Route 53: fast interval of 10 s");
  s.field("probe_timeout", &GlobalBalancerParams::probe_timeout)
      .live()
      .help("time after which an unanswered check has failed; at most the interval")
      .range(0.001, 3600)
      .source("Route 53: connection time-out of 4 s");
  s.field("rise", &GlobalBalancerParams::rise)
      .live()
      .help("successful checks in a row after which a region is healthy")
      .range(1, 100)
      .source("Route 53: failure threshold of 3");
  s.field("fall", &GlobalBalancerParams::fall)
      .live()
      .help("failed checks in a row after which a region is unhealthy")
      .range(1, 100)
      .source("Route 53: failure threshold of 3");
  s.field("vantages", &GlobalBalancerParams::vantages)
      .live()
      .help("number of client networks from which a region is probed")
      .range(1, 4096);
  s.field("healthy_above", &GlobalBalancerParams::healthy_above)
      .live()
      .help(
          "a round of checks succeeds if more than this share of the client networks reach the "
          "region")
      .range(0, 0.999)
      .source("Route 53: healthy above 18 % of the checkers");
  s.field("slow_start", &GlobalBalancerParams::slow_start)
      .live()
      .help("time over which the share of a recovered region grows to its full size; 0: at once")
      .range(0, 86400);
  s.field("mode", &GlobalBalancerParams::mode)
      .live()
      .help(
          "dns: answers cached for the TTL; anycast: the nearest region that routing reaches; "
          "home: "
          "clients know their own region only, and nobody sends them elsewhere");
  s.field("ttl", &GlobalBalancerParams::ttl)
      .live()
      .help("how long a resolver keeps an answer")
      .range(0, 86400)
      .source("Route 53: 60 s is advised for health-checked records");
  s.field("ttl_violators", &GlobalBalancerParams::ttl_violators)
      .live()
      .help("share of sessions whose resolver keeps answers longer than the TTL")
      .range(0, 1);
  s.field("ttl_violator_tail", &GlobalBalancerParams::ttl_violator_tail)
      .live()
      .help("time constant with which these sessions leave an old answer")
      .range(0, 864000);
  s.field("rule", &GlobalBalancerParams::rule)
      .live()
      .help(
          "load-balancing rule for traffic that cannot stay in its home region; priority: as soon "
          "as "
          "less than 1/1.4 of a region's capacity is ready a part of its traffic goes on to the "
          "next")
      .source(
          "Google serviceLbPolicy: WATERFALL_BY_REGION, and SPRAY_TO_WORLD for proportional; "
          "Envoy: "
          "priority levels, overprovisioning factor 1.4");
  s.field("max_rate_per_endpoint", &GlobalBalancerParams::max_rate_per_endpoint)
      .live()
      .help(
          "requests a second that one pod of the first pool is configured to take: a region's "
          "capacity is this times the endpoints that the balancer knows. Left out: computed when "
          "the scenario is loaded, from the first pool's engine and front end and the classes' "
          "mean "
          "lengths, and written to the manifest")
      .range(1e-6, 1e9)
      .source("Google serviceLbPolicy: RATE balancing mode, maxRatePerEndpoint");
  s.field("target_utilization", &GlobalBalancerParams::target_utilization)
      .live()
      .help("waterfall: share of a region's capacity up to which it is filled")
      .range(0.01, 10);
  s.field("spill_cap", &GlobalBalancerParams::spill_cap)
      .live()
      .help("share of a region's capacity that traffic from other regions may use; 100%: no cap")
      .range(0, 1)
      .source("Google serviceLbPolicy: has no cap");
  s.field("spill_window", &GlobalBalancerParams::spill_window)
      .live()
      .help("sliding window in which traffic from other regions is counted")
      .range(0.01, 3600);
  s.field("spill_retry_after", &GlobalBalancerParams::spill_retry_after)
      .live()
      .help("Retry-After that is sent when the cap refuses; 0: none")
      .range(0, 3600);
  s.field("sticky", &GlobalBalancerParams::sticky)
      .live()
      .help("whether a session keeps its region until the balancer decides anew");
  s.field("view_ttl", &GlobalBalancerParams::view_ttl)
      .live()
      .help("age at which the view of a cluster's capacity expires; 0: never")
      .range(0, 86400);
  s.field("view_expiry", &GlobalBalancerParams::view_expiry)
      .live()
      .help(
          "what an expired view means: fail_open keeps the last capacity, fail_closed sets it to "
          "zero");
  s.field("hold_down", &GlobalBalancerParams::hold_down)
      .live()
      .help("time for which a recovered home region must be usable before its clients return")
      .range(0, 86400);
  s.field("panic", &GlobalBalancerParams::panic)
      .live()
      .help("whether clients are sent home, instead of refused, when no region is usable")
      .source("Route 53: if all are unhealthy, all count as healthy; Azure Front Door: the same");
  s.field("health_checks", &GlobalBalancerParams::health_checks)
      .help("checks of the servers in each region, and what follows from them; null: none");
}

namespace {
const Register<GlobalBalancerParams> registered{
    "model", "global_balancer",
    "sends clients to regions by probed health and a delivered view of capacity",
    "Route 53; Google serviceLbPolicy; Envoy"};
}  // namespace

}  // namespace stampede
