// Harm to what is stored, to clocks, and requests from outside, on small fleets: what requests see,
// that it names its root, and that it ends.
#include <gtest/gtest.h>

#include "tests/tools/played.h"

namespace stampede::test {
namespace test_store_faults {

// Nobody looks at the answers, so that what is wrong goes out.
const std::vector<std::string> kUnchecked{"spec.safety.enabled=false"};

std::vector<std::string> with(std::vector<std::string> sets, const std::string& more) {
  sets.push_back(more);
  return sets;
}

double poisoned(const Played& run, double from, double to) {
  double all = 0, wrong = 0;
  for (const RequestRecord& r : run.requests.all) {
    const double minute = r.offered.seconds() / kMinute;
    if (minute < from || minute >= to || r.open) continue;
    ++all;
    wrong += r.outcome == Outcome::kPoisoned;
  }
  return wrong / all;
}

void expect_one_root(const Played& run, const std::string& action) {
  for (const Incident& i : run.incidents) {
    if (i.kind == "recovered") continue;  // of the service, as it is judged afterwards
    EXPECT_EQ(roots_of(run.incidents, i), std::set<std::string>{action}) << i.kind;
  }
}

TEST(store_faults, wrong_blocks_give_wrong_answers_to_those_who_continue) {
  const Played run = play("{at: 10min, do: corrupt_blocks, share: 20%}", kUnchecked);
  EXPECT_EQ(run.count("blocks_corrupted"), 2U);
  EXPECT_EQ(poisoned(run, 0, 9), 0);
  EXPECT_GT(poisoned(run, 10, 15), 0.1);
  EXPECT_LT(poisoned(run, 50, 60), poisoned(run, 10, 15) / 2);  // conversations end
  expect_one_root(run, "corrupt_blocks");
  EXPECT_EQ(poisoned(play("", kUnchecked), 0, 60), 0);
}

TEST(store_faults, wrong_blocks_that_are_checked_cost_time_and_no_answer) {
  const Played run = play("{at: 10min, do: corrupt_blocks, share: 20%}",
                          with(kUnchecked, "spec.kv_cache.checksums=true"));
  EXPECT_EQ(poisoned(run, 0, 60), 0);
  EXPECT_NE(run.results, play("", with(kUnchecked, "spec.kv_cache.checksums=true")).results);
}

TEST(store_faults, the_safety_layer_finds_them_and_names_the_fault) {
  const Played run = play("{at: 10min, do: corrupt_blocks, share: 50%}",
                          {"spec.safety.sample_rate=100%", "spec.safety.minimum_count=50"});
  EXPECT_GE(run.count("breaker_opened"), 1U);
  expect_one_root(run, "corrupt_blocks");
}

TEST(store_faults, a_lost_cache_makes_first_tokens_late_until_it_is_warm) {
  const std::vector<std::string> long_contexts{
      "spec.clients[0].first_prompt={mean: 6000, cv: 0.5, maximum: 8192}",
      "spec.clients[0].share=100%", "spec.clients[1].share=0%", "spec.demand.rate=2/s"};
  double before = 0, after = 0, later = 0, whole = 0;
  for (int seed = 1; seed <= 4; ++seed) {
    const auto sets = with(long_contexts, "spec.seed=" + std::to_string(seed));
    const Played run = play("{at: 10min, do: lose_cache}", sets);
    EXPECT_EQ(run.count("cache_lost"), 2U);
    expect_one_root(run, "lose_cache");
    before += run.requests.span(5, 10).mean_ttft() / 4;
    after += run.requests.span(10, 11).mean_ttft() / 4;
    later += run.requests.span(30, 60).mean_ttft() / 4;
    whole += play("", sets).requests.span(10, 11).mean_ttft() / 4;
  }
  EXPECT_GT(after, 1.2 * before);
  EXPECT_GT(after, 1.2 * whole);
  EXPECT_LT(later, 1.1 * before);
}

TEST(store_faults, engines_lose_what_they_keep_themselves) {
  const std::vector<std::string> own{"spec.serving.pools[0].engine.prefix_caching=true"};
  const Played run = play("{at: 10min, do: lose_cache, tier: engines}", own);
  EXPECT_EQ(run.count("cache_lost"), 2U);
  EXPECT_NE(run.results, play("", own).results);
  expect_one_root(run, "lose_cache");
  const Played none = play("{at: 10min, do: lose_cache, tier: engines}");  // they keep nothing
  EXPECT_EQ(none.count("cache_lost"), 0U);
  EXPECT_EQ(none.count("nothing_changed"), 1U);
  EXPECT_EQ(none.results, healthy().results);
}

// Each conflict names what brought it, also beside another harm to the same store.
TEST(store_faults, conflicts_of_a_wrong_clock_name_it) {
  for (const char* beside : {"", ", {at: 10min, do: corrupt_blocks, share: 5%}"}) {
    const Played run =
        play("{at: 10min, do: skew_clock, offset: -30min, for: 10min}" + std::string(beside),
             with(kUnchecked, "spec.kv_cache.conflict_alarm=0/s"));
    std::set<std::string> roots;
    for (const Incident& i : run.incidents)
      if (i.kind == "kv_conflict") roots.merge(roots_of(run.incidents, i));
    EXPECT_EQ(roots, std::set<std::string>{"skew_clock"}) << beside;
  }
}

TEST(store_faults, a_clock_set_back_makes_writes_conflict) {
  const Played run = play("{at: 10min, do: skew_clock, offset: -30min, for: 10min}",
                          with(kUnchecked, "spec.kv_cache.torn_head_share=100%"));
  EXPECT_EQ(run.count("clock_skewed"), 2U);
  EXPECT_EQ(run.count("clock_mended"), 2U);
  EXPECT_LT(poisoned(run, 0, 10), 0.02);  // late writers conflict under any clock
  EXPECT_GT(poisoned(run, 10, 20), 0.05);
  EXPECT_LT(poisoned(run, 45, 60), poisoned(run, 10, 20) / 2);
  const Played ahead = play("{at: 10min, do: skew_clock, offset: 5min}",
                            with(kUnchecked, "spec.kv_cache.torn_head_share=100%"));
  EXPECT_LT(poisoned(ahead, 10, 60), 0.02);
}

// Requests a minute of a class from minute to minute.
double asked(const Played& run, u16 class_id, double from, double to) {
  double n = 0;
  for (const RequestRecord& r : run.requests.all) {
    const double minute = r.offered.seconds() / kMinute;
    n += r.class_id == class_id && minute >= from && minute < to;
  }
  return n / (to - from);
}

TEST(store_faults, bots_come_at_their_rate_and_nobody_elses_draws_move) {
  const std::string flood = "{at: 10min, do: bot_flood, class: sdk, rate: 2/s, for: 10min}";
  const Played run = play(flood);
  EXPECT_NEAR(asked(run, 1, 10, 20) - asked(healthy(), 1, 10, 20), 120, 15);
  EXPECT_EQ(asked(run, 0, 0, 10), asked(healthy(), 0, 0, 10));
  EXPECT_EQ(asked(run, 1, 21, 60), asked(healthy(), 1, 21, 60));
  expect_one_root(run, "bot_flood");
}

TEST(store_faults, a_flood_takes_the_place_of_users) {
  const Played run = play("{at: 10min, do: bot_flood, class: sdk, rate: 60/s, for: 10min}",
                          {"spec.cluster.workloads[0].autoscaler=null"});
  EXPECT_GT(run.requests.span(12, 20).lost_share(), 0.3);
  EXPECT_LT(run.requests.span(40, 60).lost_share(), 0.002);
  expect_one_root(run, "bot_flood");
}

// At 1/5 and 1/20 the same share of the answers is wrong, and the bots are the same share of all.
TEST(store_faults, a_smaller_fleet_is_hit_alike) {
  struct Shares {
    double wrong = 0, bots = 0;
  };
  const auto shares = [](const char* scale, int seeds) {
    Shares mean;
    for (int seed = 1; seed <= seeds; ++seed) {
      const std::vector<std::string> sets{"spec.demand.rate=12/s",
                                          "spec.regions[*].nodes=4",
                                          "spec.regions[*].pools[0].replicas=20",
                                          "spec.regions[*].pools[0].gpu_limit=32",
                                          "spec.duration=25min",
                                          "spec.safety.enabled=false",
                                          "spec.cluster.workloads[0].autoscaler.max_replicas=32",
                                          "spec.seed=" + std::to_string(seed),
                                          std::string("spec.scale=") + scale};
      const Played run = play(
          "{at: 10min, do: corrupt_blocks, share: 20%}, "
          "{at: 18min, do: bot_flood, class: sdk, rate: 6/s, for: 5min}",
          sets);
      mean.wrong += poisoned(run, 10, 18) / seeds;
      mean.bots +=
          (asked(run, 1, 18, 23) / (asked(run, 0, 18, 23) + asked(run, 1, 18, 23))) / seeds;
    }
    return mean;
  };
  const Shares whole = shares("1", 4), fifth = shares("1/5", 8), twentieth = shares("1/20", 16);
  EXPECT_GT(whole.wrong, 0.1);
  EXPECT_NEAR(fifth.wrong, whole.wrong, 0.2 * whole.wrong);
  EXPECT_NEAR(twentieth.wrong, whole.wrong, 0.2 * whole.wrong);
  EXPECT_NEAR(whole.bots, (3.6 + 6) / 18, 0.02);
  EXPECT_NEAR(fifth.bots, whole.bots, 0.04);
  EXPECT_NEAR(twentieth.bots, whole.bots, 0.06);
}

// What is gone already: a root, and that nothing followed from it.
TEST(store_faults, a_fault_that_meets_nothing_says_so) {
  for (const char* fault :
       {"kill_pods, target: {region: east, pod: 15}", "hang_pods, target: {region: east, pod: 15}",
        "restart_pods, target: {region: east, pod: 15}", "fail_nodes, target: {share: 1%}",
        "drop_connections, target: {region: east, pod: 15}", "slow_pods, factor: 1",
        "spike, factor: 1", "degrade_link", "start_ramp", "restart_autoscaler",
        "restore_routing_policy", "undrain_region"}) {
    const Played run = play("{at: 10min, do: " + std::string(fault) + "}");
    EXPECT_EQ(run.count("nothing_changed"), 1U) << fault;
    EXPECT_EQ(run.results, healthy().results) << fault;
    EXPECT_EQ(run.incidents.size(), 2U) << fault;
  }
}

}  // namespace test_store_faults
}  // namespace stampede::test
