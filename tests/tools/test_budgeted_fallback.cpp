// Each request allows a tenth of a fallback, ten can be saved up; all clients have another
// provider.
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_budgeted_fallback {

// Of about 1,000 requests, all refused: how many are answered elsewhere, and how many there were.
std::pair<double, double> elsewhere(const std::string& use) {
  ClientClassParams params = Clients::single_turn();
  params.fallback = people_with(use).fallback;
  Clients clients(params);
  clients.server.admission = {Outcome::kRejected503, {}, kNoIncident};
  clients.run(300_s);
  return {static_cast<double>(clients.ended(Outcome::kServedElsewhere)),
          static_cast<double>(clients.offered())};
}

// A tenth of them and the ten of the beginning, the first of which find the bucket full.
TEST(budgeted_fallback, hands_on_a_tenth_when_all_fail) {
  const auto [served, offered] = elsewhere("budgeted_fallback");
  EXPECT_GT(offered, 900);
  EXPECT_NEAR(served, 0.1 * offered + 10, 1.5);
  EXPECT_EQ(elsewhere("budgeted_fallback, budget: 0%, burst: 3").first, 3);
}

TEST(budgeted_fallback, hands_on_all_without_a_bound) {
  const auto [served, offered] = elsewhere("budgeted_fallback, budget: 100%");
  EXPECT_EQ(served, offered);
}

// Far less goes elsewhere than without a budget.
TEST(budgeted_fallback, does_not_hand_the_herd_on) {
  const double all =
      number(overload("provider_fallback, share: 100%"), "requests", "served_elsewhere");
  const auto some = overload("budgeted_fallback");
  EXPECT_LT(number(some, "requests", "served_elsewhere"), 0.5 * all);
  // Of each of the two classes a tenth, and what was saved up; less while little fails.
  EXPECT_LE(number(some, "requests", "served_elsewhere"),
            0.1 * number(some, "requests", "offered") + 20);
}

}  // namespace test_budgeted_fallback
}  // namespace stampede::test
