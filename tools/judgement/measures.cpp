#include "tools/judgement/measures.h"

#include <fmt/format.h>

#include <algorithm>
#include "models/changes/changes.h"
#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "models/cluster/cluster.h"
#include "models/network/network.h"
#include "models/operations/runbook.h"
#include "models/safety/safety_layer.h"

namespace stampede {
namespace {

const IncidentKind kSurgePeaked{
    "surge_peaked",
    "after a failover the sum of attempts has passed its peak, at least 1.5 times that of before"};
const IncidentKind kRecovered{
    "recovered",
    "the service answers as before: what made requests fail has ended, or "
    "something was done because they failed"};
constexpr double kSurge = 1.5;           // times the attempts of before, from which on it is one
constexpr std::size_t kMostFailed = 64;  // incidents that requests failed by

// These incidents and all that led to them.
std::set<IncidentId> ancestors(const Journal& journal, const std::set<IncidentId>& of) {
  std::set<IncidentId> found = of;
  for (auto at = found.rbegin(); at != found.rend(); ++at)
    for (const IncidentId cause : journal.all()[*at - 1].causes) found.insert(cause);
  return found;
}

}  // namespace

Measures::Measures(Observed seen) : seen_(std::move(seen)), attempts_(seen_.regions.size()) {}

void Measures::tick() {
  for (RegionId r = 0; r < seen_.regions.size(); ++r)
    attempts_[r].push_back(seen_.service.attempts_into(r));
  i64 zombies = 0;
  for (const auto& cluster : seen_.clusters) zombies += cluster->zombies();
  zombies_max_ = std::max(zombies_max_, zombies);
  const Duration gone = seen_.world.now() - ticked_at_;
  ticked_at_ = seen_.world.now();
  for (const auto& cluster : seen_.clusters)
    gpu_seconds_ +=
        static_cast<double>(cluster->state().total_gpus() - cluster->state().free_gpus) *
        gone.seconds();
  if (seen_.world.now().ns % (1_min).ns == 0) {
    const bool ramp = seen_.safety.breaker(0).state() == BreakerState::kHalfOpen;
    owners_.push_back(ramp                               ? Owner::kPolicy
                      : seen_.runbook.something_runs()   ? Owner::kMechanism
                      : seen_.runbook.somebody_decides() ? Owner::kOperator
                                                         : Owner::kMechanism);
  }
  watch_surge();
  watch_recovery();
}

// Attempts per second into the regions that were not pushed off the net.
void Measures::watch_surge() {
  constexpr std::size_t kWindow = 60 / kTickSeconds;
  const std::size_t ticks = attempts_[0].size();
  if (surge_told_ || seen_.service.moved_by() == kNoIncident) return;
  if (moved_at_tick_ == 0) moved_at_tick_ = ticks;
  double before = 0, now = 0;
  for (RegionId r = 0; r < seen_.regions.size(); ++r) {
    if (seen_.network.was_pushed(r) || moved_at_tick_ <= kWindow) continue;
    const auto over_a_minute = [&](std::size_t end) {
      return static_cast<double>(attempts_[r][end - 1] - attempts_[r][end - 1 - kWindow]) / 60.0;
    };
    before += over_a_minute(moved_at_tick_);
    now += over_a_minute(ticks);
  }
  if (now > surge_peak_) {
    surge_peak_ = now;
    surge_peak_at_ = seen_.world.now();
    surge_by_ = seen_.clients.spikes();
    surge_by_.push_back(seen_.service.moved_by());
  } else if (surge_peak_ > kSurge * before && seen_.world.now() - surge_peak_at_ >= 5_min) {
    surge_told_ = true;
    seen_.world.incident(kSurgePeaked, "clients", surge_by_,
                         fmt::format("{:.0f} attempts/s over a minute, {:.0f} s into the run",
                                     surge_peak_, surge_peak_at_.seconds()));
  }
}

// Another change took its place, or it ended while another one held all of what it did.
bool Measures::mended_nothing(IncidentId id) const {
  const Journal& journal = seen_.world.journal;
  const auto replaced = [&](const Journal::Closing& c) {
    return c.began == id && !ancestors(journal, {c.ended}).contains(id);
  };
  if (std::any_of(journal.closings().begin(), journal.closings().end(), replaced)) return true;
  const auto named = [&](const Incident& i) {
    return std::find(i.causes.begin(), i.causes.end(), id) != i.causes.end();
  };
  return std::find(journal.idle().begin(), journal.idle().end(), id) != journal.idle().end() &&
         std::none_of(journal.all().begin(), journal.all().end(), named);
}

// Something else ended it, for it stood without what `end` had taken away.
bool Measures::ended_by_other(IncidentId failing, IncidentId end) const {
  const Journal& journal = seen_.world.journal;
  return std::any_of(journal.closings().begin(), journal.closings().end(),
                     [&](const Journal::Closing& c) {
                       return c.began == failing && c.ended > end && !c.faded &&
                              !ancestors(journal, {c.ended}).contains(end);
                     });
}

// Requests failed for long after it had ended something, and at last by nothing that this had
// brought at first hand.
bool Measures::long_over(const Mend& mend) const {
  if (mend.began == kNoIncident || failing_last_.empty()) return false;
  const std::vector<Incident>& all = seen_.world.journal.all();
  const Duration settled = seen_.service.params().observed_over + ServiceLevel::kRemembered;
  if (bad_at_ - all[mend.end - 1].at <= settled) return false;
  return std::none_of(failing_last_.begin(), failing_last_.end(), [&](IncidentId failing) {
    const std::vector<IncidentId>& by = all[failing - 1].causes;
    return failing < mend.end && !ended_by_other(failing, mend.end) &&
           (failing == mend.began || std::find(by.begin(), by.end(), mend.began) != by.end());
  });
}

// The breaker that closed, changes that made requests fail and have ended, and what was done
// because requests failed.
std::vector<Measures::Mend> Measures::mends() const {
  const Journal& journal = seen_.world.journal;
  const std::set<IncidentId> before = ancestors(journal, failed_by_);
  std::vector<Mend> mends;
  if (const IncidentId closed = seen_.safety.closed(); closed > recovery_)
    mends.push_back({kNoIncident, closed});
  for (const Journal::Closing& c : journal.closings())
    if (!c.faded && c.ended > recovery_ && before.contains(c.began))
      mends.push_back({c.began, c.ended});
  for (const IncidentId root : seen_.changes.done()) {
    if (root < recovery_) continue;
    const std::set<IncidentId> why = ancestors(journal, {root});
    if (!before.contains(root) &&
        std::any_of(why.begin(), why.end(), [&](IncidentId id) { return failed_by_.contains(id); }))
      mends.push_back({kNoIncident, root});
  }
  return mends;
}

// What ended that requests failed by at last, whether or not something was done about it; else what
// that was.
std::vector<IncidentId> Measures::last_ends() const {
  std::vector<IncidentId> ends;
  for (const Journal::Closing& c : seen_.world.journal.closings())
    if (std::find(failing_last_.begin(), failing_last_.end(), c.began) != failing_last_.end())
      ends.push_back(c.ended);
  return ends.empty() ? failing_last_ : ends;
}

// Of what went by itself, what it was; what people did because requests failed counts, however long
// ago.
std::vector<IncidentId> Measures::what_mended() const {
  const Journal& journal = seen_.world.journal;
  std::vector<Mend> all = mends();
  const auto nothing = [&](const Mend& m) { return mended_nothing(m.end); };
  if (!std::all_of(all.begin(), all.end(), nothing)) std::erase_if(all, nothing);
  const bool any = !all.empty();
  std::set<IncidentId> done;
  for (const Mend& m : all)
    if (m.began == kNoIncident) done.insert(m.end);
  std::erase_if(all, [&](const Mend& m) {
    const std::set<IncidentId> why = ancestors(journal, {m.end});
    return long_over(m) && std::none_of(done.begin(), done.end(),
                                        [&](IncidentId act) { return why.contains(act); });
  });
  std::vector<IncidentId> mended;
  for (const Mend& m : all) mended.push_back(m.end);
  if (any && mended.empty()) mended = last_ends();
  // Of a chain only its last link.
  std::set<IncidentId> earlier;
  for (const IncidentId id : mended) {
    std::set<IncidentId> why = ancestors(journal, {id});
    why.erase(id);
    earlier.insert(why.begin(), why.end());
  }
  std::erase_if(mended, [&](IncidentId id) { return earlier.contains(id); });
  if (mended.empty()) mended.assign(failed_by_.begin(), failed_by_.end());
  return mended;
}

// The service was down, or a region was and took the whole below its target.
bool Measures::trouble_in(std::size_t minute) const {
  if (seen_.service.service_down(minute)) return true;
  bool any = false;
  double good = 0, all = 0;
  for (RegionId r = 0; r < seen_.regions.size(); ++r) {
    any |= seen_.service.region_down(r, minute);
    const ServiceLevel::Minute& m = seen_.service.minutes(r)[minute];
    good += m.succeeded;
    all += m.succeeded + m.failed;
  }
  return any && good < seen_.service.params().target.value * all;
}

void Measures::watch_recovery() {
  const Instant now = seen_.world.now();
  const auto minute = static_cast<std::size_t>(now.ns / (1_min).ns);
  // The minute three back is settled enough for an alarm; the summary judges with all answers in.
  if (!was_down_ && minute >= 3 && minute - 3 >= up_since_ && trouble_in(minute - 3)) {
    was_down_ = true;
  }
  if (!was_down_) return;
  for (const IncidentId failed : seen_.service.failing())
    if (failed_by_.size() < kMostFailed) failed_by_.insert(failed);
  const SloParams& slo = seen_.service.params();
  const bool good = seen_.service.observed_total() >= slo.target.value &&
                    !seen_.safety.globally_open() && !seen_.safety.breaker_open().holds;
  if (!good) {
    good_since_ = kNever;
    bad_at_ = now;
    failing_last_ = seen_.service.failing();
  } else if (good_since_ == kNever) {
    good_since_ = now;
  } else if (now - good_since_ >= slo.recovered_for) {
    was_down_ = false;  // it may go down again
    up_since_ = minute;
    good_since_ = kNever;
    recovery_ =
        seen_.world.incident(kRecovered, "service", what_mended(), "success is back at its target");
    failed_by_.clear();
  }
}

double Measures::attempts_between(RegionId region, double from, double to) const {
  const auto at = [&](double t) {
    const auto& a = attempts_[region];
    const double x = std::max(0.0, t / kTickSeconds - 1);
    const auto i = std::min(static_cast<std::size_t>(x), a.size() - 1);
    const auto j = std::min(i + 1, a.size() - 1);
    return static_cast<double>(a[i]) +
           (static_cast<double>(a[j]) - static_cast<double>(a[i])) * (x - static_cast<double>(i));
  };
  return at(to) - at(from);
}

Surge Measures::surge() const {
  Surge s;
  s.by_region.assign(seen_.regions.size(), 0);
  double pushed = -1, moved = -1, frozen = -1;
  for (const Incident& i : seen_.world.journal.all()) {
    const double at = i.at.seconds();
    if (pushed < 0 && i.kind == "policy_pushed") pushed = at;
    if (moved < 0 && i.kind == "failover_started") moved = at;
    if (frozen < 0 && i.kind == "control_plane_frozen") frozen = at;
  }
  if (moved < 0) return s;
  if (pushed < 60) pushed = std::max(60.0, moved - 60);
  if (frozen <= moved) frozen = moved + 300;  // nothing froze: the five minutes that it would take
  double before = 0, during = 0;
  for (RegionId r = 0; r < seen_.regions.size(); ++r) {
    if (seen_.network.was_pushed(r)) continue;
    const double b = attempts_between(r, pushed - 60, pushed) / 60;
    const double d = attempts_between(r, moved, frozen) / (frozen - moved);
    if (b > 0) s.by_region[r] = d / b;
    before += b;
    during += d;
  }
  if (before > 0) {
    s.average = during / before;
    s.peak = surge_peak_ / before;
  }
  return s;
}

Impairment Measures::impairment(std::size_t minutes) const {
  std::size_t first = minutes, last = 0;
  for (std::size_t m = 0; m < minutes; ++m)
    for (RegionId r = 0; r < seen_.regions.size(); ++r)
      if (seen_.service.region_down(r, m)) {
        first = std::min(first, m);
        last = m + 1;
      }
  if (first == minutes) return {std::nullopt, 0.0};
  Impairment impairment{60.0 * static_cast<double>(first), std::nullopt};
  const double after = seen_.spec.duration.seconds() - 60.0 * static_cast<double>(last);
  if (after >= seen_.service.params().recovered_for.seconds())
    impairment.time_to_recover_seconds = 60.0 * static_cast<double>(last - first);
  return impairment;
}

std::pair<std::size_t, std::size_t> Measures::outage(std::size_t minutes) const {
  std::size_t first = minutes, last = 0;
  for (std::size_t m = 0; m < minutes; ++m)
    if (seen_.service.service_down(m)) {
      first = std::min(first, m);
      last = m + 1;
    }
  return first == minutes ? std::pair<std::size_t, std::size_t>{0, 0} : std::pair{first, last};
}

}  // namespace stampede
