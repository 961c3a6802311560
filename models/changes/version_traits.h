// What the parameters of a version mean for its processes.
#pragma once
#include <optional>
#include <string>

#include "models/changes/version_params.h"
#include "models/ports/version_port.h"

namespace stampede {

// "at start", "after 500 requests", "at the next refresh"; none: anything else. Empty: never.
std::optional<CrashRule> crash_rule(const std::string& text);
// What its processes do. The text of `crash` was checked.
ProcessTraits traits_of(const VersionParams& version);
}  // namespace stampede
