// max(0, (requests - 2 accepts) / (requests + 1)) of the last two minutes (SRE book).
#include "models/clients/retry_budget.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_adaptive_throttling {

TEST(adaptive_throttling, refuses_with_the_published_probability) {
  RetryBudgets budget(people_with("adaptive_throttling").retry, 1);
  const auto sent = [&](double u) {
    return budget.attempt(0, Instant{}, false, RetryCause::kFinal, u);
  };
  for (int k = 0; k < 100; ++k) sent(1);
  for (int k = 0; k < 30; ++k) budget.success(0, Instant{}, false, RetryCause::kFinal);
  const double p = (100.0 - 2 * 30) / 101;
  EXPECT_FALSE(sent(p - 1e-6));
  const double next = (101.0 - 2 * 30) / 102;  // what it refused itself is a request as well
  EXPECT_TRUE(sent(next + 1e-6));
}

// Half of the requests that succeed are enough for no refusal at all.
TEST(adaptive_throttling, is_idle_while_half_is_accepted) {
  RetryBudgets budget(people_with("adaptive_throttling").retry, 1);
  for (int k = 0; k < 100; ++k) {
    EXPECT_TRUE(budget.attempt(0, Instant{}, false, RetryCause::kFinal, 0)) << k;
    if (k % 2 == 0) budget.success(0, Instant{}, false, RetryCause::kFinal);
  }
}

TEST(adaptive_throttling, takes_load_off_an_overloaded_fleet) {
  const auto without = overload(""), with = overload("adaptive_throttling, window: 10s");
  EXPECT_LT(number(with, "attempts", "total"), 0.9 * number(without, "attempts", "total"));
}

}  // namespace test_adaptive_throttling
}  // namespace stampede::test
