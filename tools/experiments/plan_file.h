// A plan written beside the results, so that tasks of a batch engine need not work it out again and
// know the rounds that came out of earlier results.
#pragma once
#include <optional>
#include <string>

#include "tools/experiments/plan.h"

namespace stampede {

// Identifies what a plan was made from: the build, the sweep file and its base.
std::string plan_key(const Sweep& sweep);

// None when there is no such file or it was made from something else.
std::optional<Plan> read_plan(const std::string& path, const Sweep& sweep);
std::string plan_text(const Sweep& sweep, const Plan& plan);
// Makes the directory of `path` if need be. Throws FileError.
void write_plan(const std::string& path, const Sweep& sweep, const Plan& plan);

}  // namespace stampede
