// Limits of concurrency, number by number against the formulas of Netflix and Envoy, and in a
// region that is asked for more than it can serve.
#include "tests/models/admission_fixture.h"

namespace stampede::test {
namespace test_concurrency_limits {

const Settings kNeverProbes{{"probe", "1000000"}};

TEST(vegas_limit, moves_by_the_queue_that_latencies_tell_of) {
  AdmittingPod pod("vegas_limit", kNeverProbes);
  EXPECT_EQ(pod.limit(), 20U);
  pod.answer(100_ms, 20);  // the least so far
  EXPECT_EQ(pod.limit(), 20U);
  pod.answer(100_ms, 20);  // no queue: 6 log10 more
  EXPECT_EQ(pod.limit(), 26U);
  pod.answer(100_ms, 26);
  EXPECT_EQ(pod.limit(), 32U);
  pod.answer(105_ms, 32);  // ceil(1.52) is below 3
  EXPECT_EQ(pod.limit(), 33U);
  pod.answer(110_ms, 33);  // ceil(3.0..) lies between 3 and 6
  EXPECT_EQ(pod.limit(), 33U);
  pod.answer(200_ms, 33);  // ceil(16.5) is above 6
  EXPECT_EQ(pod.limit(), 32U);
  pod.leave(100_ms, 32);
  EXPECT_EQ(pod.limit(), 31U);
  pod.answer(100_ms, 15);  // twice 15 is not the limit: it says nothing
  EXPECT_EQ(pod.limit(), 31U);
}

TEST(vegas_limit, steps_by_the_digits_of_the_limit) {
  AdmittingPod pod("vegas_limit", {{"initial", "990"}, {"probe", "1000000"}});
  pod.answer(100_ms, 990);
  pod.answer(100_ms, 990);  // 12 more, but never above 1000
  EXPECT_EQ(pod.limit(), 1000U);
  pod.answer(300_ms, 1000);  // three at a time from 1000
  EXPECT_EQ(pod.limit(), 997U);
  pod.answer(300_ms, 997);
  EXPECT_EQ(pod.limit(), 995U);
}

// At 200 ms instead of 100 the queue seems to be half of the limit, until 100 is forgotten.
TEST(vegas_limit, forgets_the_least_latency_after_a_while) {
  AdmittingPod pod("vegas_limit", {{"probe", "10"}});
  pod.answer(100_ms, 20);
  u32 samples = 0, least = pod.limit();
  for (; samples < 1000 && pod.limit() <= least; ++samples) {
    least = std::min(least, pod.limit());
    pod.answer(200_ms, 20);
  }
  EXPECT_LT(least, 20U);
  EXPECT_LE(samples, 200U);  // 10 x 20 at most, fewer as the limit falls
  EXPECT_GE(samples, 10U);
}

TEST(gradient2_limit, is_smoothed_between_the_gradient_and_four_more) {
  AdmittingPod pod("gradient2_limit");
  for (int k = 0; k < 11; ++k) pod.answer(100_ms, 200);
  EXPECT_EQ(pod.limit(), 28U);  // 20 + 11 x 0.8
  pod.answer(150_ms, 200);      // 1.5 times the average is borne
  EXPECT_EQ(pod.limit(), 29U);  // 29.6
  pod.answer(1_s, 200);         // 0.8 x 29.6 + 0.2 (14.8 + 4)
  EXPECT_EQ(pod.limit(), 27U);
  pod.answer(100_ms, 13);  // below half of it: says nothing
  EXPECT_EQ(pod.limit(), 27U);
  for (int k = 0; k < 20; ++k) pod.answer(10_s, 200);
  EXPECT_EQ(pod.limit(), 20U);  // the least
}

// Ten at 1 s, then 100 ms: 2.1 % a sample would come of the average alone, 5 % more are taken off
// while it is more than twice as high.
TEST(gradient2_limit, the_long_average_falls_faster_after_an_overload) {
  const auto borne = [](Duration latency) {  // does the limit still grow by 0.8?
    AdmittingPod pod("gradient2_limit", {{"tolerance", "1"}, {"least", "1"}});
    for (int k = 0; k < 10; ++k) pod.answer(1_s, 200);
    for (int k = 0; k < 60; ++k) pod.answer(100_ms, 200);
    const u32 before = pod.limit();
    for (int k = 0; k < 5; ++k) pod.answer(latency, 200);
    return pod.limit() > before;
  };
  EXPECT_TRUE(borne(180_ms));
  EXPECT_FALSE(borne(500_ms));
}

TEST(aimd_limit, one_more_or_a_tenth_less) {
  AdmittingPod pod("aimd_limit");
  for (u32 k = 20; k < 100; ++k) {
    EXPECT_EQ(pod.limit(), k);
    pod.answer(5_s, k);
  }
  pod.leave(1_s, 100);
  EXPECT_EQ(pod.limit(), 90U);
  pod.answer(5001_ms, 90);
  EXPECT_EQ(pod.limit(), 81U);
  pod.answer(1_s, 40);  // below half of it
  EXPECT_EQ(pod.limit(), 81U);
  pod.answer(1_s, 41);
  EXPECT_EQ(pod.limit(), 82U);
  for (int k = 0; k < 30; ++k) pod.leave(1_s, 82);
  EXPECT_EQ(pod.limit(), 20U);
}

struct EnvoyPod : AdmittingPod {
  explicit EnvoyPod(const Settings& sets = {}) : AdmittingPod("envoy_adaptive_concurrency", sets) {}
  void answers(int count, Duration latency) {
    for (int k = 0; k < count; ++k) answer(latency, 3);
  }
  void window(Duration latency) {
    answers(3, latency);
    now = now + 100_ms;
  }
};

TEST(envoy_adaptive_concurrency, measures_with_three_and_follows_the_gradient) {
  EnvoyPod pod;
  pod.now = pod.now + 10_s;
  pod.answers(49, 100_ms);
  pod.now = pod.now + 1_s;
  EXPECT_EQ(pod.limit(), 3U);  // it waits for the fiftieth
  pod.answers(1, 100_ms);
  for (const u32 expected : {5U, 8U, 13U}) {  // 1.25 of it, and the root of that
    pod.window(100_ms);
    EXPECT_EQ(pod.limit(), expected);
  }
  pod.window(250_ms);  // 125 / 250 of 13, and the root of 6.5
  EXPECT_EQ(pod.limit(), 9U);
  pod.now = pod.now + 10_s;  // windows without a sample leave it
  EXPECT_EQ(pod.limit(), 9U);
  pod.window(10_ms);  // never more than twice
  EXPECT_EQ(pod.limit(), 22U);
}

TEST(envoy_adaptive_concurrency, measures_anew_after_an_interval_with_jitter) {
  EnvoyPod pod;
  pod.now = pod.now + 10_s;
  pod.answers(50, 100_ms);
  pod.window(100_ms);
  EXPECT_EQ(pod.limit(), 5U);
  pod.now = Instant{} + 69900_ms;
  EXPECT_EQ(pod.limit(), 5U);
  pod.now = Instant{} + 79_s;  // 15 % later at the latest
  EXPECT_EQ(pod.limit(), 3U);
  pod.now = pod.now + 1_s;
  pod.answer(30_s, 3);  // began before: no sample of this measurement
  pod.answers(49, 200_ms);
  pod.now = pod.now + 200_ms;
  EXPECT_EQ(pod.limit(), 3U);
  pod.answers(1, 200_ms);
  EXPECT_EQ(pod.limit(), 5U);  // as before
}

TEST(envoy_adaptive_concurrency, five_windows_at_the_least_doubt_the_measurement) {
  EnvoyPod pod;
  pod.now = pod.now + 10_s;
  pod.answers(50, 100_ms);
  for (int k = 0; k < 5; ++k) pod.window(2_s);
  EXPECT_EQ(pod.limit(), 3U);
  pod.now = pod.now + 3_s;
  pod.answers(50, 2_s);  // measured now
  pod.window(2_s);
  EXPECT_EQ(pod.limit(), 5U);
}

TEST(concurrency_limits, a_new_process_begins_with_a_new_limit) {
  AdmittingPod pod("aimd_limit");
  pod.answer(1_s, 20);
  EXPECT_EQ(pod.limit(), 21U);
  pod.policy->started(0);
  EXPECT_EQ(pod.limit(), 20U);
}

TEST(concurrency_limits, may_look_at_whole_answers) {
  AdmittingPod pod("aimd_limit", {{"measure", "answer"}});
  pod.answer(1_s, 20);
  EXPECT_EQ(pod.limit(), 20U);
  pod.active.by_pod[0] = 19;
  pod.policy->ended(0, Outcome::kSucceeded, 1_s, pod.now);
  EXPECT_EQ(pod.limit(), 21U);
}

// Those who are let in are answered in time, and little is computed for nobody.
TEST(concurrency_limits, keep_the_goodput_of_an_overloaded_region) {
  const Overloaded without = overloaded("");
  EXPECT_EQ(without.shed, 0U);
  const Settings soon{{"samples", "5"}, {"window", "1s"}};
  for (const auto& [name, sets] : {std::pair<std::string, Settings>{"vegas_limit", {}},
                                   {"gradient2_limit", {}},
                                   {"aimd_limit", {}},
                                   {"envoy_adaptive_concurrency", soon}}) {
    const Overloaded with = overloaded(name, sets);
    EXPECT_GT(with.shed, 1000U) << name;
    EXPECT_GT(with.succeeded, without.succeeded) << name;
    EXPECT_LT(with.doomed, without.doomed / 4) << name;
  }
}

}  // namespace test_concurrency_limits
}  // namespace stampede::test
