// Ejected at the end of an interval: below mean - 1.9 standard deviations, of five pods with a
// hundred attempts at least (Envoy).
#include <gtest/gtest.h>

#include <numeric>

#include "models/ports/endpoint_filter_port.h"
#include "tests/models/mechanism_fixture.h"
#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_success_rate_ejection {

struct Pool {
  World world{1};
  Mechanism<EndpointFilter> filter;
  std::vector<PodId> view;
  Instant now{};

  explicit Pool(u32 pods, const std::vector<std::pair<std::string, std::string>>& sets = {})
      : filter(make_mechanism<EndpointFilter>("success_rate_ejection", {world, "here/pool"}, sets)),
        view(pods) {
    std::iota(view.begin(), view.end(), 0U);
    out();
  }
  std::vector<PodId> out() {
    std::vector<PodId> in = view, gone;
    filter->filter(now, in);
    std::set_difference(view.begin(), view.end(), in.begin(), in.end(), std::back_inserter(gone));
    return gone;
  }
  // In this interval; `failures` of `attempts` at each pod from `first` to `last`.
  void ask(PodId first, PodId last, int attempts, int failures) {
    for (PodId pod = first; pod <= last; ++pod)
      for (int k = 0; k < attempts; ++k)
        filter->ended(pod, k < failures ? Outcome::kRejected503 : Outcome::kSucceeded, 1_s, now);
    if (filter->changed()) out();
  }
  std::vector<PodId> out_at_the_end() {
    if (filter->next_change() == kNever) return out();
    now = filter->next_change();
    return out();
  }
};

// Nineteen pods have rate 1, one r: mean (19 + r) / 20, deviation (1 - r) sqrt(19) / 20. The one is
// (1 - r) 19 / 20 below the mean, which is sqrt(19) = 4.36 deviations, whatever r is.
TEST(success_rate_ejection, one_that_fails_a_little_is_far_enough_from_nineteen_others) {
  Pool pool(20);
  pool.ask(0, 18, 100, 0);
  pool.ask(19, 19, 100, 1);
  EXPECT_EQ(pool.out_at_the_end(), std::vector<PodId>{19});
  EXPECT_EQ(pool.now, Instant{} + 10_s);
}

// Of five pods one is sqrt(4) = 2 deviations below the mean, of four sqrt(3) = 1.73.
TEST(success_rate_ejection, wants_a_factor_of_1_9) {
  const auto out = [](u32 pods, const char* factor) {
    Pool pool(pods, {{"factor", factor}, {"hosts", "2"}});
    pool.ask(0, pods - 2, 100, 0);
    pool.ask(pods - 1, pods - 1, 100, 50);
    return pool.out_at_the_end().size();
  };
  EXPECT_EQ(out(5, "1.9"), 1U);
  EXPECT_EQ(out(4, "1.9"), 0U);
  EXPECT_EQ(out(5, "2.01"), 0U);
  EXPECT_EQ(out(4, "1.7"), 1U);
}

TEST(success_rate_ejection, judges_five_pods_with_a_hundred_attempts_each) {
  const auto out = [](u32 pods, int attempts) {
    Pool pool(pods);
    pool.ask(0, pods - 2, attempts, 0);
    pool.ask(pods - 1, pods - 1, attempts, attempts);
    return pool.out_at_the_end().size();
  };
  EXPECT_EQ(out(5, 100), 1U);
  EXPECT_EQ(out(5, 99), 0U);
  EXPECT_EQ(out(4, 1000), 0U);
}

TEST(success_rate_ejection, counts_begin_anew_with_each_interval) {
  Pool pool(20);
  pool.ask(0, 18, 60, 0);
  pool.ask(19, 19, 60, 60);
  EXPECT_TRUE(pool.out_at_the_end().empty());
  pool.ask(0, 18, 60, 0);
  pool.ask(19, 19, 60, 60);
  EXPECT_TRUE(pool.out_at_the_end().empty());
}

// Equally bad pods are no outliers; one that is out returns after 30 s.
TEST(success_rate_ejection, is_about_the_others_and_ends) {
  Pool pool(20);
  pool.ask(0, 19, 100, 90);
  EXPECT_TRUE(pool.out_at_the_end().empty());
  pool.ask(0, 18, 100, 0);
  pool.ask(19, 19, 100, 90);
  ASSERT_EQ(pool.out_at_the_end(), std::vector<PodId>{19});
  const Instant from = pool.now;
  while (!pool.out_at_the_end().empty()) {
  }
  EXPECT_EQ(pool.now - from, 30_s);
}

// In a region of which one pod of six refuses everything.
TEST(success_rate_ejection, leaves_a_bad_pod_alone) {
  const auto refused = [](const std::vector<EndpointFilter*>& filters) {
    Service s(Clients::single_turn(), pools({EngineRole::kMixed}), {}, 10, {filters});
    s.region.pod_stopped(0, 0, kNoIncident);
    s.run_out();
    return s.region.counts().refused_503;
  };
  World world{1};
  const auto filter =
      make_mechanism<EndpointFilter>("success_rate_ejection", {world, "here"},
                                     {{"hosts", "2"}, {"volume", "10"}, {"factor", "0.9"}});
  EXPECT_LT(refused({filter.object.get()}), refused({}) / 2);
}

}  // namespace test_success_rate_ejection
}  // namespace stampede::test
