// e/2 + U e/2 with e = min(20 s, 2^(k-1) s) (AWS jitter).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_equal_jitter_backoff {

TEST(equal_jitter_backoff, draws_the_upper_half_of_the_exponential_delay) {
  const Waits waits = waits_of(programs_with("equal_jitter_backoff, attempts: 7"));
  ASSERT_EQ(waits.before.size(), 6U);
  for (std::size_t k = 0; k < 6; ++k) {
    const double e = std::min(20.0, static_cast<double>(1 << k));
    expect_uniform(waits.before[k], e / 2, e);
  }
  EXPECT_EQ(waits_of(programs_with("equal_jitter_backoff")).before.size(), 2U);
}

}  // namespace test_equal_jitter_backoff
}  // namespace stampede::test
