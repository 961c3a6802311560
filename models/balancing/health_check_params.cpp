#include "models/balancing/health_check_params.h"

namespace stampede {

void HealthCheckParams::describe(Schema<HealthCheckParams>& s) {
  using P = HealthCheckParams;
  s.field("interval", &P::interval)
      .live()
      .help("time between two checks of a server")
      .range(0.1, 3600)
      .source("Route 53: fast interval of 10 s");
  s.field("timeout", &P::timeout)
      .live()
      .help("a check has failed if its result is not there so long after it was due")
      .range(0.001, 3600)
      .source("Route 53: connection time-out of 4 s");
  s.field("check_time", &P::check_time)
      .live()
      .help("time of a checker's worker for a check that is answered or refused")
      .range(1e-6, 60);
  s.field("rise", &P::rise)
      .live()
      .help("successful checks in a row after which a server is well")
      .range(1, 100)
      .source("Route 53: failure threshold of 3");
  s.field("fall", &P::fall)
      .live()
      .help("failed checks in a row after which a server is not well")
      .range(1, 100)
      .source("Route 53: failure threshold of 3");
  s.field("workers", &P::workers)
      .live()
      .help(
          "checks under way at a time in each region; a server that is silent holds one until the "
          "time-out, and others wait")
      .range(1, 1e6)
      .scales();
  s.field("panic_below", &P::panic_below)
      .live()
      .help("below this share of a pool's servers that are well, all count as well")
      .range(0, 1)
      .source("Envoy: healthy_panic_threshold 50 %");
  s.field("min_healthy", &P::min_healthy)
      .live()
      .help("share of a pool's servers that stay in use whatever checks say")
      .range(0, 1);
  s.field("zone_below", &P::zone_below)
      .live()
      .help("a zone with a smaller share of well servers is taken out whole; null: none is")
      .range(0, 1);
  s.field("region_below", &P::region_below)
      .live()
      .help(
          "a region with a smaller share of well servers gets no new clients, and its zones' and "
          "site's others take them; null: servers are no matter of the balancer")
      .range(0, 1);
  s.field("withdraw", &P::withdraw)
      .live()
      .help(
          "when a region withdraws its own prefixes; servers: fewer than region_below are well; "
          "backbone: it reaches no other region; null: never");
}

}  // namespace stampede
