#include "models/dependencies/station_customers_params.h"

namespace stampede {

void CustomersParams::describe(Schema<CustomersParams>& s) {
  using P = CustomersParams;
  s.name("customers");
  s.field("arrival_rate", &P::arrival_rate)
      .at_least(0)
      .help("Poisson arrivals; 0 for a closed source");
  s.field("population", &P::population).help("customers of a closed source");
  s.field("think", &P::think).at_least(0).help("mean time between visits, closed source");
  s.field("law", &P::law).help("distribution of service times");
  s.field("service_rate", &P::service_rate).at_least(0).help("of each server");
  s.field("service_cv2", &P::service_cv2)
      .at_least(0)
      .help("squared coefficient of variation, hyperexponential (at least 1) and lognormal");
  s.field("patience_rate", &P::patience_rate).at_least(0).help("of leaving the line; 0: never");
  s.field("retrial_rate", &P::retrial_rate).at_least(0).help("of each refused customer; 0: lost");
  s.field("persistence", &P::persistence).range(0, 1).help("share of the refused who try again");
  s.field("feedback", &P::feedback).range(0, 1).help("share of the served who come again");
  s.field("urgent", &P::urgent).range(0, 1).help("share of arrivals in the first class");
  s.field("stations", &P::stations).range(1, 10'000).help("number of stations");
  s.field("choices", &P::choices).help("stations sampled, the shortest joined; 0: all in turn");
  s.field("service_rates", &P::service_rates).help("by station, in 1/s, instead of service_rate");
  s.field("station", &P::station).help("servers, places and discipline of each station");
}

}  // namespace stampede
