// Which runs a sweep consists of. The first round follows from the file alone; `stop` and `refine`
// add to it what the results so far ask for. A plan is a function of the sweep and of its results,
// not of when or where they came about: an interrupted sweep that goes on makes the same plan.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/experiments/sweep.h"

namespace stampede {

struct PlannedRun {
  std::string id;         // of its row: `own_id`, or that of a run of another build that is kept
  std::string own_id;     // run_id
  std::string inputs_id;  // the same for all builds
  std::size_t index = 0, point = 0;
  i64 seed = 0;
  bool kept() const { return id != own_id; }
};

struct PlannedPoint : SweepPoint {
  std::vector<std::size_t> runs;  // indices; a run can belong to several points
  bool excluded = false;          // by `where`
};

struct Plan {
  std::vector<PlannedPoint> points;
  std::vector<PlannedRun> runs;
  std::size_t repeated = 0;  // runs that are the same as an earlier one, made once
};

// Throws InputError for points that are no valid scenario.
Plan first_round(const Sweep& sweep, int jobs);

// A scalar of a finished run; none when the run failed or has no such number.
using RunValue = std::function<std::optional<double>(const std::string& id)>;
// Gives the outcomes of all runs for a scalar.
using RunValues = std::function<RunValue(const std::string& scalar)>;

// Adds the next round, all runs of the plan having ended: repeats of points that are not precise
// enough, else midpoints of the stretches in which the boundary lies. False: there is none.
bool add_round(const Sweep& sweep, Plan& plan, const RunValues& outcomes, int jobs);

// A stretch of the refined axis in which the mean crosses the threshold.
struct Crossing {
  std::size_t low = 0, high = 0;  // points, neighbours along the axis
};
std::vector<Crossing> crossings(const Sweep& sweep, const Plan& plan, const RunValues& outcomes);

// RunValues of a point's runs, those that have one.
std::vector<double> values_of(const Plan& plan, const PlannedPoint& point, const RunValue& outcome);

}  // namespace stampede
