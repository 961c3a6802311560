// max(own delay, Retry-After) + U jitter; what is longer than the limit is not obeyed (RFC 9110).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_honour_retry_after {

const std::vector<std::string> kExponential = {"spec.clients[1].retry.policy=exponential"};
Verdict after(Duration time) { return {Outcome::kRejected429, time, kNoIncident}; }

TEST(honour_retry_after, waits_as_long_as_is_said_and_up_to_a_second_more) {
  const Waits waits = waits_of(programs_with("honour_retry_after", kExponential), after(5_s));
  for (const auto& each : waits.before) expect_uniform(each, 5, 6);
  const Waits without = waits_of(programs_with("", kExponential), after(5_s));
  expect_all(without.before.at(0), 1);
}

TEST(honour_retry_after, has_a_limit_and_a_share) {
  const auto waits = [&](const std::string& use, Duration time) {
    return waits_of(programs_with(use, kExponential), after(time)).before.at(0);
  };
  expect_all(waits("honour_retry_after", 61_s), 1);
  EXPECT_GT(waits("honour_retry_after", 60_s).front(), 59);
  const std::vector<double> half = waits("honour_retry_after, share: 50%", 30_s);
  const auto obeyed = std::count_if(half.begin(), half.end(), [](double w) { return w > 29; });
  EXPECT_NEAR(static_cast<double>(obeyed) / static_cast<double>(half.size()), 0.5, 0.08);
}

// The fleet of `init` says 5 s: whoever obeys is there less often in the same time.
TEST(honour_retry_after, slows_retries_down) {
  const std::vector<std::string> eager = {"spec.clients[1].retry.policy=fixed",
                                          "spec.clients[1].retry.max_attempts=8"};
  EXPECT_LT(number(overload("honour_retry_after", eager), "attempts", "retries"),
            0.9 * number(overload("", eager), "attempts", "retries"));
}

}  // namespace test_honour_retry_after
}  // namespace stampede::test
