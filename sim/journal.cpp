#include "sim/journal.h"

#include <algorithm>

#include "sim/check.h"

namespace stampede {

IncidentId Journal::record(Instant at, std::string_view kind, std::string_view component,
                           std::vector<IncidentId> causes, std::string text) {
  std::sort(causes.begin(), causes.end());
  causes.erase(std::unique(causes.begin(), causes.end()), causes.end());
  std::erase(causes, kNoIncident);
  const auto id = static_cast<IncidentId>(incidents_.size() + 1);
  STAMPEDE_CHECK(causes.empty() || causes.back() < id, "an incident's cause must precede it");
  incidents_.push_back(
      {id, at, std::string(kind), std::string(component), std::move(causes), std::move(text)});
  return id;
}

std::vector<IncidentId> Journal::ends_of_causes(IncidentId effect) const {
  std::vector<IncidentId> ends;
  if (effect == kNoIncident) return ends;
  const std::vector<IncidentId>& causes = incidents_[effect - 1].causes;
  for (const std::vector<Closing>* known : {&closings_, &lifted_})
    for (const Closing& c : *known)
      if (c.ended > effect && std::binary_search(causes.begin(), causes.end(), c.began))
        ends.push_back(c.ended);
  return ends;
}

}  // namespace stampede
