// Mitigations of one set that take each other's place: the later one sets what the earlier one
// sets, or one of them stands instead of what the other one sets.
// **Limits**: values are compared as they are written. Two mechanisms that claim one place are
// found when the world is built (mechanisms.h).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/mitigations/overlay.h"
#include "tools/world/scenario.h"

namespace stampede {

struct Replaced {
  std::size_t mitigation = 0;  // of spec.mitigations
  std::string why;  // "'a' is replaced by 'b': both set spec.x, and the later one stands"
};

// In the order of spec.mitigations; `first`: those before it belong to the scenario and are not
// looked at.
std::vector<Replaced> replaced_mitigations(const Spec& spec, std::size_t first = 0);

// Why the mitigations that were added to those of the scenario are no set; nothing: they are.
std::optional<std::string> no_set(const Spec& spec, std::size_t of_the_scenario);

// What a patch stands for with these clients: one for each class that is meant.
std::vector<Patch> patches_for(const Patch& patch, const std::vector<ClientClassParams>& clients);

}  // namespace stampede
