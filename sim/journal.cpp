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

}  // namespace stampede
