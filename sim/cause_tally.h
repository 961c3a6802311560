// Amounts by cause over the last few periods, bounded: which incidents filled a store, made
// requests fail or brought a pod its traffic. Limits: what carries no cause is not counted; of more
// than kMost causes in a period the one with the least gives way.
#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "sim/journal.h"

namespace stampede {

// Remembers the present period and the kPeriods - 1 before it, each of kSeconds.
template <i64 kSeconds, std::size_t kPeriods, std::size_t kMost>
class CauseTally {
 public:
  void add(Instant now, IncidentId cause, i64 amount = 1) {
    if (cause == kNoIncident) return;
    newest_ = period_of(now);
    Bucket& bucket = buckets_[static_cast<std::size_t>(newest_) % kPeriods];
    if (bucket.period != newest_) bucket = {newest_, {}};
    Entry* least = &bucket.entries[0];
    for (Entry& e : bucket.entries) {
      if (e.cause == cause) {
        e.amount += amount;
        return;
      }
      if (e.amount < least->amount) least = &e;
    }
    *least = {cause, amount};
  }

  // The `most` causes with the largest amounts, the largest first; equal ones by age.
  std::vector<IncidentId> top(Instant now, std::size_t most) const {
    std::vector<Entry> sums = by_cause(now);
    std::sort(sums.begin(), sums.end(), [](const Entry& a, const Entry& b) {
      return a.amount != b.amount ? a.amount > b.amount : a.cause < b.cause;
    });
    std::vector<IncidentId> causes;
    for (std::size_t i = 0; i < std::min(most, sums.size()); ++i) causes.push_back(sums[i].cause);
    return causes;
  }

  // The first of top(), without a list; none: kNoIncident. For a tally of few entries.
  IncidentId most(Instant now) const {
    Entry best;
    for_each(now, [&](const Entry& e) {
      i64 sum = 0;
      for_each(now, [&](const Entry& other) { sum += other.cause == e.cause ? other.amount : 0; });
      if (sum > best.amount || (sum == best.amount && e.cause < best.cause)) best = {e.cause, sum};
    });
    return best.cause;
  }

  // Appends the causes of at least this part of the whole, a tenth for 10; the oldest first. The
  // whole is what carries a cause, or `least_whole` if that is more.
  void collect(Instant now, i64 part, std::vector<IncidentId>& causes, i64 least_whole = 0) const {
    std::vector<Entry> sums = by_cause(now);
    i64 whole = 0;
    for (const Entry& e : sums) whole += e.amount;
    whole = std::max(whole, least_whole);
    std::sort(sums.begin(), sums.end(),
              [](const Entry& a, const Entry& b) { return a.cause < b.cause; });
    for (const Entry& e : sums)
      if (e.amount * part >= whole) causes.push_back(e.cause);
  }

 private:
  struct Entry {
    IncidentId cause = kNoIncident;
    i64 amount = 0;
  };
  struct Bucket {
    i64 period = -1;
    std::array<Entry, kMost> entries{};
  };

  static i64 period_of(Instant at) { return at.ns / (1_s * kSeconds).ns; }

  template <class F>
  void for_each(Instant now, F f) const {
    const i64 period = period_of(now);
    if (newest_ + static_cast<i64>(kPeriods) <= period) return;  // nothing lately
    for (const Bucket& bucket : buckets_) {
      if (bucket.period < 0 || bucket.period + static_cast<i64>(kPeriods) <= period) continue;
      for (const Entry& e : bucket.entries)
        if (e.cause != kNoIncident) f(e);
    }
  }
  std::vector<Entry> by_cause(Instant now) const {
    std::vector<Entry> sums;
    for_each(now, [&](const Entry& e) {
      const auto it = std::find_if(sums.begin(), sums.end(),
                                   [&](const Entry& s) { return s.cause == e.cause; });
      if (it == sums.end())
        sums.push_back(e);
      else
        it->amount += e.amount;
    });
    return sums;
  }

  i64 newest_ = -static_cast<i64>(kPeriods);
  std::array<Bucket, kPeriods> buckets_{};
};

}  // namespace stampede
