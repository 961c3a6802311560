// (1 - U/4) min(8 s, 0.5 s 2^(k-1)), two retries; Retry-After up to 120 s (OpenAI SDK).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_openai_sdk_backoff {

TEST(openai_sdk_backoff, is_exponential_less_up_to_a_quarter) {
  const Waits waits = waits_of(programs_with("openai_sdk_backoff"));
  ASSERT_EQ(waits.before.size(), 2U);
  expect_uniform(waits.before[0], 0.375, 0.5);
  expect_uniform(waits.before[1], 0.75, 1);
  const Waits more = waits_of(programs_with("openai_sdk_backoff, attempts: 7"));
  expect_uniform(more.before.at(5), 6, 8);  // 16 s, capped
}

TEST(openai_sdk_backoff, obeys_retry_after_and_gives_up_beyond_its_limit) {
  const auto waits = [](Duration after) {
    return waits_of(programs_with("openai_sdk_backoff"),
                    {Outcome::kRejected429, after, kNoIncident});
  };
  expect_all(waits(120_s).before.at(0), 120);
  EXPECT_EQ(waits(121_s).retries(), 0U);
}

}  // namespace test_openai_sdk_backoff
}  // namespace stampede::test
