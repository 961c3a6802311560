#include "models/clients/service_level_params.h"

namespace stampede {

void SloParams::describe(Schema<SloParams>& s) {
  s.field("down_below", &SloParams::down_below)
      .fixed("a run is judged by one measure")
      .range(0, 1)
      .help(
          "a region is down in a minute in which a smaller share of its clients' requests succeed")
      .source("definition of this project: shown with every result");
  s.field("target", &SloParams::target)
      .fixed("a run is judged by one measure")
      .range(0, 1)
      .help("share of successes from which the service counts as recovered");
  s.field("recovered_for", &SloParams::recovered_for)
      .fixed("a run is judged by one measure")
      .at_least(1)
      .help("how long the target must be met before `recovered` is recorded");
  s.field("observed_over", &SloParams::observed_over)
      .live()
      .at_least(1)
      .help("window of the success signal that dashboards and alerts show");
}

}  // namespace stampede
