#include "models/operations/vantage.h"

namespace stampede {
namespace {

// Does a small question get no answer over it as often as not, whatever is repeated meanwhile?
bool gone(const PathState& path) {
  constexpr Duration kPatience = 10_s;
  constexpr double kMedian = 0.5;
  if (path.reach != Reach::kReachable) return true;
  return path.harm != nullptr && path.harm->request_delay(kMedian, 1, path.round_trip) +
                                         path.harm->answer_delay(kMedian, path.round_trip) >
                                     kPatience;
}

IncidentId why_gone(const PathState& path) {
  return path.reach != Reach::kReachable ? path.cause : path.harm->cause();
}

}  // namespace

Vantage::Vantage(const NetworkPort& network, const std::vector<std::string>& regions,
                 const std::string& location)
    : network_(network) {
  for (std::size_t r = 0; r < regions.size(); ++r)
    if (regions[r] == location) region_ = static_cast<RegionId>(r);
}

Alarm Vantage::cut_off(RegionId region) const {
  Alarm alarm;
  const auto shown_by = [&](IncidentId cause) {
    if (cause != kNoIncident) alarm.shown_by.push_back(cause);
  };
  if (region_) {
    const PathState& path = network_.between(*region_, region);
    alarm.holds = *region_ != region && gone(path);
    if (alarm.holds) shown_by(why_gone(path));
    return alarm;
  }
  double lost = 0, all = 0;
  IncidentId cause = kNoIncident;
  for (ClientNetwork c = 0; c < network_.client_networks(); ++c) {
    const PathState& path = network_.path(c, region);
    all += network_.weight(c);
    if (!gone(path)) continue;
    lost += network_.weight(c);
    if (why_gone(path) != kNoIncident) cause = why_gone(path);
  }
  alarm.holds = 2 * lost > all;
  if (alarm.holds) shown_by(cause);
  return alarm;
}

Alarm Vantage::cut_off(const Vantage& other) const {
  if (other.region_) return cut_off(*other.region_);
  return region_ ? other.cut_off(*region_) : Alarm{};
}

}  // namespace stampede
