// How much is asked for: the service's request rate by home region and time of day.
// State: none; a pure function of time.
// Source: hourly curve of the DeepSeek service, 27-28 February 2025, China time (open-infra-index,
// day 6; digitised). Each region follows it at its own clock, interpolated between the middles of
// the hours and scaled so that the regions' shares hold at the reference time.
// Limits: no holidays, no correlation between regions beyond the curve.
#pragma once
#include <vector>

#include "models/clients/demand_params.h"

namespace stampede {

class Demand {
 public:
  // `shares` and `utc_offsets`: by region. `start`: time of day of the simulation's zero.
  Demand(const DemandParams& params, UtcTime start, std::vector<double> shares,
         std::vector<Duration> utc_offsets);

  // Requests per second of the whole service's clients at home in `region` [1/s].
  double rate(std::size_t region, Instant at) const;
  double share(std::size_t region) const { return shares_[region]; }
  const std::vector<DemandSpike>& spikes() const { return params_.spikes; }
  DemandParams& params() { return params_; }
  void retuned();  // the parameters are others now

 private:
  double curve_at(double unix_seconds, std::size_t region) const;

  DemandParams params_;
  double start_;
  std::vector<double> shares_, offsets_, at_reference_;
};

}  // namespace stampede
