// Sets of candidates by successive halving, on made-up candidates whose best sets are known.
#include <gtest/gtest.h>

#include <algorithm>

#include "tools/experiments/set_search.h"

namespace stampede {
namespace test_set_search {

// Eight singles. 1 alone stops the outage; 2 and 3 do together; 4 halves it; the others do nothing.
CompareRun made(const std::vector<std::size_t>& members, i64 seed) {
  const auto has = [&](std::size_t k) {
    return std::find(members.begin(), members.end(), k) != members.end();
  };
  CompareRun run;
  run.seed = seed;
  double minutes = 400 + static_cast<double>(seed % 3);
  if (has(4)) minutes /= 2;
  if (has(2) || has(3)) minutes -= 50;
  if (has(1) || (has(2) && has(3))) minutes = 0;
  run.values = {minutes};
  run.collapsed = minutes >= 10;
  return run;
}

struct Found {
  SetSearch search;
  std::vector<std::vector<std::size_t>> sets{{}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}};
  CompareRuns runs{9};
  std::size_t plays = 0;
};

Found search(std::size_t most_plays = 1'000'000) {
  Found f;
  SetSearchPlan plan;
  f.search = search_sets(
      plan, f.runs,
      [&](const std::vector<std::size_t>& members) -> std::optional<std::size_t> {
        if (members == std::vector<std::size_t>{4, 5})
          return std::nullopt;  // contradict each other
        f.sets.push_back(members);
        f.runs.emplace_back();
        return f.sets.size() - 1;
      },
      [&](std::size_t policy, i64 seed) -> std::optional<CompareRun> {
        if (++f.plays > most_plays) return std::nullopt;
        return made(f.sets[policy], seed);
      });
  return f;
}

TEST(set_search, finds_single_candidates_and_pairs_that_are_enough) {
  const Found f = search();
  const auto finalist = [&](const std::vector<std::size_t>& members) {
    return std::any_of(f.search.finalists.begin(), f.search.finalists.end(),
                       [&](std::size_t k) { return f.sets[k] == members; });
  };
  EXPECT_FALSE(f.search.time_is_up);
  EXPECT_TRUE(finalist({1}));
  EXPECT_TRUE(finalist({2, 3}));
  EXPECT_EQ(f.search.finalists.size(), 8u);  // four singles and four pairs
  for (const auto& set : f.sets) {
    EXPECT_TRUE(set.size() < 2 || set[0] != 1) << "a set contains one that is enough";
    EXPECT_EQ(std::count(f.sets.begin(), f.sets.end(), set), 1);
  }
  for (std::size_t k = 1; k < f.runs.size(); ++k) EXPECT_LE(f.runs[k].size(), f.runs[0].size());
}

TEST(set_search, ends_with_the_best_so_far_when_time_is_up) {
  const Found f = search(20);
  EXPECT_TRUE(f.search.time_is_up);
  EXPECT_EQ(f.search.finalists.front(), 1u);
  for (std::size_t k = 1; k < f.runs.size(); ++k) EXPECT_LE(f.runs[k].size(), f.runs[0].size());
}

}  // namespace test_set_search
}  // namespace stampede
