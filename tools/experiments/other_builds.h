// Runs that a store or a directory has from another build of the program. They are never taken for
// runs of this one unless somebody asks for it.
#pragma once
#include <map>
#include <string>

#include "tools/experiments/plan.h"
#include "tools/experiments/store.h"

namespace stampede {

using OtherBuilds = std::map<std::size_t, std::string>;  // index of a run -> the build that made it

// The runs of `plan` that are done, but not by `build`. With `keep` their rows stand for them from
// now on.
OtherBuilds other_builds(Plan& plan, Store& store, const std::string& build, bool keep);

// What is to be said about so many runs by build that were found in `place`; empty: nothing.
std::string other_builds_text(const std::map<std::string, std::size_t>& runs,
                              const std::string& place, bool keep);

}  // namespace stampede
