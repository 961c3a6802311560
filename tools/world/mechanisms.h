// The mechanisms that a scenario's mitigations put into a slot.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/mitigations/mechanism.h"
#include "tools/world/scenario.h"
#include "tools/world/simulation.h"

namespace stampede {

// In the order in which the scenario names them. Their parameters are the scenario's own.
template <class Slot>
std::vector<std::unique_ptr<Slot>> mechanisms_of(const Spec& spec,
                                                 const typename Slot::Place& place) {
  std::vector<std::unique_ptr<Slot>> made;
  for (const auto& chosen : spec.mitigations)
    if (const auto maker = mechanisms<Slot>().find(chosen.name); maker != mechanisms<Slot>().end())
      made.push_back(maker->second(chosen.params.get(), place));
  return made;
}

// Of a slot that takes one; null: none. Errors: a ScenarioError if there are more.
template <class Slot>
std::unique_ptr<Slot> mechanism_of(const Spec& spec, const typename Slot::Place& place) {
  std::unique_ptr<Slot> made;
  std::string first;
  for (std::size_t i = 0; i < spec.mitigations.size(); ++i) {
    const auto& chosen = spec.mitigations[i];
    const auto maker = mechanisms<Slot>().find(chosen.name);
    if (maker == mechanisms<Slot>().end()) continue;
    if (made)
      throw ScenarioError("spec.mitigations[" + std::to_string(i) + "]",
                          "not together with '" + first + "': only one can stand in their place");
    made = maker->second(chosen.params.get(), place);
    first = chosen.name;
  }
  return made;
}

}  // namespace stampede
