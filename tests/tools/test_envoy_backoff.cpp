// U (2^k - 1) 25 ms, at most 250 ms, one retry (Envoy).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_envoy_backoff {

TEST(envoy_backoff, draws_below_an_interval_that_doubles) {
  expect_uniform(waits_of(programs_with("envoy_backoff")).before.at(0), 0, 0.025);
  const Waits waits = waits_of(programs_with("envoy_backoff, attempts: 4"));
  ASSERT_EQ(waits.before.size(), 3U);
  expect_uniform(waits.before[0], 0, 0.025);
  expect_uniform(waits.before[1], 0, 0.075);
  expect_uniform(waits.before[2], 0, 0.175);
}

TEST(envoy_backoff, retries_once_by_default) {
  EXPECT_EQ(waits_of(programs_with("envoy_backoff")).before.size(), 1U);
  EXPECT_LT(retries_in_overload("envoy_backoff"), 0.8 * retries_in_overload("fixed_retry_delay"));
}

}  // namespace test_envoy_backoff
}  // namespace stampede::test
