// Policies compared under common random numbers: every policy is played with the same seeds, and
// differences to the first one, the baseline, are taken seed by seed.
// Source: Law, Simulation Modeling and Analysis, 9.4.1 (sequential procedure), 10.2.3 and 11.2
//   (paired differences under common random numbers); Holm (1979).
// Limits: replications are whole runs, so a run has no warm-up to delete; stopping by relative
//   precision gives intervals that cover slightly less often than they say (decide.h does not).
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
  std::vector<std::string> kinds;     // of its incidents, sorted, each once
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
enum class StoppedBy : u8 { kReplications, kPrecision, kLimit, kDecided, kBudget };

struct Replications {
  CompareRuns runs;
  StoppedBy stopped_by = StoppedBy::kReplications;
};
// Calls play(policy, seed) on `jobs` threads; what is played does not depend on their number.
Replications replicate(const ComparePlan& plan,
                       const std::function<CompareRun(std::size_t policy, i64 seed)>& play);

struct Estimate {
  MeanEstimate mean;
  std::optional<Interval> mean_interval;  // absent: none is known that holds
  QuantileEstimate median;
  PairedDifference difference;  // to the baseline; of the baseline itself: nothing but zeros
  std::optional<Interval> difference_interval;
  double p_adjusted = 1;  // Holm, over all policies and measures; 1 if anything stopped the runs
  bool resolved = false;
};
struct PolicyEstimates {
  std::vector<Estimate> measures;
  std::size_t runs = 0, collapsed = 0, not_recovered = 0;
  Interval collapse;                             // exact, or one that holds at any time
  std::optional<QuantileEstimate> if_collapsed;  // median of measure 0 of the runs that collapsed
  double least_if_collapsed = 0, most_if_collapsed = 0;
};
struct Comparison {
  std::vector<PolicyEstimates> policies;
  std::size_t comparisons = 0;  // in Holm's family
};
// What is known of the measures and of the rule that ended the runs.
struct CompareTerms {
  std::vector<double> resolution;  // of each measure, in its unit; left out: 0
  std::vector<double> most;        // of each measure, 0 if it has no bound; the least is 0
  bool any_time = false;           // what was seen decided how many runs there are
};
// Every policy needs at least one run, of the first seeds of the baseline and in their order. Means
// have Student's interval; a bounded measure of runs of which only some collapsed has
// anytime_mean's instead, since they are no sample of one bell curve. `any_time`: all intervals are
// those of evidence.h; a measure without a bound has none.
Comparison compare(const CompareRuns& runs, const CompareTerms& terms = {},
                   double confidence = kConfidence);

}  // namespace stampede
