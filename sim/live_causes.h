// The changes that are in force on one component, by what they have changed, for what they lead to.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/journal.h"

namespace stampede {

class LiveCauses {
 public:
  // `cause`: of the value that is in force; none: the scenario's own.
  void note(std::string_view path, IncidentId cause) {
    std::erase_if(in_force_, [&](const auto& known) { return known.first == path; });
    if (cause != kNoIncident) in_force_.emplace_back(path, cause);
  }
  void add_to(std::vector<IncidentId>& causes) const {
    for (const auto& [path, cause] : in_force_) causes.push_back(cause);
  }

 private:
  std::vector<std::pair<std::string, IncidentId>> in_force_;  // oldest first
};

}  // namespace stampede
