// On which scenarios a mitigation changes nothing, or cannot be used at all, and why.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/mitigations/facts.h"
#include "tools/world/scenario.h"

namespace stampede {

// What a scenario without it lacks, as in "no pool has an autoscaler".
const char* lack_of(Need need);
bool met(Need need, const Spec& spec);

// Does its client library ask again by itself?
bool retries(const ClientClassParams& params);

// The first need of a mitigation that the scenario does not meet; nothing: it can be used, or
// nothing has that name.
std::optional<Need> unmet_need(const std::string& mitigation, const Spec& spec);

// Why one of `mitigations` cannot be used, with its name if there are several; nothing: all can.
std::optional<std::string> cannot_be_used(const std::vector<std::string>& mitigations,
                                          const Spec& spec);

}  // namespace stampede
