// Peak EWMA against its formula, and two pods of which one is slow.
#include <gtest/gtest.h>

#include <cmath>

#include "models/ports/replica_choice_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_peak_ewma {

struct Pods {
  World world{3};
  ActiveCounts active;
  Mechanism<ReplicaChoice> choice;
  explicit Pods(u32 n) : choice(make_mechanism<ReplicaChoice>("peak_ewma", {world, "x", active})) {
    std::vector<u32> pods;
    for (u32 p = 0; p < n; ++p) pods.push_back(p);
    choice->set_endpoints(pods);
    active.by_pod.resize(n);
  }
  void hear(u32 pod, Duration waited) { choice->observer()->first_token(pod, waited, world.now()); }
  void wait(Duration d) { world.scheduler.run_until(world.now() + d); }
  // With two pods every pick compares both.
  u32 pick() { return choice->pick(1, 1); }
};

TEST(peak_ewma, the_lower_latency_times_attempts_wins) {
  Pods p(2);
  p.hear(0, 100_ms);
  p.hear(1, 300_ms);
  p.active.by_pod = {0, 0};
  EXPECT_EQ(p.pick(), 0U);
  p.active.by_pod = {1, 0};  // 0.2 against 0.3
  EXPECT_EQ(p.pick(), 0U);
  p.active.by_pod = {3, 0};  // 0.4 against 0.3
  EXPECT_EQ(p.pick(), 1U);
}

// A peak counts at once; after it the mean falls as exp(-t / 10 s) towards what is heard.
TEST(peak_ewma, peaks_count_at_once_and_fade) {
  Pods p(2);
  p.hear(0, 1_s);
  p.hear(1, 100_ms);
  p.hear(0, 100_ms);  // at the same instant: the peak stays
  p.wait(5_s);
  const double expected = std::exp(-0.5) + 0.1 * (1 - std::exp(-0.5));
  p.hear(0, 100_ms);
  p.hear(1, from_seconds(expected - 0.01));
  EXPECT_EQ(p.pick(), 1U);
  p.hear(1, from_seconds(expected + 0.01));
  EXPECT_EQ(p.pick(), 0U);
}

TEST(peak_ewma, a_pod_without_a_latency_is_tried_once) {
  Pods p(2);
  p.hear(0, 1_s);
  EXPECT_EQ(p.pick(), 1U);
  p.active.by_pod = {5, 1};
  EXPECT_EQ(p.pick(), 0U);
}

TEST(peak_ewma, picks_only_endpoints_and_both_of_equals) {
  Pods p(5);
  p.choice->set_endpoints({1, 4});
  u32 first = 0;
  for (int k = 0; k < 400; ++k) {
    const u32 pod = p.pick();
    EXPECT_TRUE(pod == 1 || pod == 4);
    first += pod == 1;
  }
  EXPECT_NEAR(first, 200, 60);
  p.choice->set_endpoints({});
  EXPECT_EQ(p.pick(), kNoPod);
}

// Two pods with the same latency, one of which hangs: as it fades it attracts what comes, until an
// attempt that it left without a token is given up.
TEST(peak_ewma, a_pod_that_hangs_looks_fast_until_somebody_leaves_it) {
  Pods p(2);
  PodObserver& heard = *p.choice->observer();
  p.hear(0, 1_s);
  p.hear(1, 1_s);
  p.active.by_pod = {1, 1};
  p.wait(21_s);
  p.hear(1, 1_s);  // the other one goes on
  EXPECT_EQ(p.pick(), 0U);
  heard.ended(0, Outcome::kTimeout, 20_s, p.world.now());
  EXPECT_EQ(p.pick(), 1U);
}

// Whoever is left in the middle of an answer has told its latency already.
TEST(peak_ewma, a_client_that_leaves_during_the_answer_says_nothing_new) {
  Pods p(2);
  PodObserver& heard = *p.choice->observer();
  p.wait(1_s);
  p.hear(0, 100_ms);
  p.hear(1, 200_ms);
  heard.ended(0, Outcome::kTimeout, 1_s, p.world.now());
  EXPECT_EQ(p.pick(), 0U);
}

// Pods of a decode pool give no first token: the whole answer counts.
TEST(peak_ewma, learns_from_whole_answers_where_there_is_no_first_token) {
  Pods p(2);
  PodObserver& heard = *p.choice->observer();
  heard.ended(0, Outcome::kSucceeded, 30_s, p.world.now());
  heard.ended(1, Outcome::kSucceeded, 20_s, p.world.now());
  heard.ended(1, Outcome::kRejected503, 90_s, p.world.now());
  EXPECT_EQ(p.pick(), 1U);
}

}  // namespace test_peak_ewma
}  // namespace stampede::test
