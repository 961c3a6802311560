// A fifth of the requests of the last ten seconds, and 10 a second besides (Finagle).
#include "models/clients/retry_budget.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_finagle_retry_budget {

RetryBudgets budget(const std::string& use) { return {programs_with(use).retry, 1}; }
int retries(RetryBudgets& budget, Instant now) {
  int n = 0;
  while (budget.attempt(0, now, true, RetryCause::kServerError, 0)) ++n;
  return n;
}

TEST(finagle_retry_budget, allows_a_fifth_and_a_reserve) {
  RetryBudgets b = budget("finagle_retry_budget");
  for (int k = 0; k < 1000; ++k) b.attempt(0, Instant{}, false, RetryCause::kFinal, 0);
  EXPECT_EQ(retries(b, Instant{} + 1_s), 1000 / 5 + 10 * 10);
  EXPECT_EQ(retries(b, Instant{} + 5_s), 0);
  EXPECT_EQ(retries(b, Instant{} + 30_s), 10 * 10);  // deposits are too old, the reserve is back
}

TEST(finagle_retry_budget, forgets_requests_after_their_time) {
  RetryBudgets b = budget("finagle_retry_budget, ttl: 60s, ratio: 0.5");
  for (int k = 0; k < 1000; ++k) b.attempt(0, Instant{}, false, RetryCause::kFinal, 0);
  EXPECT_EQ(retries(b, Instant{} + 50_s), 500 + 10 * 60);
}

// A process of 10 requests a second may repeat them all: the reserve alone lets it.
TEST(finagle_retry_budget, bounds_many_requests_of_one_process) {
  const std::vector<std::string> one = {"spec.clients[1].processes=1"};
  EXPECT_LT(number(overload("finagle_retry_budget", one), "attempts", "retries"),
            0.9 * number(overload("", one), "attempts", "retries"));
}

}  // namespace test_finagle_retry_budget
}  // namespace stampede::test
