// Times of day and days of the week as cron writes them, in the clock of a time zone.
// Source: robfig/cron v3, parser.go and spec.go (minute, hour, day of the month, month, day of the
// week; lists, ranges, steps, names, @daily and its kind), which KEDA's cron scaler uses; zones and
// their summer time: IANA time zone database 2025.
// Limits: zones with one rule of summer time that holds since 2008, see zone_offset(); no @every;
// an hour that summer time skips or repeats is not treated apart.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/units.h"

namespace stampede::cluster {

// Seconds to add to UTC in this zone at `utc` [s since 1970]; none if the zone is not known.
std::optional<i64> zone_offset(const std::string& zone, i64 utc);

class CronSchedule {
 public:
  // Says in `error` what is wrong with the text; then the schedule must not be used.
  CronSchedule(const std::string& text, std::string& error);
  // The first minute after `local` [s since 1970, by the local clock]; none within five years.
  std::optional<i64> next(i64 local) const;

 private:
  bool on_day(i64 day) const;
  u64 minutes_ = 0, hours_ = 0, month_days_ = 0, months_ = 0, week_days_ = 0;  // a bit a value
  bool any_month_day_ = false, any_week_day_ = false;                          // written with *
};

// From each `start` to the next `end`, as KEDA's cron scaler is active.
struct CronWindow {
  std::string start, end, zone;
  std::string error() const;  // what is wrong; empty: nothing
  bool holds(i64 utc) const;
};

}  // namespace stampede::cluster
