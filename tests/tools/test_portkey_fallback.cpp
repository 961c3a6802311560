// Five retries, 1, 2, 4, 8 and 16 s apart, Retry-After up to 60 s, then another provider (Portkey).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_portkey_fallback {

TEST(portkey_fallback, doubles_its_delays_five_times) {
  const Waits waits = waits_of(programs_with("portkey_fallback"));
  ASSERT_EQ(waits.before.size(), 5U);
  for (std::size_t k = 0; k < 5; ++k) expect_all(waits.before[k], static_cast<double>(1 << k));
}

TEST(portkey_fallback, gives_up_at_a_wait_beyond_a_minute) {
  const auto waits = [](Duration after) {
    return waits_of(programs_with("portkey_fallback"), {Outcome::kRejected429, after, kNoIncident});
  };
  expect_all(waits(60_s).before.at(0), 60);
  EXPECT_EQ(waits(61_s).retries(), 0U);
}

TEST(portkey_fallback, answers_elsewhere_what_fails_here) {
  const auto summary = overload("portkey_fallback");
  EXPECT_GT(number(summary, "requests", "served_elsewhere"), 1000);
  EXPECT_LT(number(summary, "requests", "failed"), 1);
}

}  // namespace test_portkey_fallback
}  // namespace stampede::test
