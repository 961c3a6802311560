// Amounts by cause over the last five minutes, bounded: which incidents filled a store, or made
// requests fail.
#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "sim/journal.h"

namespace stampede {

class CauseTally {
 public:
  static constexpr std::size_t kMinutes = 6, kMost = 32;

  void add(Instant now, IncidentId cause, i64 amount) {
    if (cause == kNoIncident) return;
    const i64 minute = now.ns / (1_min).ns;
    Bucket& bucket = buckets_[static_cast<std::size_t>(minute) % kMinutes];
    if (bucket.minute != minute) {
      bucket.minute = minute;
      bucket.entries.clear();
    }
    for (Entry& e : bucket.entries)
      if (e.cause == cause) {
        e.amount += amount;
        return;
      }
    if (bucket.entries.size() == kMost) {
      const auto least =
          std::min_element(bucket.entries.begin(), bucket.entries.end(),
                           [](const Entry& a, const Entry& b) { return a.amount < b.amount; });
      bucket.entries.erase(least);
    }
    bucket.entries.push_back({cause, amount});
  }

  // The `most` causes with the largest amounts, the largest first; equal ones by age.
  std::vector<IncidentId> top(Instant now, std::size_t most) const {
    const i64 minute = now.ns / (1_min).ns;
    std::vector<Entry> sum;
    for (const Bucket& bucket : buckets_) {
      if (bucket.minute < 0 || bucket.minute + static_cast<i64>(kMinutes) <= minute) continue;
      for (const Entry& e : bucket.entries) {
        const auto it = std::find_if(sum.begin(), sum.end(),
                                     [&](const Entry& s) { return s.cause == e.cause; });
        if (it == sum.end())
          sum.push_back(e);
        else
          it->amount += e.amount;
      }
    }
    std::sort(sum.begin(), sum.end(), [](const Entry& a, const Entry& b) {
      return a.amount != b.amount ? a.amount > b.amount : a.cause < b.cause;
    });
    std::vector<IncidentId> causes;
    for (std::size_t i = 0; i < std::min(most, sum.size()); ++i) causes.push_back(sum[i].cause);
    return causes;
  }

 private:
  struct Entry {
    IncidentId cause;
    i64 amount;
  };
  struct Bucket {
    i64 minute = -1;
    std::vector<Entry> entries;
  };
  std::array<Bucket, kMinutes> buckets_{};
};

}  // namespace stampede
