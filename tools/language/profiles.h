// Measured models and GPUs by name: what `profile: llama-2-7b-h100-tp1` of a pool stands for.
// Their texts, scenarios/profiles/*.yaml, are part of the program: a run and its replay need no
// file.
#pragma once
#include <map>
#include <string>

#include "models/serving/serving_params.h"
#include "tools/language/yaml_loader.h"

namespace stampede {

// Name -> YAML text, whose keys are those of a pool.
const std::map<std::string, std::string>& serving_profiles();

// Is this the path of a pool's `profile`?
bool names_profile(const std::string& path);

// Sets what each pool's profile says and the file does not; the origin of such a value is
// `profile NAME`. An unknown name is a fault.
void apply_profiles(YamlLoader& loader, const ServingParams& serving);

}  // namespace stampede
