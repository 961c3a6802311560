#include "models/serving/pool_saturation.h"

#include <fmt/format.h>

#include <algorithm>

namespace stampede {
namespace {

const IncidentKind kPoolSaturated{"pool_saturated",
                                  "requests wait too long in the lines of a pool's engines"};
const IncidentKind kPoolRelieved{
    "pool_relieved", "requests wait in the lines of its engines for a short time again"};

constexpr std::size_t kLatePart = 10, kNoticedPart = 100;  // one in so many pods
constexpr i64 kCausePart = 20;                             // of the requests
constexpr Duration kLateFor = 30_s, kQuietFor = 30_s;
constexpr Duration kCausesKept = 120_s;   // causes
constexpr Duration kLongPatience = 60_s;  // of who has no time-out

}  // namespace

// Whose client has left has waited for all of its time.
PoolSaturation::Wait PoolSaturation::judge(Instant now, const Attempt& a, const Deadlines& due) {
  const Instant deadline = a.streams ? due.answer : std::min(due.first_token, due.answer);
  const Duration waited = now - a.started;
  Duration all = deadline == kNever ? kLongPatience : std::max(deadline - a.started, Duration{});
  if (a.request == kNoSlot) all = {};
  if (waited + waited > all) return Wait::kLong;
  return waited.ns > all.ns / 4 ? Wait::kNoticed : Wait::kShort;
}

void PoolSaturation::eased(IncidentId by) {
  if (saturated_ == kNoIncident || by <= saturated_) return;
  if (std::find(eased_by_.begin(), eased_by_.end(), by) == eased_by_.end()) eased_by_.push_back(by);
}

void PoolSaturation::look(World& world, const std::string& region, const std::string& pool,
                          Lines lines) {
  const Instant now = world.now();
  while (seen_.size() > 1 && now - seen_[1].first >= kCausesKept) seen_.erase(seen_.begin());
  seen_.emplace_back(now, led_);
  const bool late = lines.late > 0 && lines.late * kLatePart >= lines.pods;
  const bool quiet = lines.pods > 0 && lines.noticed * kNoticedPart <= lines.pods;
  if (!late) late_since_ = kNever;
  if (!quiet) quiet_since_ = kNever;
  if (late && late_since_ == kNever) late_since_ = now;
  if (quiet && quiet_since_ == kNever) quiet_since_ = now;
  if (saturated_ == kNoIncident) {
    if (late && now - late_since_ >= kLateFor) tell(world, region + "/" + pool, std::move(lines));
  } else if (quiet && now - quiet_since_ >= kQuietFor) {
    world.end(kPoolRelieved, region + "/" + pool, std::exchange(saturated_, kNoIncident),
              std::exchange(eased_by_, {}), "");
  }
}

void PoolSaturation::tell(World& world, const std::string& where, Lines lines) {
  std::vector<IncidentId>& causes = lines.causes;
  brought_by_.collect(world.now(), kCausePart, causes,
                      static_cast<i64>(led_ - seen_.front().second));
  std::sort(causes.begin(), causes.end());
  causes.erase(std::unique(causes.begin(), causes.end()), causes.end());
  std::erase(causes, kNoIncident);
  unexplained_ = causes.empty();
  saturated_ = world.incident(
      kPoolSaturated, where, causes,
      fmt::format("at {} of {} pods the next in line has waited for half of its client's patience",
                  lines.late, lines.pods));
}

}  // namespace stampede
