#include "models/clients/demand.h"

#include <array>

namespace stampede {
namespace {

// Demand relative to the daily mean, by hour of China time.
constexpr std::array<double, 24> kDeepseek2025 = {
    0.9298, 0.7677, 0.5587, 0.3412, 0.2730, 0.2687, 0.3412, 0.5886, 0.9852, 1.2582, 1.3009, 1.2795,
    1.1516, 1.2156, 1.3009, 1.3179, 1.3009, 1.1900, 1.1431, 1.2625, 1.3094, 1.3179, 1.3265, 1.2710};

}  // namespace

Demand::Demand(const DemandParams& params, UtcTime start, std::vector<double> shares,
               std::vector<Duration> utc_offsets)
    : params_(params), start_(static_cast<double>(start.unix_seconds)), shares_(std::move(shares)) {
  for (const Duration d : utc_offsets) offsets_.push_back(d.seconds());
  retuned();
}

void Demand::retuned() {
  at_reference_.clear();
  for (std::size_t r = 0; r < shares_.size(); ++r)
    at_reference_.push_back(curve_at(static_cast<double>(params_.reference_time.unix_seconds), r));
}

double Demand::curve_at(double unix_seconds, std::size_t region) const {
  if (params_.curve == DailyCurve::kFlat) return 1;
  const double local = unix_seconds + offsets_[region];
  const double day = 86400;
  double hours = (local - day * static_cast<double>(static_cast<i64>(local / day))) / 3600;
  if (hours < 0) hours += 24;
  const double x = hours - 0.5 < 0 ? hours + 23.5 : hours - 0.5;  // from the middle of an hour
  const auto i = static_cast<std::size_t>(x);
  const double f = x - static_cast<double>(i);
  return kDeepseek2025[i % 24] * (1 - f) + kDeepseek2025[(i + 1) % 24] * f;
}

double Demand::rate(std::size_t region, Instant at) const {
  const double t = at.seconds();
  const double unix_seconds = start_ + t;
  double rate = params_.rate.per_second * shares_[region] * curve_at(unix_seconds, region) /
                at_reference_[region];
  const auto days = static_cast<i64>((unix_seconds + offsets_[region]) / 86400);
  const i64 weekday = (days + 4) % 7;  // 1970-01-01 was a Thursday; 0 is Sunday
  if (weekday == 0 || weekday == 6) rate *= params_.weekend_factor;
  double from = 0;
  for (const DemandStage& stage : params_.stages) {
    const double until = from + stage.during.seconds();
    if (t >= from && t < until) rate *= stage.factor;
    from = until;
  }
  for (const DemandSpike& spike : params_.spikes)
    if (t >= spike.at.seconds() && t < (spike.at + spike.during).seconds()) rate *= spike.factor;
  return rate;
}

}  // namespace stampede
