// Where the triggers of KEDA's scalers have their target.
// Source: keda pkg/scalers (2.17).
#pragma once
#include <string>

#include "tools/language/manifest_reader.h"

namespace stampede {

// Keys of `metadata` under which scalers have it.
const ManifestNames& target_keys();

// Triggers whose target no field states: the scaler itself tells it.
bool tells_its_target(const std::string& type);

}  // namespace stampede
