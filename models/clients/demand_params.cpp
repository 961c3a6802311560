#include "models/clients/demand_params.h"

namespace stampede {

void DemandStage::describe(Schema<DemandStage>& s) {
  s.field("for", &DemandStage::during)
      .fixed("stages follow one another from the start; set `rate` instead")
      .at_least(0.001)
      .help("how long this stage lasts");
  s.field("factor", &DemandStage::factor)
      .live()
      .range(0, 1000)
      .help("demand as a multiple of its normal level");
}

void DemandSpike::describe(Schema<DemandSpike>& s) {
  s.field("at", &DemandSpike::at)
      .fixed("what is planned from the start stays; `do: spike` begins one")
      .at_least(0)
      .help("when the spike starts, counted from the start of the run");
  s.field("for", &DemandSpike::during)
      .fixed("what is planned from the start stays; `do: spike` begins one")
      .at_least(0.001)
      .help("how long it lasts");
  s.field("factor", &DemandSpike::factor)
      .fixed("what is planned from the start stays; `do: spike` begins one")
      .range(0, 1000)
      .help("demand as a multiple of its normal level");
}

void DemandParams::describe(Schema<DemandParams>& s) {
  s.field("rate", &DemandParams::rate)
      .live()
      .range(1e-6, 1e7)
      .help("requests per second of the whole service at the reference time")
      .scales();
  s.field("curve", &DemandParams::curve)
      .live()
      .help("shape of the demand over the day; each region follows it at its own clock")
      .source("DeepSeek day 6: hourly chart of income, digitised");
  s.field("reference_time", &DemandParams::reference_time)
      .fixed("it says when `rate` holds")
      .help("when `rate` and the regions' shares hold; needed with a daily curve");
  s.field("weekend_factor", &DemandParams::weekend_factor)
      .live()
      .range(0, 10)
      .help("demand on Saturdays and Sundays, as a multiple of that on weekdays");
  s.field("stages", &DemandParams::stages)
      .help("demand in stages, one after the other from the start");
  s.field("spikes", &DemandParams::spikes).help("surges of demand such as a market's opening");
}

}  // namespace stampede
