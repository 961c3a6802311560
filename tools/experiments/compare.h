// Policies compared under common random numbers: every policy is played with the same seeds, and
// differences to the first one, the baseline, are taken seed by seed.
// Source: Law, Simulation Modeling and Analysis, 9.4.1 (sequential procedure), 10.2.3 and 11.2
//   (paired differences under common random numbers); Holm (1979).
// Limits: replications are whole runs, so a run has no warm-up to delete; stopping by relative
//   precision gives intervals that cover slightly less often than they say.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "sim/units.h"
#include "tools/experiments/statistics.h"

namespace stampede {

// What one run gave.
struct CompareRun {
  i64 seed = 0;
  std::string id, digest, directory;  // directory: empty if nothing was written
  std::string build;                  // that made it
  std::vector<double> values;         // [measure]
  bool collapsed = false;             // down for long
  bool recovered = true;              // false: its time to recover is cut off by the run's end
};
using CompareRuns = std::vector<std::vector<CompareRun>>;  // [policy, baseline first] x [seed]

struct ComparePlan {
  std::size_t policies = 1;  // with the baseline
  i64 first_seed = 1;
  std::size_t replications = 10;    // at least 2; played in any case
  std::optional<double> precision;  // relative error wanted of the mean of `measure`, each policy
  std::size_t measure = 0;
  std::size_t limit = 100;  // replications at most, with a precision
  int jobs = 1;
};
enum class StoppedBy : u8 { kReplications, kPrecision, kLimit };

struct Replications {
  CompareRuns runs;
  StoppedBy stopped_by = StoppedBy::kReplications;
};
// Calls play(policy, seed) on `jobs` threads; what is played does not depend on their number.
Replications replicate(const ComparePlan& plan,
                       const std::function<CompareRun(std::size_t policy, i64 seed)>& play);

struct Estimate {
  MeanEstimate mean;
  QuantileEstimate median;
  PairedDifference difference;  // to the baseline; of the baseline itself: nothing but zeros
  double p_adjusted = 1;        // Holm, over all policies and measures
  bool resolved = false;
};
struct PolicyEstimates {
  std::vector<Estimate> measures;
  std::size_t runs = 0, collapsed = 0, not_recovered = 0;
  Interval collapse;  // Wilson
};
struct Comparison {
  std::vector<PolicyEstimates> policies;
  std::size_t comparisons = 0;  // in Holm's family
};
// Every policy needs the same number of runs, at least 2, in the same order of seeds. `resolution`
// of each measure, in its unit; left out: 0.
Comparison compare(const CompareRuns& runs, const std::vector<double>& resolution = {},
                   double confidence = kConfidence);

}  // namespace stampede
