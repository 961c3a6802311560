// Which incidents brought a pod its traffic lately, by how many attempts carried each.
// State: two windows, the present one and the one before it; at most four causes in each.
// Limits: attempts that carry no cause are not counted; of more than four causes in a window the
// rarest are forgotten.
#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "sim/journal.h"
#include "sim/time.h"

namespace stampede {

class ArrivalCauses {
 public:
  void add(Instant now, IncidentId cause) {
    turn(now);
    used_ = true;
    Entry* least = &windows_[0][0];
    for (Entry& e : windows_[0]) {
      if (e.cause == cause && e.count > 0) {
        ++e.count;
        return;
      }
      if (e.count < least->count) least = &e;
    }
    *least = {cause, 1};
  }
  // Appends every cause that a tenth of the attempts that carry one have carried, the oldest
  // incident first.
  void collect(Instant now, std::vector<IncidentId>& causes) {
    if (!used_) return;
    turn(now);
    u32 sum = 0;
    for (const auto& window : windows_)
      for (const Entry& e : window) sum += e.count;
    std::vector<IncidentId> found;
    for (const auto& window : windows_)
      for (const Entry& e : window)
        if (e.count > 0 && count(e.cause) * 10 >= sum) found.push_back(e.cause);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    causes.insert(causes.end(), found.begin(), found.end());
  }
  // The one that most of them have carried; of equals the older incident. None: kNoIncident.
  IncidentId most(Instant now) {
    if (!used_) return kNoIncident;
    turn(now);
    IncidentId best = kNoIncident;
    u32 most = 0;
    for (const auto& window : windows_)
      for (const Entry& e : window) {
        const u32 n = e.count > 0 ? count(e.cause) : 0;
        if (n > most || (n == most && n > 0 && e.cause < best)) {
          most = n;
          best = e.cause;
        }
      }
    return best;
  }

 private:
  static constexpr Duration kWindow = 30_s;
  struct Entry {
    IncidentId cause = kNoIncident;
    u32 count = 0;
  };
  using Window = std::array<Entry, 4>;

  void turn(Instant now) {
    const i64 index = now.ns / kWindow.ns;
    if (index == index_) return;
    windows_[1] = index == index_ + 1 ? windows_[0] : Window{};
    windows_[0] = {};
    index_ = index;
    used_ = windows_[1][0].count > 0;  // entries are taken in order
  }
  u32 count(IncidentId cause) const {
    u32 n = 0;
    for (const auto& window : windows_)
      for (const Entry& e : window)
        if (e.cause == cause) n += e.count;
    return n;
  }

  bool used_ = false;  // false: nothing in either window
  i64 index_ = 0;
  std::array<Window, 2> windows_{};
};

}  // namespace stampede
