// Two retries, min(8 s, 0.5 s 2^(k-1)) + U 0.75 s, then another provider (LiteLLM).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_litellm_fallback {

TEST(litellm_fallback, retries_twice_with_its_own_delays) {
  const Waits waits = waits_of(programs_with("litellm_fallback"));
  ASSERT_EQ(waits.before.size(), 2U);
  expect_uniform(waits.before[0], 0.5, 1.25);
  expect_uniform(waits.before[1], 1, 1.75);
  const Waits told =
      waits_of(programs_with("litellm_fallback"), {Outcome::kRejected429, 20_s, kNoIncident});
  expect_uniform(told.before.at(0), 20, 20.75);
}

// Each request that fails here for good is answered elsewhere.
TEST(litellm_fallback, answers_elsewhere_what_fails_here) {
  const auto summary = overload("litellm_fallback");
  EXPECT_GT(number(summary, "requests", "served_elsewhere"), 1000);
  EXPECT_LT(number(summary, "requests", "failed"), 1);
  EXPECT_GT(number(overload(""), "requests", "failed"), 1000);
}

}  // namespace test_litellm_fallback
}  // namespace stampede::test
