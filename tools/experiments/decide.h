// Policies against a baseline until each is known to be better or worse, or time is up: runs go to
// those that are still open.
// Source: Waudby-Smith and Ramdas (2024) for the bets (evidence.h); Holm (1979) over all policies,
//   outcomes and directions, which holds for p values however they depend on each other; Ramdas,
//   Gruenwald, Vovk and Shafer (Statistical Science 38, 2023) for stopping at will: 1 / the largest
//   capital is a p value at any time, so that neither the time at which one stops looking nor the
//   choice of what to play next can spoil it.
// Limits: "undecided" is no statement. An effect that is small against the length of the scenario
//   takes many seeds unless it shows on nearly every one of them.
#pragma once
#include <array>
#include <functional>

#include "tools/experiments/compare.h"

namespace stampede {

enum class Outlook : u8 { kUndecided, kBetter, kWorse };

// What is asked of each policy, seed by seed against the baseline.
enum class Question : u8 {
  kOutage,    // is the probability of an outage another one?
  kDowntime,  // is the mean downtime another one?
  kSeeds      // does one of them have less downtime on more seeds than the other?
};
inline constexpr std::size_t kQuestions = 3;

struct Ruling {
  Outlook verdict = Outlook::kUndecided;
  std::array<Outlook, kQuestions> answers{};
  // The smallest p values of the row, over its questions, after Holm's correction.
  double p_better = 1, p_worse = 1;
  std::size_t less = 0, more = 0;  // seeds with less and with more downtime than the baseline
};

// Of every policy; the baseline's is undecided. A policy may have fewer runs than the baseline, of
// the first seeds. Measure 0 of a run is its downtime, which is at most `duration_seconds`. A row
// is decided when one answer is and no other contradicts, the sample's mean downtime neither.
std::vector<Ruling> rule(const CompareRuns& runs, double duration_seconds,
                         double confidence = kConfidence);

struct DecidePlan {
  i64 first_seed = 1;
  std::size_t limit = 100;  // seeds at most
  int jobs = 1;
  double duration_seconds = 0;
};

// How many runs, if all of them are the baseline's to the last bit, show that a policy acts on
// nothing: it gets no more.
inline constexpr std::size_t kIdleRuns = 5;
bool acts_on_nothing(const CompareRuns& runs, std::size_t policy);

// Adds to `runs` a seed at a time of each policy that `open` still has, and of the baseline where
// it lacks one. play() gives nothing when time is up; of each policy then the seeds stay that have
// no gap before them. Policies that are decided, or
// act on nothing, are taken out of `open`.
StoppedBy decide(
    const DecidePlan& plan, CompareRuns& runs, std::vector<std::size_t>& open,
    const std::function<std::optional<CompareRun>(std::size_t policy, i64 seed)>& play);

}  // namespace stampede
