// U min(20 s, base 2^k) with 50 ms, after a 429 1 s; 500 tokens, of which a retry takes 14 or 5
// (AWS SDK, standard mode of 2026).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_aws_standard_retries {

const std::string kRich = "aws_standard_retries, quota: 1000000";

TEST(aws_standard_retries, has_a_base_of_its_own_for_throttling) {
  const Waits transient = waits_of(programs_with(kRich));
  ASSERT_EQ(transient.before.size(), 2U);
  expect_uniform(transient.before[0], 0, 0.1);
  expect_uniform(transient.before[1], 0, 0.2);
  const Waits throttled = waits_of(programs_with(kRich), {Outcome::kRejected429, {}, kNoIncident});
  expect_uniform(throttled.before.at(0), 0, 2);
  expect_uniform(throttled.before.at(1), 0, 4);
}

// 500 / 14 and 500 / 5 retries of a process whose calls all fail; then none.
TEST(aws_standard_retries, stops_when_the_quota_is_used_up) {
  EXPECT_EQ(waits_of(programs_with("aws_standard_retries")).retries(), 35U);
  EXPECT_EQ(
      waits_of(programs_with("aws_standard_retries"), {Outcome::kRejected429, {}, kNoIncident})
          .retries(),
      100U);
}

TEST(aws_standard_retries, hardly_add_to_an_overload) {
  EXPECT_LT(retries_in_overload("aws_standard_retries"), 0.5 * retries_in_overload(""));
}

}  // namespace test_aws_standard_retries
}  // namespace stampede::test
