// CLOSED -half of at least 20 calls in 10 s failed-> OPEN -5 s-> one probe -> CLOSED or OPEN
// (Hystrix).
#include "models/clients/client_breakers.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_hystrix_breaker {

struct Breaker {
  ClientBreakers breakers{people_with("hystrix_breaker").breaker, 1};
  bool allow(Duration at) { return breakers.allow(0, Instant{} + at); }
  bool record(Duration at, bool failed) { return breakers.record(0, Instant{} + at, failed, 1_s); }
};

TEST(hystrix_breaker, opens_at_half_of_twenty_calls) {
  Breaker b;
  for (int k = 0; k < 20; ++k) EXPECT_EQ(b.record(0_s, k % 2 == 1), k == 19) << k;
  EXPECT_FALSE(b.allow(4_s));
  Breaker old;
  for (int k = 0; k < 19; ++k) old.record(0_s, true);
  EXPECT_FALSE(old.record(10_s, true));  // the others have left the window
}

TEST(hystrix_breaker, one_probe_decides) {
  for (const bool fails : {true, false}) {
    Breaker b;
    for (int k = 0; k < 20; ++k) b.record(0_s, true);
    EXPECT_TRUE(b.allow(5_s));
    EXPECT_FALSE(b.allow(5_s));  // it is out
    b.record(6_s, fails);
    EXPECT_EQ(b.allow(7_s), !fails);
    EXPECT_TRUE(b.allow(11_s));
  }
}

TEST(hystrix_breaker, keeps_requests_from_an_overloaded_fleet) {
  const auto sent = [](const std::string& use) {
    return number(overload(use, {"spec.clients[*].processes=4", "spec.gateway.max_queue=1"}),
                  "attempts", "total");
  };
  EXPECT_LT(sent("hystrix_breaker"), 0.8 * sent(""));
}

}  // namespace test_hystrix_breaker
}  // namespace stampede::test
