// Parameters of the customers of queueing stations.
#pragma once
#include <string>
#include <vector>

#include "models/dependencies/station_params.h"
#include "sim/params.h"

namespace stampede {

enum class ServiceLaw : u8 {
  kExponential,
  kDeterministic,
  kErlang2,
  kHyperexponential,
  kLognormal
};

struct CustomersParams {
  Rate arrival_rate{};   // open source; 0: closed
  u32 population = 0;    // closed source
  Duration think = 1_s;  // mean, closed source
  ServiceLaw law = ServiceLaw::kExponential;
  Rate service_rate{1};    // of each server
  double service_cv2 = 1;  // squared coefficient of variation: hyperexponential, lognormal
  Rate patience_rate{};    // exponential patience; 0: infinite
  Rate retrial_rate{};     // of each customer in orbit; 0: the refused are lost
  Share persistence{1};    // of the refused, who goes to the orbit
  Share feedback{};        // of the served, who comes again
  Share urgent{};          // of the arrivals, class 0; the others are class 1
  u32 stations = 1;
  u32 choices = 0;  // of stations tried at random, the shortest joined; 0: all in turn
  std::vector<double> service_rates;  // by station, overriding service_rate
  StationParams station;
  static void describe(Schema<CustomersParams>& s);
};

}  // namespace stampede
