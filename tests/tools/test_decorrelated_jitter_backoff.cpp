// d = min(cap, base + U (3 d - base)) with the delay before it, base at first (AWS jitter).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_decorrelated_jitter_backoff {

TEST(decorrelated_jitter_backoff, draws_up_to_three_times_the_delay_before) {
  const Waits waits = waits_of(programs_with("decorrelated_jitter_backoff"));
  ASSERT_EQ(waits.before.size(), 2U);
  expect_uniform(waits.before[0], 1, 3);
  // U is uniform whatever the first delay was.
  std::vector<double> u;
  for (std::size_t i = 0; i < waits.before[1].size(); ++i)
    u.push_back((waits.before[1][i] - 1) / (3 * waits.before[0][i] - 1));
  expect_uniform(u, 0, 1);
}

TEST(decorrelated_jitter_backoff, is_capped) {
  const Waits waits = waits_of(programs_with("decorrelated_jitter_backoff, cap: 2s"));
  for (const auto& each : waits.before)
    EXPECT_NEAR(*std::max_element(each.begin(), each.end()), 2, 1e-9);
}

}  // namespace test_decorrelated_jitter_backoff
}  // namespace stampede::test
