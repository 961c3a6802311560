// What each mitigation changes in the replay of the outage, by the link that it acts on; those of
// routing, autoscaler, etcd, fencing, breaker scope and queues are in test_outage_controls.cpp.
// At 1/40, seed 1.
#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tests/tools/outage_run.h"

namespace stampede {
namespace test_mitigations {

OutageRun with(const std::vector<std::string>& mitigations, const std::string& duration) {
  const std::vector<Override> sets{{"spec.scale", "1/40", "test"},
                                   {"spec.duration", duration, "test"},
                                   {"spec.expect", "[]", "test"}};
  const std::string file = source_directory() + "/scenarios/01-deepseek-2026-03-29.yaml";
  OutageRun run;
  run.results = run_simulation(load_scenario(file, sets, mitigations).scenario, {});
  run.summary = nlohmann::json::parse(run.results.summary_json);
  return run;
}

// To 14:09, seven minutes after the push: the surge, before any breaker opens.
constexpr const char* kSurge = "39min";
const OutageRun& surge() {
  static const OutageRun run = with({}, kSurge);
  return run;
}
const OutageRun& whole() {
  static const OutageRun run = with({}, "10h");
  return run;
}

double number(const OutageRun& run, const char* part, const char* key) {
  return run.summary[part][key].get<double>();
}

// Those who left stay at the far end of the line: less is finished for nobody, more for somebody.
TEST(mitigations, adaptive_lifo_serves_those_who_still_wait) {
  const OutageRun lifo = with({"adaptive_lifo"}, kSurge);
  EXPECT_GT(surge().first("replica_overloaded"), 0);
  EXPECT_LT(number(lifo, "attempts", "doomed"), 0.8 * number(surge(), "attempts", "doomed"));
  EXPECT_LT(number(lifo, "resources", "wasted_gpu_hours"),
            number(surge(), "resources", "wasted_gpu_hours"));
  EXPECT_GT(number(lifo, "requests", "succeeded"), number(surge(), "requests", "succeeded"));
}

// The surge is what automatic retries made of it, less what people do by hand.
TEST(mitigations, retry_budget_leaves_a_tenth_of_the_successes_as_retries) {
  const OutageRun budget = with({"retry_budget"}, kSurge);
  EXPECT_LT(number(budget, "attempts", "retries"), 0.1 * number(surge(), "attempts", "retries"));
  EXPECT_LT(budget.surge(), 0.9 * surge().surge());
  EXPECT_GT(number(budget, "attempts", "resubmissions"), 1000);
}

// Delays are another draw; the number of tries, the attempts and the overload stay.
TEST(mitigations, full_jitter_moves_retries_but_removes_none) {
  const OutageRun jitter = with({"full_jitter_backoff"}, kSurge);
  EXPECT_NE(jitter.results.digest, surge().results.digest);
  EXPECT_NEAR(number(jitter, "attempts", "total") / number(surge(), "attempts", "total"), 1, 0.05);
  EXPECT_NEAR(jitter.surge() / surge().surge(), 1, 0.05);
  for (const char* kind : {"replica_overloaded", "kv_conflict", "control_plane_frozen"})
    EXPECT_GT(jitter.first(kind), 0) << kind;
}

TEST(mitigations, lazy_invalidation_takes_the_flush_off_the_critical_path) {
  const OutageRun lazy = with({"kv_lazy_invalidation"}, "10h");
  EXPECT_GT(whole().flush_minutes(), 240);
  EXPECT_LT(lazy.first("flush_finished") - lazy.first("flush_started"), 11);
  EXPECT_NEAR(whole().down_minutes() - lazy.down_minutes(), 247, 10);
}

TEST(mitigations, gated_ramp_opens_as_fast_as_the_load_lets_it) {
  const OutageRun gated = with({"gated_ramp"}, "10h");
  EXPECT_EQ(gated.first("ramp_started"), whole().first("ramp_started"));
  EXPECT_LT(gated.down_minutes(), whole().down_minutes() - 3);
  EXPECT_EQ(gated.count("breaker_opened"), 1);  // no relapse
  // 28 minutes is the stock ramp's holds alone.
  EXPECT_GE(whole().first("breaker_closed") - whole().first("ramp_started"), 28 * 60);
}

}  // namespace test_mitigations
}  // namespace stampede
