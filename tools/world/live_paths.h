// What `do: set` may name, and what its values mean: checked when the scenario is read.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "models/changes/set_params.h"
#include "tools/world/scenario.h"

namespace stampede {

// Every live parameter that the scenario has, with the elements of lists by their names where they
// have some.
std::vector<std::string> live_paths(const Spec& spec);

// What each region has for itself.
inline constexpr const char* kOfEachRegion[] = {"spec.gateway", "spec.serving", "spec.cluster",
                                                "spec.control_plane", "spec.replica_choice"};
// Does each region have what is at this path for itself?
bool held_by_regions(const std::string& path);
// spec.regions.eu.gateway.max_queue is spec.gateway.max_queue in `eu`.
struct LivePlace {
  std::string path;
  std::string region{};  // name or index; empty: the path names none
};
LivePlace live_place(const std::string& path);

struct SetFault {
  std::string key, message;  // `key`: of the action's parameters
};
// What is wrong with one change. `before`: path and value of the changes that are in force when it
// begins.
using SetValue = std::pair<std::string, std::string>;
std::vector<SetFault> faults_of_set(const Spec& spec, const SetParams& set,
                                    const std::vector<SetValue>& before);

// The changes of a scenario whose `spec.scale` is about to be applied: each value as it is there.
void scale_sets(const Spec& original, Spec& scaled);

}  // namespace stampede
