// Which sets of candidates are worth deciding about: size by size, the better half of the sets of
// each size with twice the seeds, until few are left.
// Source: Jamieson and Talwalkar (AISTATS 2016), successive halving; Agrawal and Srikant (VLDB
//   1994) for sets that grow by one member and leave out what contains a set that is enough.
// Limits: a set whose members help only together is lost if no part of it is among the better ones.
//   What is dropped was worse on few seeds, which proves nothing; verdicts (decide.h) correct for
//   every set that was played.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "tools/experiments/compare.h"

namespace stampede {

struct SetSearchPlan {
  std::size_t most_members = 2;
  std::size_t seeds = 3;  // of every set; doubled with each halving
  std::size_t keep = 4;   // sets of each size
  i64 first_seed = 1;
  int jobs = 1;
};

struct SetSearch {
  std::vector<std::size_t> finalists;  // policies
  bool time_is_up = false;
};

// `runs` has the baseline and then the singles, all without runs; what is added to it are the runs
// of sets. add(members) makes a policy of singles, or none if they contradict each other;
// play(policy, seed) gives nothing when time is up.
SetSearch search_sets(
    const SetSearchPlan& plan, CompareRuns& runs,
    const std::function<std::optional<std::size_t>(const std::vector<std::size_t>& members)>& add,
    const std::function<std::optional<CompareRun>(std::size_t policy, i64 seed)>& play);

}  // namespace stampede
