// Three attempts, half a second apart (resilience4j).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_fixed_retry_delay {

TEST(fixed_retry_delay, waits_half_a_second_twice) {
  const Waits waits = waits_of(programs_with("fixed_retry_delay"));
  ASSERT_EQ(waits.before.size(), 2U);
  for (const auto& each : waits.before) {
    EXPECT_EQ(each.size(), waits.before[0].size());
    expect_all(each, 0.5);
  }
  EXPECT_EQ(waits_of(programs_with("fixed_retry_delay, attempts: 5, delay: 2s")).before.size(), 4U);
}

// Of the class's own rule nothing is left, and whoever does not retry goes on not to.
TEST(fixed_retry_delay, replaces_the_rule_of_those_who_retry) {
  EXPECT_EQ(programs_with("fixed_retry_delay").retry.policy, RetryKind::kFixed);
  EXPECT_EQ(people_with("fixed_retry_delay").retry.policy, RetryKind::kNone);
  const ClientClassParams own =
      programs_with("fixed_retry_delay", {"spec.clients[1].retry.budget=token_bucket"});
  EXPECT_EQ(own.retry.budget, BudgetKind::kTokenBucket);  // of another slot
}

// What is refused comes back after half a second, to be refused again: nobody waits for room.
TEST(fixed_retry_delay, hammers_an_overloaded_fleet) {
  EXPECT_GT(retries_in_overload("fixed_retry_delay"), retries_in_overload("") * 0.9);
}

}  // namespace test_fixed_retry_delay
}  // namespace stampede::test
