// The values of a described object written out again: as JSON for the manifest, as YAML with the
// origin of each value for --dry-run. Both read back to the same object.
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/params.h"

namespace stampede {

nlohmann::ordered_json effective(const TypeInfo& type, const void* object);

// Block YAML. Each value is followed by a comment with its origin and, for a default, its source
// (`assumed` without one). An empty map of origins leaves the comments out.
std::string effective_yaml(const TypeInfo& type, const void* object,
                           const std::map<std::string, std::string>& origins = {});

}  // namespace stampede
