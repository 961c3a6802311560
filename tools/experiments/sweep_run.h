// Makes runs of a sweep on several threads and keeps each as soon as it has ended.
#pragma once
#include <functional>
#include <vector>

#include "tools/experiments/claims.h"
#include "tools/experiments/plan.h"
#include "tools/experiments/store.h"

namespace stampede {

struct SweepWatch {
  bool retry_failed = false;                             // make runs again that are there as failed
  std::function<void(bool failed)> ended = [](bool) {};  // called under a lock, a run at a time
  std::function<bool()> go_on = [] { return true; };     // called from every thread
};

// A run as it is kept. One that fails (a broken invariant, no memory, a reference to nothing) gives
// a row with its error. None: `go_on` said no.
std::optional<StoredRun> make_run(const Sweep& sweep, const Plan& plan, const PlannedRun& run,
                                  const std::function<bool()>& go_on);

// The scalars of the runs that a store has.
RunValues run_values(Store& store);

// Makes the runs with these indices that `sink` does not have, each once; where other processes
// have claimed some of them, waits for those. Throws FileError as soon as a result cannot be kept.
// False: `go_on` said no; runs that had not ended then are as if they had never begun.
bool make_runs(const Sweep& sweep, const Plan& plan, const std::vector<std::size_t>& indices,
               RunSink& sink, Claims* claims, int jobs, const SweepWatch& watch);

}  // namespace stampede
