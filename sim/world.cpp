#include "sim/world.h"

#include <algorithm>

namespace stampede {
namespace {

const IncidentKind kFaultEased{"fault_eased",
                               "one of several faults of one thing is over, another lasts"};

}  // namespace

IncidentId World::end(const IncidentKind& kind, std::string_view component, IncidentId began,
                      std::vector<IncidentId> by, std::string text) {
  std::erase(by, kNoIncident);
  const bool known = !by.empty();
  if (!known) by = journal.ends_of_causes(began);
  by.push_back(began);
  const IncidentId ended = incident(kind, component, std::move(by), std::move(text));
  if (known)
    journal.close(began, ended);
  else
    journal.fade(began, ended);
  return ended;
}

IncidentId World::ease(const IncidentKind& kind, std::string_view component, IncidentId fault,
                       std::vector<IncidentId> causes, std::string text, Remains remains) {
  const IncidentId by = causes.back();
  if (remains == Remains::kAsMuch) {
    journal.idle(by);
    return by;
  }
  const bool last = remains == Remains::kNothing;
  const IncidentId eased = last ? incident(kind, component, std::move(causes), std::move(text))
                                : incident(kFaultEased, component, std::move(causes),
                                           std::string("not yet ") + kind.name);
  journal.lift(fault, eased);
  return eased;
}

}  // namespace stampede
