// Bisection with noisy answers, on responses whose crossing is known.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "sim/random.h"
#include "tools/experiments/tipping.h"

namespace stampede {
namespace test_tipping {

constexpr double kCrossing = 0.37;

// An outage at `at` with a probability that rises through one half at kCrossing.
class Response {
 public:
  Response(u64 seed, double steepness)
      : sequence_(stream_key(seed, "test", "tipping")), steepness_(steepness) {}
  bool operator()(double at, std::size_t) {
    return sequence_.next() < 1 / (1 + std::exp(-steepness_ * (at - kCrossing)));
  }

 private:
  Sequence sequence_;
  double steepness_;
};

TEST(tipping, contains_the_crossing_as_often_as_it_says) {
  constexpr int kExperiments = 1000;
  int wrong = 0, found = 0;
  for (int k = 0; k < kExperiments; ++k) {
    Response response(static_cast<u64>(k), 30);
    TippingPlan plan;
    plan.per_point = 60;
    const Tipping t = find_tipping(
        plan, [&](double at, std::size_t n) { return std::optional(response(at, n)); });
    if (t.end != TippingEnd::kFound && t.end != TippingEnd::kTooClose) continue;
    ++found;
    wrong += kCrossing < t.between.low || kCrossing > t.between.high || !t.rises;
  }
  fmt::print("{} of {} intervals without the crossing\n", wrong, found);
  EXPECT_GT(found, 900);
  EXPECT_LE(wrong, 50);
}

TEST(tipping, a_sharp_edge_is_found_to_the_width_asked_for_and_jobs_change_nothing) {
  TippingPlan plan;
  const auto edge = [](double at, std::size_t) { return std::optional(at < kCrossing); };
  const Tipping t = find_tipping(plan, edge);
  EXPECT_EQ(t.end, TippingEnd::kFound);
  EXPECT_FALSE(t.rises);
  EXPECT_LE(t.between.high - t.between.low, plan.within);
  EXPECT_LE(t.between.low, kCrossing);
  EXPECT_GE(t.between.high, kCrossing);
  EXPECT_EQ(t.points.size(), 9u);  // both ends and seven halvings
  plan.jobs = 4;
  const Tipping four = find_tipping(plan, edge);
  ASSERT_EQ(four.points.size(), t.points.size());
  for (std::size_t k = 0; k < t.points.size(); ++k)
    EXPECT_EQ(four.points[k].runs, t.points[k].runs) << k;
}

TEST(tipping, no_value_is_tried_twice) {
  TippingPlan plan;
  plan.per_point = 10;
  // Sure at 1/4 and less and at 15/16 and more; the rest stays open.
  const auto outage = [](double at, std::size_t n) {
    return std::optional(at >= 0.9 || (at > 0.3 && n % 2 == 0));
  };
  const Tipping t = find_tipping(plan, outage);
  EXPECT_EQ(t.end, TippingEnd::kTooClose);
  for (std::size_t i = 0; i < t.points.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(t.points[i].at, t.points[k].at) << i << " " << k;
}

TEST(tipping, says_why_there_is_none) {
  const TippingPlan plan;
  const auto always = [](bool outage) {
    return [outage](double, std::size_t) { return std::optional(outage); };
  };
  EXPECT_EQ(find_tipping(plan, always(true)).end, TippingEnd::kNoCrossing);
  const Tipping open =
      find_tipping(plan, [](double, std::size_t n) { return std::optional(n % 2 == 0); });
  EXPECT_EQ(open.end, TippingEnd::kOpenEnd);
  EXPECT_EQ(open.points.front().runs, plan.per_point);
  int left = 30;
  const Tipping cut = find_tipping(plan, [&](double at, std::size_t) {
    return left-- > 0 ? std::optional(at < kCrossing) : std::nullopt;
  });
  EXPECT_EQ(cut.end, TippingEnd::kBudget);
  EXPECT_EQ(cut.between.high, 0.5);
}

}  // namespace test_tipping
}  // namespace stampede
