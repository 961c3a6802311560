// What was done, or has ended, against trouble of one component since it began, for the incident
// that says that the trouble is over.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/journal.h"

namespace stampede {

class EasedBy {
 public:
  // `path`: of a parameter that has another value; of several changes of one the last counts.
  void note(IncidentId by, std::string_view path = {}) {
    if (by == kNoIncident) return;
    std::erase_if(known_, [&](const Known& k) { return !path.empty() && k.path == path; });
    known_.push_back({by, std::string(path)});
  }
  void clear() { known_.clear(); }
  std::vector<IncidentId> since(IncidentId trouble) const {
    std::vector<IncidentId> found;
    for (const Known& k : known_)
      if (k.by > trouble) found.push_back(k.by);
    return found;
  }

 private:
  struct Known {
    IncidentId by;
    std::string path;
  };
  std::vector<Known> known_;
};

}  // namespace stampede
