// What `sweep` prints: a row a point, where the boundary lies, which runs failed.
#pragma once
#include <string>

#include "tools/experiments/other_builds.h"
#include "tools/experiments/plan.h"
#include "tools/experiments/store.h"

namespace stampede {

// A row a point: its values, runs that are done, mean of each scalar of `report` with the half
// width of its 95 % interval where there are at least two; and the builds that made them, where a
// run of another build is kept.
std::string sweep_table(const Sweep& sweep, const Plan& plan, Store& store);

// `index id status seed values`, tab-separated, a line a run. The status of a run that another
// build made is `kept` if its row stands for it, else `other-build`.
std::string plan_table(const Plan& plan, const std::map<std::string, RunStatus>& statuses,
                       const OtherBuilds& others);

}  // namespace stampede
