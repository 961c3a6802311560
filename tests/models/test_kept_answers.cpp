// Answers that callers keep: used for a while beyond their end, and asked for anew before it.
#include <cmath>

#include "tests/models/service_fixture.h"

namespace stampede::test {
namespace test_kept_answers {

// One key, whose answer is good for a minute and takes the service 100 ms.
UseParams keeps() {
  UseParams u;
  u.cache.size = 1;
  u.cache.keys = 1;
  u.cache.ttl = 60_s;
  return u;
}

TEST(kept_answers, a_stale_one_is_used_at_once_while_one_call_asks_anew) {
  UseParams u = keeps();
  u.cache.stale_while_revalidate = 30_s;
  OneUse one(hundred_a_second(), u);
  one.ask();
  one.run(60_s);  // kept at 0.1 s
  EXPECT_EQ(one.caller.good, 1U);
  one.run(101_ms);
  for (int k = 0; k < 5; ++k) one.ask();  // five at once, one call
  EXPECT_EQ(one.caller.good, 6U);
  EXPECT_EQ(one.use.counts().stale, 5U);
  EXPECT_EQ(one.use.counts().tries, 2U);
  one.run(100_ms);
  one.ask();
  EXPECT_EQ(one.use.counts().hits, 1U);  // the new one has come
  one.run(91_s);                         // 30 s after its end it is of no use any more
  one.ask();
  EXPECT_EQ(one.caller.good, 7U);
  one.run(1_s);
  EXPECT_EQ(one.caller.good, 8U);
}

TEST(kept_answers, without_it_they_wait) {
  OneUse one(hundred_a_second(), keeps());
  one.ask();
  one.run(60100_ms);
  for (int k = 0; k < 5; ++k) one.ask();
  EXPECT_EQ(one.caller.good, 1U);
  EXPECT_EQ(one.use.counts().tries, 6U);
}

TEST(kept_answers, a_refresh_that_fails_is_tried_with_the_next_question) {
  UseParams u = keeps();
  u.cache.stale_while_revalidate = 60_s;
  u.timeout = 1_s;
  OneUse one(hundred_a_second(), u);
  one.ask();
  one.run(61_s);
  one.service.fail(1, true, 7);  // nobody answers
  one.ask();
  one.ask();
  one.run(2_s);
  one.ask();
  EXPECT_EQ(one.use.counts().tries, 3U);
  EXPECT_EQ(one.use.counts().stale, 3U);
  EXPECT_EQ(one.use.counts().failed, 1U);
  EXPECT_EQ(one.caller.bad, 0U);
}

// The time left at which one asked anew is delta x beta x an exponential: 0.1 s on average of one
// question, here of a question every 10 ms. Its distribution: P(not yet at t left) is the product
// of 1 - exp(-t / 0.1) over all questions before.
TEST(kept_answers, are_refreshed_early_by_chance) {
  const auto refreshed_at = [](double beta, u64 seed) {
    UseParams u = keeps();
    u.cache.early_refresh = beta;
    OneUse one(hundred_a_second(), u, OneUse::none(), seed);
    one.ask();
    one.run(100_ms);
    const Instant end = one.world.now() + 60_s;
    one.run(57900_ms);
    while (one.use.counts().tries == 1) {
      one.ask();
      one.run(10_ms);
    }
    return (end - one.world.now()).seconds() + 0.01;
  };
  double mean = 0, square = 0;  // of the time left at the first early call
  double not_yet = 1;
  for (int k = 210; k >= 0; --k) {
    const double left = 0.01 * k, asks = k == 0 ? 1 : std::exp(-left / 0.1);
    mean += not_yet * asks * left;
    square += not_yet * asks * left * left;
    not_yet *= 1 - asks;
  }
  double sum = 0;
  const int runs = 200;
  for (int k = 0; k < runs; ++k) sum += refreshed_at(1, 100 + static_cast<u64>(k));
  EXPECT_NEAR(sum / runs, mean, 4 * std::sqrt((square - mean * mean) / runs));
  EXPECT_GT(refreshed_at(5, 1), refreshed_at(0.2, 1));
}

// With a question every 10 ms nobody ever waits at the end of an answer.
TEST(kept_answers, early_refresh_leaves_no_gap) {
  UseParams u = keeps();
  const auto waited = [&u] {
    OneUse one(hundred_a_second(), u);
    one.ask();
    one.run(100_ms);
    one.ask_at(100, 200_s);
    return one.use.counts().asked - one.use.counts().hits;
  };
  EXPECT_GT(waited(), 20U);  // ten for each of three ends
  u.cache.early_refresh = 1;
  EXPECT_LE(waited(), 6U);
}

}  // namespace test_kept_answers
}  // namespace stampede::test
