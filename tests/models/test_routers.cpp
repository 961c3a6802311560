// Routers that look at prompts and at what pods tell, each against its formula.
#include <gtest/gtest.h>

#include <set>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_routers {

using Sets = std::vector<std::pair<std::string, std::string>>;

struct HandPods final : PodSignalsPort {
  std::vector<PodGauges> now;
  KvEvents* events = nullptr;
  PodGauges gauges(PodId pod) override { return now.at(pod); }
  void listen(WorkloadId, KvEvents& to) override { events = &to; }
  void tell_events(PodId) override {}
};

struct Routed {
  World world{3};
  ActiveCounts active;
  HandPods pods;
  Mechanism<ReplicaChoice> choice;
  u64 attempts = 0;
  Routed(const std::string& name, u32 n, const Sets& sets = {})
      : choice(make_mechanism<ReplicaChoice>(name, {world, "x", active, &pods, 0}, sets)) {
    pods.now.resize(n);
    active.by_pod.resize(n);
    std::vector<u32> all;
    for (u32 p = 0; p < n; ++p) all.push_back(p);
    choice->set_endpoints(all);
  }
  void holds(u32 pod, u64 name, u32 blocks) {
    pods.events->stored(pod, world.now(), name, 0, blocks);
  }
  // A prompt of `blocks` full blocks of one text, and one token more.
  u32 route(u64 name, u32 blocks) {
    const std::vector<TextRun> text{{name, blocks}};
    return choice->route({1, ++attempts, blocks * kTextBlockTokens + 1, text});
  }
  u32 pick() { return choice->pick(1, ++attempts); }
  void wait(Duration d) { world.scheduler.run_until(world.now() + d); }
};

// Of two pods the first holds 60 of 100 blocks. By requests the loads are a and 0, so the scores
// are 0.6 - w (a - m)/m and w, with m = a/2: the first wins while 0.6 > 2 w.
TEST(routers, prefix_less_load_weighs_a_share_against_a_relative_load) {
  const auto picked = [](const std::string& weight) {
    Routed r("prefix_less_load", 2, {{"load", "requests"}, {"load_weight", weight}});
    r.holds(0, 7, 60);
    r.active.by_pod = {20, 0};
    return r.route(7, 100);
  };
  EXPECT_EQ(picked("0.29"), 0U);
  EXPECT_EQ(picked("0.31"), 1U);
}

// Its own estimate: 1,601 tokens sent to the first are worked off at 800 a second, so a second
// later the loads are 801 and 0.
TEST(routers, prefix_less_load_works_its_estimate_off) {
  Routed r("prefix_less_load", 2, {{"load_weight", "0.25"}, {"prefill_rate", "800"}});
  EXPECT_EQ(r.route(1, 100), 0U);
  r.holds(0, 7, 40);
  r.wait(1_s);
  EXPECT_EQ(r.route(7, 100), 1U);  // 0.4 - 0.25 against 0.25; then 801 and 1,601
  r.wait(3_s);
  EXPECT_EQ(r.route(7, 100), 0U);  // nothing is left
}

TEST(routers, pure_affinity_herds) {
  Routed r("prefix_less_load", 8, {{"load_weight", "0"}});
  r.holds(5, 7, 1);
  for (u32 i = 0; i < 100; ++i) {
    EXPECT_EQ(r.route(7, 100), 5U);
    r.active.by_pod[5] += 1;
  }
}

// 3 x prefix + 2 x queue + 2 x free memory: the first has 0.5 of the prompt, the longest queue and
// a full memory, the second nothing, the shortest and half: 1.5 against 3; without its queue and
// memory 5.5 against 3.
TEST(routers, weighted_scorers_add_up) {
  Routed r("weighted_scorers", 2, {{"scrape_period", "0s"}});
  r.holds(0, 7, 50);
  r.pods.now = {{10, 0, 100, 100, 0}, {0, 0, 50, 100, 0}};
  EXPECT_EQ(r.route(7, 100), 1U);
  r.pods.now = {{0, 0, 0, 100, 0}, {0, 0, 50, 100, 0}};
  EXPECT_EQ(r.route(7, 100), 0U);
}

