#include "sim/eased_by.h"

#include <algorithm>

namespace stampede {

void EasedBy::note(IncidentId by, std::string_view path) {
  const auto same = [&](const Known& k) { return k.by == by && k.path == path; };
  if (by == kNoIncident || std::any_of(known_.begin(), known_.end(), same)) return;
  known_.push_back({by, std::string(path)});
}

// By a later one of the first `end`.
bool EasedBy::replaced(std::size_t k, std::size_t end) const {
  for (std::size_t later = k + 1; later < end; ++later)
    if (!known_[k].path.empty() && known_[later].path == known_[k].path) return true;
  return false;
}

std::vector<IncidentId> EasedBy::since(IncidentId trouble) const {
  std::vector<IncidentId> found;
  for (std::size_t k = 0; k < known_.size(); ++k)
    if (known_[k].by > trouble && !replaced(k, known_.size())) found.push_back(known_[k].by);
  return found;
}

std::vector<IncidentId> EasedBy::last(const World& world, IncidentId overload, Instant over) const {
  const Journal& journal = world.journal;
  const auto at = [&](IncidentId id) { return journal.all()[id - 1].at; };
  std::size_t done = 0;  // of what is known, until it was over
  while (done < known_.size() && at(known_[done].by) <= over) ++done;
  std::vector<IncidentId> found;
  for (std::size_t k = 0; k < done; ++k)
    if (known_[k].by > overload && !replaced(k, done)) found.push_back(known_[k].by);
  if (found.empty()) return {};
  for (const IncidentId ended : journal.ends_of_causes(overload))
    if (at(ended) <= over) found.push_back(ended);
  Instant latest{};
  for (const IncidentId id : found) latest = std::max(latest, at(id));
  std::erase_if(found, [&](IncidentId id) { return latest - at(id) > kTogether; });
  return found;
}

}  // namespace stampede
