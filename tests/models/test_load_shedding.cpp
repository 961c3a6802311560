// Shedding by delay, by priority and by what failed: state machines step by step, and in a region
// that is asked for more than it can serve.
#include <cmath>

#include "tests/models/admission_fixture.h"

namespace stampede::test {
namespace test_load_shedding {

// A pod whose engine asks of the next in line every 10 ms.
struct Line : AdmittingPod {
  explicit Line(const Settings& sets = {}) : AdmittingPod("codel", sets) {}
  // Seconds at which it drops until `end`, of a line that always waits so long.
  std::vector<double> drops(Duration until, Duration waited, u32 waiting = 50) {
    std::vector<double> at;
    for (; now < Instant{} + until; now = now + 10_ms)
      while (policy->drops_next(0, waited, waiting, now)) at.push_back((now - Instant{}).seconds());
    return at;
  }
};

TEST(codel, drops_after_an_interval_and_then_by_the_root_of_the_count) {
  Line line;
  const std::vector<double> at = line.drops(60_s, 1_s);
  ASSERT_GE(at.size(), 8U);
  EXPECT_NEAR(at[0], 10, 0.011);
  double next = 10;
  for (std::size_t k = 1; k < 8; ++k) {
    next += 10 / std::sqrt(static_cast<double>(k));
    EXPECT_NEAR(at[k], next, 0.011) << k;
  }
}

TEST(codel, a_wait_below_target_or_a_line_of_one_ends_it) {
  for (const auto& [waited, waiting] : {std::pair{499_ms, 50U}, {1_s, 1U}}) {
    Line line;
    EXPECT_EQ(line.drops(25_s, 1_s).size(), 2U);
    EXPECT_EQ(line.drops(26_s, waited, waiting).size(), 0U);
    EXPECT_EQ(line.drops(35990_ms, 1_s).size(), 0U);  // another interval first
    EXPECT_EQ(line.drops(36100_ms, 1_s).size(), 1U);
  }
  Line line;
  line.drops(25_s, 1_s);
  line.policy->line_empty(0, line.now);
  EXPECT_EQ(line.drops(34990_ms, 1_s).size(), 0U);
}

// Dropping again soon after, it goes on from where it was, less the drop it began with.
TEST(codel, takes_up_its_rate_again) {
  Line line;
  const std::size_t before = line.drops(60_s, 1_s).size();
  line.drops(61_s, 0_s);
  const std::vector<double> again = line.drops(100_s, 1_s);
  ASSERT_GE(again.size(), 2U);
  EXPECT_NEAR(again[1] - again[0], 10 / std::sqrt(static_cast<double>(before - 1)), 0.011);
  Line late;
  late.drops(60_s, 1_s);
  late.drops(260_s, 0_s);  // more than 16 intervals
  const std::vector<double> anew = late.drops(300_s, 1_s);
  ASSERT_GE(anew.size(), 2U);
  EXPECT_NEAR(anew[1] - anew[0], 10, 0.011);
}

TEST(controlled_delay, waits_are_short_only_while_the_line_stands) {
  AdmittingPod pod("controlled_delay");
  const auto dropped = [&](Duration waited) {
    return pod.policy->drops_next(0, waited, 5, pod.now);
  };
  EXPECT_TRUE(pod.policy->takes(0, {0, 0, 0}, pod.now));  // into an empty line, at 0 s
  pod.now = Instant{} + 9_s;
  EXPECT_TRUE(pod.policy->takes(0, {0, 0, 7}, pod.now));
  EXPECT_FALSE(dropped(9_s));
  pod.now = Instant{} + 10500_ms;
  EXPECT_TRUE(dropped(10500_ms));  // came at 0 s: 10 s at most
  EXPECT_FALSE(dropped(1_s));      // came at 9.5 s
  pod.now = Instant{} + 11_s;
  EXPECT_TRUE(dropped(600_ms));  // came at 10.4 s, when it had stood for more than 10 s
  EXPECT_FALSE(dropped(500_ms));
  pod.policy->takes(0, {0, 0, 0}, pod.now);  // it was empty
  pod.now = Instant{} + 12_s;
  EXPECT_FALSE(dropped(1_s));
}

struct WeChat : AdmittingPod {
  explicit WeChat(const Settings& sets = {}) : AdmittingPod("dagor", sets) {}
  // A second of arrivals, each of another user, who wait so long; how many of each priority it
  // takes.
  std::vector<u32> window(Duration waited, const std::vector<u32>& arrivals) {
    std::vector<u32> taken(arrivals.size());
    for (std::size_t priority = 0; priority < arrivals.size(); ++priority)
      for (u32 user = 0; user < arrivals[priority]; ++user)
        if (policy->takes(0, {mix64(user), static_cast<i32>(priority), 1}, now)) {
          ++taken[priority];
          policy->begun(0, waited, now);
        }
    now = now + 1_s;
    return taken;
  }
};

TEST(dagor, takes_five_percent_fewer_while_overloaded_and_one_percent_more_after) {
  WeChat pod;
  EXPECT_EQ(pod.window(2_s, {1000}), std::vector<u32>{1000});
  double expected = 1000;
  for (int k = 0; k < 20; ++k) {
    const u32 taken = pod.window(2_s, {1000})[0];
    expected *= 0.95;
    EXPECT_LE(taken, expected);
    EXPECT_GE(taken, expected - 20);  // one of 128 levels has about 8 users
    expected = taken;
  }
  const u32 low = pod.window(0_s, {1000})[0];
  u32 before = low;
  for (int k = 0; k < 20; ++k) {
    const u32 taken = pod.window(0_s, {1000})[0];
    EXPECT_GE(taken, before);
    EXPECT_LE(taken, before + 10 + 20);  // 1 % of those that came, to the end of a level
    before = taken;
  }
  EXPECT_GT(before, low + 50);
}

TEST(dagor, the_mean_wait_decides) {
  WeChat pod;
  pod.window(1_s, {1000});  // not above the threshold
  EXPECT_EQ(pod.window(0_s, {1000})[0], 1000U);
}

TEST(dagor, first_priorities_are_taken_to_the_last) {
  WeChat pod;
  std::vector<u32> taken;
  for (int k = 0; k < 10; ++k) {
    taken = pod.window(2_s, {500, 500});
    EXPECT_EQ(taken[0], 500U);
  }
  EXPECT_LT(taken[1], 200U);
  for (int k = 0; k < 100; ++k) taken = pod.window(2_s, {500, 500});
  EXPECT_EQ(taken[1], 0U);
  EXPECT_GT(taken[0], 0U);  // never nobody
}

// Its users are others in the next hour, and none of them is of a level that it takes.
TEST(dagor, finds_out_that_nobody_comes_any_more) {
  WeChat pod;
  for (int k = 0; k < 200; ++k) pod.window(2_s, {20});
  pod.now = pod.now + 1_h;
  u32 taken = 0;
  for (int k = 0; k < 100; ++k)
    for (u32 user = 0; user < 20; ++user, pod.now = pod.now + 50_ms)
      taken += pod.policy->takes(0, {mix64(user), 0, 0}, pod.now);
  EXPECT_GT(taken, 500U);
}

TEST(dagor, a_window_ends_with_its_last_request_too) {
  WeChat pod({{"requests", "100"}, {"window", "1h"}});
  EXPECT_EQ(pod.window(2_s, {100})[0], 100U);
  EXPECT_LT(pod.window(2_s, {100})[0], 100U);
}

struct Controlled : AdmittingPod {
  explicit Controlled(const Settings& sets = {}) : AdmittingPod("envoy_admission_control", sets) {}
  void outcomes(u32 good, u32 bad) {
    for (u32 k = 0; k < good; ++k) policy->first_token(0, 1_s, now);
    for (u32 k = 0; k < bad; ++k) policy->ended(0, Outcome::kRejected503, 1_s, now);
  }
  double rejected() {
    u32 count = 0;
    for (u32 k = 0; k < 20'000; ++k) count += !policy->takes(0, {}, now);
    return count / 20'000.0;
  }
};

TEST(envoy_admission_control, rejects_by_its_formula) {
  Controlled half;
  half.outcomes(50, 50);
  EXPECT_NEAR(half.rejected(), (100 - 50 / 0.95) / 101, 0.01);
  Controlled rooted(Settings{{"aggression", "2"}});
  rooted.outcomes(50, 50);
  EXPECT_NEAR(rooted.rejected(), std::sqrt((100 - 50 / 0.95) / 101), 0.01);
  Controlled well;
  well.outcomes(950, 50);
  EXPECT_EQ(well.rejected(), 0);
  Controlled dead;
  dead.outcomes(0, 1000);
  EXPECT_NEAR(dead.rejected(), 0.8, 0.01);
}

TEST(envoy_admission_control, forgets_after_its_window) {
  Controlled pod;
  pod.outcomes(0, 100);
  pod.now = pod.now + 29_s;
  EXPECT_GT(pod.rejected(), 0.7);
  pod.now = pod.now + 1_s;
  EXPECT_EQ(pod.rejected(), 0);
  Controlled few(Settings{{"least_rate", "4/s"}});
  few.outcomes(0, 100);
  EXPECT_EQ(few.rejected(), 0);
  few.outcomes(0, 20);
  EXPECT_GT(few.rejected(), 0.7);
}

// Short lines: who is let in has a client still, and the engines' time goes into answers.
TEST(load_shedding, keeps_the_goodput_of_an_overloaded_region) {
  const Overloaded without = overloaded("");
  for (const auto& [name, sets] :
       {std::pair<std::string, Settings>{"codel", {{"interval", "1s"}, {"target", "100ms"}}},
        {"controlled_delay", {{"interval", "5s"}}},
        // 5 % a second comes too late for a run of two minutes.
        {"dagor", {{"window", "250ms"}}}}) {
    const Overloaded with = overloaded(name, sets);
    EXPECT_GT(with.shed, 500U) << name;
    EXPECT_GT(with.succeeded, without.succeeded) << name;
    EXPECT_LT(with.doomed, without.doomed) << name;
  }
}

// It learns from clients who cancel.
TEST(load_shedding, failures_that_reach_the_servers_shed_too) {
  const Overloaded without = overloaded("", {}, {1}),
                   with = overloaded("envoy_admission_control", {}, {1});
  EXPECT_GT(with.shed, 500U);
  EXPECT_GE(with.succeeded, without.succeeded);
  EXPECT_EQ(overloaded("envoy_admission_control").shed, 0U);
}

}  // namespace test_load_shedding
}  // namespace stampede::test
