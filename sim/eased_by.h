// What was done, or has ended, against trouble of one component since it began, for the incident
// that says that the trouble is over.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/world.h"

namespace stampede {

class EasedBy {
 public:
  // `path`: of a parameter that has another value; of several changes of one the last counts.
  void note(IncidentId by, std::string_view path = {});
  void clear() { known_.clear(); }
  std::vector<IncidentId> since(IncidentId trouble) const;
  // Of an overload that was there until `over`: what was last done against it or ended of what had
  // brought it, together with what went before it by little. What went before by more had left the
  // overload as it was. Empty: nothing was done.
  static constexpr Duration kTogether = 2_min;
  std::vector<IncidentId> last(const World& world, IncidentId overload, Instant over) const;

 private:
  struct Known {
    IncidentId by;
    std::string path;
  };
  bool replaced(std::size_t k, std::size_t end) const;

  std::vector<Known> known_;
};

}  // namespace stampede
