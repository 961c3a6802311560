// The changes of one component's parameters, by what they have changed, for what they lead to.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/journal.h"

namespace stampede {

class LiveCauses {
 public:
  // What a change has armed (a period, a queue) may go on so long after its end.
  static constexpr Duration kAftermath = 10_min;

  // `cause`: of the value that is in force; none: the scenario's own.
  void note(std::string_view path, IncidentId cause, Instant now) {
    std::erase_if(in_force_, [&](const auto& known) {
      if (known.first != path) return false;
      if (cause == kNoIncident) ended_ = known.second, ended_at_ = now;
      return true;
    });
    if (cause != kNoIncident) in_force_.emplace_back(path, cause);
  }
  // Those in force, else the last that ended lately.
  void add_to(std::vector<IncidentId>& causes, Instant now) const {
    for (const auto& [path, cause] : in_force_) causes.push_back(cause);
    if (in_force_.empty()) causes.push_back(lately(now));
  }
  // The one that began last.
  IncidentId in_force() const { return in_force_.empty() ? kNoIncident : in_force_.back().second; }
  IncidentId lately(Instant now) const {
    if (!in_force_.empty()) return in_force_.back().second;
    return now - ended_at_ < kAftermath ? ended_ : kNoIncident;
  }

 private:
  std::vector<std::pair<std::string, IncidentId>> in_force_;  // oldest first
  IncidentId ended_ = kNoIncident;
  Instant ended_at_{};
};

}  // namespace stampede
