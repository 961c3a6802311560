// CLOSED -a tenth of at least 100 calls in 30 s failed-> OPEN -5 s-> one probe -> CLOSED or OPEN
// (Polly).
#include "models/clients/client_breakers.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_polly_breaker {

struct Breaker {
  ClientBreakers breakers{people_with("polly_breaker").breaker, 1};
  bool allow(Duration at) { return breakers.allow(0, Instant{} + at); }
  bool record(Duration at, bool failed) { return breakers.record(0, Instant{} + at, failed, 1_s); }
};

TEST(polly_breaker, opens_at_a_tenth_of_a_hundred_calls) {
  Breaker b;
  for (int k = 0; k < 100; ++k) EXPECT_EQ(b.record(0_s, k % 10 == 9), k == 99) << k;
  Breaker fine;
  for (int k = 0; k < 1000; ++k) EXPECT_FALSE(fine.record(0_s, k % 12 == 11)) << k;
}

TEST(polly_breaker, looks_back_half_a_minute) {
  for (const Duration later : {29_s, 30_s}) {
    Breaker b;
    for (int k = 0; k < 99; ++k) b.record(0_s, true);
    EXPECT_EQ(b.record(later, true), later == 29_s) << later.seconds();
  }
}

TEST(polly_breaker, one_probe_decides) {
  for (const bool fails : {true, false}) {
    Breaker b;
    for (int k = 0; k < 100; ++k) b.record(0_s, true);
    EXPECT_FALSE(b.allow(4_s));
    EXPECT_TRUE(b.allow(5_s));
    EXPECT_FALSE(b.allow(5_s));
    b.record(6_s, fails);
    EXPECT_EQ(b.allow(7_s), !fails);
  }
}

TEST(polly_breaker, keeps_requests_from_an_overloaded_fleet) {
  const auto sent = [](const std::string& use) {
    return number(overload(use, {"spec.clients[*].processes=4"}), "attempts", "total");
  };
  EXPECT_LT(sent("polly_breaker"), 0.8 * sent(""));
}

}  // namespace test_polly_breaker
}  // namespace stampede::test
