#include "models/operations/monitor_params.h"

namespace stampede {

void MonitorParams::describe(Schema<MonitorParams>& s) {
  s.field("scrape_period", &MonitorParams::scrape_period)
      .range(1, 3600)
      .source("Prometheus: scrape_interval of the configuration that it ships with")
      .help("time between two looks at each signal");
  s.field("delay", &MonitorParams::delay)
      .range(0, 3600)
      .help("time from a look to what people see of it");
  s.field("location", &MonitorParams::location)
      .help("region where monitoring runs; left out: outside of all of them");
}

}  // namespace stampede
