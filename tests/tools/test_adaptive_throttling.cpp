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
  for (int k = 0; k < 70; ++k) budget.failure(0, Instant{});
  for (int k = 0; k < 30; ++k) budget.success(0, Instant{}, false, RetryCause::kFinal);
  const double p = (100.0 - 2 * 30) / 101;
  EXPECT_FALSE(sent(p - 1e-6));
  const double next = (101.0 - 2 * 30) / 102;  // what it refused itself is a request as well
  EXPECT_TRUE(sent(next + 1e-6));
  EXPECT_TRUE(sent(next + 1e-6)) << "what has not ended is none yet";
}

// Half of the requests that succeed are enough for no refusal at all.
TEST(adaptive_throttling, is_idle_while_half_is_accepted) {
  RetryBudgets budget(people_with("adaptive_throttling").retry, 1);
  for (int k = 0; k < 100; ++k) {
    EXPECT_TRUE(budget.attempt(0, Instant{}, false, RetryCause::kFinal, 0)) << k;
    if (k % 2 == 0)
      budget.success(0, Instant{}, false, RetryCause::kFinal);
    else
      budget.failure(0, Instant{});
  }
}

// Answers take ten times as long as between two requests of a process.
TEST(adaptive_throttling, leaves_a_fleet_alone_that_answers_slowly) {
  const auto calm = [](const std::string& use) {
    return nlohmann::json::parse(
        run_simulation(
            fleet_with(use, {"spec.timeline=[]", "spec.duration=5min", "spec.demand.rate=12/s",
                             "spec.clients[*].answer={mean: 600}"}),
            {})
            .summary_json)["requests"];
  };
  EXPECT_EQ(calm("adaptive_throttling"), calm(""));
}

// Far more than twice what is accepted.
TEST(adaptive_throttling, takes_load_off_an_overloaded_fleet) {
  const std::vector<std::string> five_times{"spec.demand.rate=200/s"};
  const auto without = overload("", five_times);
  const auto with = overload("adaptive_throttling, window: 10s", five_times);
  EXPECT_LT(number(with, "attempts", "total"), 0.7 * number(without, "attempts", "total"));
}

}  // namespace test_adaptive_throttling
}  // namespace stampede::test
