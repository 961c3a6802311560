// What is measured, by name: models and GPUs (`profile: llama-2-7b-h100-tp1` of a pool), routers.
// Their texts, scenarios/profiles/*.yaml, are part of the program: a run and its replay need no
// file.
#pragma once
#include <map>
#include <string>

#include "models/network/bgp_params.h"
#include "models/serving/serving_params.h"
#include "tools/language/yaml_loader.h"

namespace stampede {

inline constexpr const char* kProfileKey = "profile";  // of a pool

// Name -> YAML text, whose keys are those of a pool.
const std::map<std::string, std::string>& serving_profiles();

// Is this the path of the `profile` of one of the service's pools, or of the routers?
bool names_profile(const std::string& path);

// Sets what each pool's profile says and the file does not, where `serving` stands at `path`; the
// origin of such a value is `profile NAME`. An unknown name is a fault.
void apply_profiles(YamlLoader& loader, const ServingParams& serving, const std::string& path);
// The same of a region's own pools, where the region itself names a profile: that comes before all
// that it inherits.
void apply_own_profiles(YamlLoader& loader, const ServingParams& serving, const std::string& path);

// The same of a routing daemon: what `spec.network.bgp.profile` stands for.
void apply_bgp_profile(YamlLoader& loader, const BgpParams& bgp);

}  // namespace stampede