TEST(routers, weighted_scorers_act_by_the_last_scrape) {
  Routed r("weighted_scorers", 2, {{"scrape_period", "10s"}});
  r.pods.now = {{10, 0, 0, 100, 0}, {0, 0, 0, 100, 0}};
  r.wait(10_s);
  r.pods.now = {{0, 0, 0, 100, 0}, {10, 0, 0, 100, 0}};
  r.wait(10_s - 1_ns);
  EXPECT_EQ(r.route(7, 100), 1U);
  r.wait(1_ns);
  EXPECT_EQ(r.route(7, 100), 0U);
}

// 100.0625 blocks of prompt less 60 found, and 59 in use, against an idle pod: 99.0625 to 100.0625.
TEST(routers, kv_cost_counts_blocks_to_compute_and_blocks_in_use) {
  Routed r("kv_cost", 2);
  r.holds(0, 7, 60);
  r.pods.now = {{0, 1, 59, 1000, 0}, {0, 0, 0, 1000, 0}};
  EXPECT_EQ(r.route(7, 100), 0U);
  r.pods.now[0].kv_blocks_used = 61;
  EXPECT_EQ(r.route(7, 100), 1U);
  r.pods.now[1].queued_tokens = 32;
  EXPECT_EQ(r.route(7, 100), 0U);
}

TEST(routers, of_the_two_best_by_prefix_the_less_busy_one_is_picked) {
  Routed r("prefix_power_of_two", 4);
  r.holds(2, 7, 10);
  r.holds(3, 7, 30);
  r.active.by_pod = {0, 0, 5, 5};
  EXPECT_EQ(r.route(7, 100), 3U);
  r.active.by_pod = {0, 0, 4, 5};
  EXPECT_EQ(r.route(7, 100), 2U);
}

// 4 x waiting + running.
TEST(routers, scraped_load_counts_a_waiting_request_four_times) {
  Routed r("scraped_load", 2, {{"period", "0s"}});
  r.pods.now = {{1, 0, 0, 1, 0}, {0, 3, 0, 1, 0}};
  EXPECT_EQ(r.pick(), 1U);
  r.pods.now[1].running = 5;
  EXPECT_EQ(r.pick(), 0U);
}

// Between two scrapes every attempt goes to the pod that was the least loaded at the first: as many
// as come in a period. Who counts what it sends gives each pod its share, to within one.
TEST(routers, between_two_scrapes_all_go_to_one_pod_unless_they_are_counted) {
  for (const bool counts : {false, true}) {
    Routed r("scraped_load", 8, {{"period", "10s"}, {"count_sent", counts ? "true" : "false"}});
    for (PodGauges& g : r.pods.now) g = {0, 9, 0, 1, 0};
    r.pods.now[6].running = 8;
    r.wait(10_s);
    std::vector<u32> sent(8);
    for (int i = 0; i < 81; ++i) ++sent[r.pick()];
    if (!counts) {
      EXPECT_EQ(sent[6], 81U);
      continue;
    }
    for (u32 pod = 0; pod < 8; ++pod) {
      EXPECT_GE(sent[pod], 10U) << pod;
      EXPECT_LE(sent[pod], 11U) << pod;
    }
  }
}

TEST(routers, none_is_picked_without_endpoints) {
  for (const char* name :
       {"prefix_less_load", "weighted_scorers", "kv_cost", "prefix_power_of_two", "scraped_load"}) {
    Routed r(name, 2);
    r.choice->set_endpoints({});
    EXPECT_EQ(r.route(7, 100), kNoPod) << name;
    EXPECT_EQ(r.pick(), kNoPod) << name;
  }
}

}  // namespace test_routers
}  // namespace stampede::test
