// JSON Schema (draft-07, which editors support) of a described type.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "sim/params.h"

namespace stampede {

// Selections become references to `definitions`, one a category, with every registered entry.
nlohmann::ordered_json json_schema(const TypeInfo& type, const std::string& title);

}  // namespace stampede
