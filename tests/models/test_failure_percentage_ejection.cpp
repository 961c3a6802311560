// Ejected at the end of an interval: 85 % of at least 50 attempts failed, of five such pods
// (Envoy).
#include <gtest/gtest.h>

#include <numeric>

#include "models/ports/endpoint_filter_port.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_failure_percentage_ejection {

struct Pool {
  World world{1};
  Mechanism<EndpointFilter> filter;
  std::vector<PodId> view;
  Instant now{};

  explicit Pool(u32 pods, const std::vector<std::pair<std::string, std::string>>& sets = {})
      : filter(make_mechanism<EndpointFilter>("failure_percentage_ejection", {world, "here/pool"},
                                              sets)),
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

TEST(failure_percentage_ejection, at_85_percent_and_not_at_84) {
  for (const int failures : {84, 85}) {
    Pool pool(20);
    pool.ask(0, 18, 100, 0);
    pool.ask(19, 19, 100, failures);
    EXPECT_EQ(pool.out_at_the_end().size(), failures == 85 ? 1U : 0U);
  }
}

TEST(failure_percentage_ejection, judges_five_pods_with_fifty_attempts_each) {
  const auto out = [](u32 pods, int attempts) {
    Pool pool(pods);
    pool.ask(0, pods - 2, attempts, 0);
    pool.ask(pods - 1, pods - 1, attempts, attempts);
    return pool.out_at_the_end().size();
  };
  EXPECT_EQ(out(5, 50), 1U);
  EXPECT_EQ(out(5, 49), 0U);
  EXPECT_EQ(out(4, 1000), 0U);
}

// Where all fail, a tenth of them is ejected: of 40 pods four, and no more at the next look.
TEST(failure_percentage_ejection, leaves_nine_tenths_in_use) {
  Pool pool(40);
  for (int k = 0; k < 2; ++k) {
    pool.ask(0, 39, 100, 100);
    EXPECT_EQ(pool.out_at_the_end().size(), 4U);
  }
}

// What is left of an idle pool asks for no further look.
TEST(failure_percentage_ejection, sleeps_while_nothing_happens) {
  Pool pool(20);
  EXPECT_EQ(pool.filter->next_change(), kNever);
  pool.ask(0, 0, 1, 0);
  EXPECT_EQ(pool.filter->next_change(), Instant{} + 10_s);
  pool.out_at_the_end();
  pool.out_at_the_end();
  EXPECT_EQ(pool.filter->next_change(), kNever);
}

}  // namespace test_failure_percentage_ejection
}  // namespace stampede::test
