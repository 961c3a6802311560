// 10 tokens; a failure takes one, a success gives 0.1 back; retries only above 5 (gRFC A6).
#include "models/clients/retry_budget.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_grpc_retry_throttling {

// A process whose calls all fail: the fifth failure leaves 5 tokens, and none is retried any more.
TEST(grpc_retry_throttling, allows_four_retries_when_all_fails) {
  EXPECT_EQ(waits_of(programs_with("grpc_retry_throttling")).retries(), 4U);
  // 49 failures leave more than 50 of 100 tokens; each is retried but those of a last attempt.
  const Waits many = waits_of(programs_with("grpc_retry_throttling, max_tokens: 100"));
  EXPECT_LE(many.retries(), 49U);
  EXPECT_GE(many.retries() + many.before.back().size(), 49U);
}

TEST(grpc_retry_throttling, counts_step_by_step) {
  RetryBudgets budget(programs_with("grpc_retry_throttling").retry, 1);
  const auto may_retry = [&] {
    return budget.attempt(0, Instant{}, true, RetryCause::kServerError, 0);
  };
  for (int k = 0; k < 5; ++k) {
    EXPECT_TRUE(may_retry()) << k;
    budget.failure(0, Instant{});
  }
  EXPECT_FALSE(may_retry());  // 5 tokens are not more than half
  budget.success(0, Instant{}, false, RetryCause::kFinal);
  EXPECT_TRUE(may_retry());  // 5.1
}

TEST(grpc_retry_throttling, hardly_lets_an_overload_be_retried) {
  EXPECT_LT(retries_in_overload("grpc_retry_throttling"), 0.3 * retries_in_overload(""));
}

}  // namespace test_grpc_retry_throttling
}  // namespace stampede::test
