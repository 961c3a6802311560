// Envoy's outlier detection by consecutive failures, against its state machine step by step, and
// in a region of which one pod refuses everything.
#include <gtest/gtest.h>

#include <numeric>

#include "models/ports/endpoint_filter_port.h"
#include "tests/models/mechanism_fixture.h"
#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_outlier_ejection {

struct Pool {
  World world{1};
  Mechanism<EndpointFilter> filter;
  std::vector<PodId> view;
  Instant now{};

  explicit Pool(u32 pods, const std::vector<std::pair<std::string, std::string>>& sets = {})
      : filter(make_mechanism<EndpointFilter>("outlier_ejection", {world, "here/pool"}, sets)),
        view(pods) {
    std::iota(view.begin(), view.end(), 0U);
    left();
  }
  std::vector<PodId> left() {
    std::vector<PodId> pods = view;
    filter->filter(now, pods);
    return pods;
  }
  std::vector<PodId> out() {
    const std::vector<PodId> in = left();
    std::vector<PodId> gone;
    std::set_difference(view.begin(), view.end(), in.begin(), in.end(), std::back_inserter(gone));
    return gone;
  }
  void fail(PodId pod, int times, Outcome outcome = Outcome::kRejected503) {
    for (int k = 0; k < times; ++k) filter->ended(pod, outcome, {}, now);
  }
  // Goes on from look to look, as a gateway does, until the pod is back; returns the time [s].
  double back_after(PodId pod) {
    const Instant from = now;
    for (std::vector<PodId> gone = out(); std::binary_search(gone.begin(), gone.end(), pod);
         gone = out())
      now = filter->next_change();
    return (now - from).seconds();
  }
};

TEST(outlier_ejection, five_failures_in_a_row_and_not_four) {
  for (const Outcome outcome : {Outcome::kRejected503, Outcome::kTruncated}) {
    Pool pool(20);
    pool.fail(3, 4, outcome);
    EXPECT_FALSE(pool.filter->changed());
    pool.filter->first_token(3, 1_s, pool.now);
    pool.fail(3, 4, outcome);
    pool.filter->ended(3, Outcome::kSucceeded, 1_s, pool.now);
    pool.fail(3, 4, outcome);
    EXPECT_EQ(pool.out(), std::vector<PodId>{});
    pool.fail(3, 1, outcome);
    EXPECT_TRUE(pool.filter->changed());
    EXPECT_EQ(pool.out(), std::vector<PodId>{3});
    EXPECT_FALSE(pool.filter->changed());
  }
  Pool pool(20);
  pool.fail(3, 50, Outcome::kTimeout);  // its client left: says nothing about the pod
  EXPECT_EQ(pool.out(), std::vector<PodId>{});
}

TEST(outlier_ejection, returns_at_the_first_look_after_its_time) {
  Pool pool(20);
  pool.now = Instant{} + 3_s;
  pool.fail(0, 5);
  EXPECT_EQ(pool.out(), std::vector<PodId>{0});
  EXPECT_EQ(pool.filter->next_change(), Instant{} + 10_s);
  EXPECT_EQ(pool.back_after(0), 37);  // ejected at 3 s until 33 s; looks at 10, 20, 30, 40 s
}

// In close succession 30, 60, 90, .. s, never more than 300.
TEST(outlier_ejection, lasts_longer_each_time_up_to_a_limit) {
  Pool pool(20);
  for (const int expected : {30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300}) {
    pool.fail(7, 5);
    EXPECT_EQ(pool.back_after(7), expected);
  }
}

TEST(outlier_ejection, the_multiplier_falls_with_each_interval_in_use) {
  Pool pool(20);
  for (int k = 0; k < 4; ++k) {
    pool.fail(7, 5);
    pool.back_after(7);
  }
  for (int k = 0; k < 2; ++k) {  // from 4 to 2
    pool.now = pool.filter->next_change();
    EXPECT_EQ(pool.out(), std::vector<PodId>{});
  }
  pool.fail(7, 5);
  EXPECT_EQ(pool.back_after(7), 90);
  for (int k = 0; k < 3; ++k) {  // from 3 to 0
    ASSERT_NE(pool.filter->next_change(), kNever);
    pool.now = pool.filter->next_change();
    pool.left();
  }
  EXPECT_EQ(pool.filter->next_change(), kNever);  // all is well: it asks for no more looks
  pool.fail(7, 5);
  EXPECT_EQ(pool.back_after(7), 30);
}

TEST(outlier_ejection, one_always_and_no_more_once_the_share_is_reached) {
  const auto ejected = [](u32 pods, const char* share) {
    Pool pool(pods, {{"max_ejected", share}});
    for (PodId pod = 0; pod < pods; ++pod) pool.fail(pod, 5);
    return pool.out().size();
  };
  EXPECT_EQ(ejected(4, "10%"), 1U);
  EXPECT_EQ(ejected(4, "0"), 1U);
  EXPECT_EQ(ejected(10, "10%"), 1U);
  EXPECT_EQ(ejected(15, "10%"), 2U);  // 1 of 15 is below the share
  EXPECT_EQ(ejected(40, "10%"), 4U);
  EXPECT_EQ(ejected(4, "100%"), 4U);
}

TEST(outlier_ejection, a_pod_that_leaves_is_forgotten_and_makes_room) {
  Pool pool(4);
  pool.fail(2, 5);
  pool.fail(3, 5);
  EXPECT_EQ(pool.out(), std::vector<PodId>{2});
  pool.view = {0, 1, 3};
  EXPECT_EQ(pool.out(), std::vector<PodId>{});
  pool.fail(2, 5);  // an attempt of before ends there
  pool.fail(3, 5);
  EXPECT_EQ(pool.out(), std::vector<PodId>{3});
  EXPECT_EQ(pool.back_after(3), 30);
}

// A pod that is gone while its endpoint is not refuses every second attempt; ejected, it is asked
// five times in every half minute and more.
TEST(outlier_ejection, leaves_a_stale_endpoint_alone) {
  const auto refused = [](const std::vector<EndpointFilter*>& filters) {
    Service s(Clients::single_turn(), pools({EngineRole::kMixed}), {}, 10, {filters});
    s.region.pod_stopped(0, 0, kNoIncident);
    s.run_out();
    return s.region.counts().refused_503;
  };
  World world{1};
  const auto filter = make_mechanism<EndpointFilter>("outlier_ejection", {world, "here"});
  EXPECT_GT(refused({}), 400U);
  EXPECT_EQ(refused({filter.object.get()}), 10U);  // from 1 s, and after 30 s; 60 s the next time
}

}  // namespace test_outlier_ejection
}  // namespace stampede::test
