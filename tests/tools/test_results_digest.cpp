// The results digest moves with any figure of a run's results and with nothing else.
#include <gtest/gtest.h>

#include <set>

#include "tests/directories.h"
#include "tools/judgement/results_digest.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_results_digest {

ResultFigures figures() {
  ResultFigures f;
  f.requests = {30, 20, 5, 5, 0, 31, 31, 0, 0, 0};
  f.outcomes = {51, 5, 0, 7};
  f.tokens = {1000, 300, 2000, 650, 3000, 900};  // prompt and output, at the end of each minute
  f.latencies = {0x9e3779b97f4a7c15, 51};
  f.hits = {1000, 800, 2000, 1700};
  f.gpu_time = {8, 59'000'000'000, 8, 118'000'000'000};
  return f;
}

std::vector<std::vector<u64>*> groups(ResultFigures& f) {
  return {&f.requests, &f.outcomes, &f.tokens, &f.latencies, &f.hits, &f.gpu_time};
}

TEST(results_digest, every_figure_counts) {
  std::set<std::string> seen{figures().digest()};
  std::size_t changes = 1;
  ResultFigures base = figures();
  for (std::size_t g = 0; g < groups(base).size(); ++g)
    for (std::size_t i = 0; i < groups(base)[g]->size(); ++i, ++changes) {
      ResultFigures f = figures();
      ++groups(f)[g]->at(i);
      seen.insert(f.digest());
    }
  EXPECT_EQ(seen.size(), changes);
}

TEST(results_digest, what_moves_to_another_place_counts) {
  ResultFigures token = figures();
  --token.tokens[1];  // one output token ends a minute later; the totals at the end are the same
  EXPECT_NE(token.digest(), figures().digest());
  ResultFigures outcome = figures();
  --outcome.requests[1], ++outcome.requests[2];
  EXPECT_NE(outcome.digest(), figures().digest());
  ResultFigures group = figures();  // the last figure of one group becomes the first of the next
  group.outcomes.insert(group.outcomes.begin(), group.requests.back());
  group.requests.pop_back();
  EXPECT_NE(group.digest(), figures().digest());
}

RunResults run(const std::vector<Override>& sets) {
  const Loaded loaded =
      load_scenario(source_directory() + "/scenarios/templates/init.yaml", sets, {});
  return run_simulation(loaded.scenario, {});
}

// An order that changes nothing is one event more.
TEST(results_digest, incidents_and_events_do_not_count) {
  const std::vector<Override> calm = {{"spec.timeline", "[]"}, {"spec.duration", "10min"}};
  const std::vector<Override> order = {{"spec.timeline", "[{at: 5min, do: page}]"},
                                       {"spec.duration", "10min"}};
  const RunResults plain = run(calm), told = run(order);
  EXPECT_NE(plain.events, told.events);
  EXPECT_NE(plain.digest, told.digest);
  EXPECT_EQ(plain.results_digest, told.results_digest);
  EXPECT_NE(plain.summary_json.find("\"results_digest\": \"" + plain.results_digest + "\""),
            std::string::npos);
}

// The smallest of changes in what the service does, one for each kind of figure.
TEST(results_digest, a_run_that_serves_otherwise_has_another) {
  const std::string short_run = "4min";
  std::set<std::string> seen;
  const std::vector<std::vector<Override>> runs = {
      {},
      {{"spec.serving.pools[0].engine.step_base", "6000001ns"}},
      {{"spec.clients[0].first_token_timeout", "100ms"}},
      {{"spec.cluster.workloads[0].gpus_per_pod", "2"}}};
  for (std::vector<Override> sets : runs) {
    sets.push_back({"spec.duration", short_run});
    seen.insert(run(sets).results_digest);
  }
  EXPECT_EQ(seen.size(), runs.size());
}

}  // namespace test_results_digest
}  // namespace stampede
