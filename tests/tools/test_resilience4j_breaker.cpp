// CLOSED -50 of 100 calls failed-> OPEN -60 s-> HALF_OPEN -10 calls-> CLOSED or OPEN
// (resilience4j).
#include "models/clients/client_breakers.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_resilience4j_breaker {

struct Breaker {
  ClientBreakers breakers{people_with("resilience4j_breaker").breaker, 1};
  bool allow(Duration at) { return breakers.allow(0, Instant{} + at); }
  bool record(Duration at, bool failed) { return breakers.record(0, Instant{} + at, failed, 1_s); }
};

TEST(resilience4j_breaker, opens_at_half_of_the_last_hundred) {
  Breaker b;
  for (int k = 0; k < 100; ++k) {
    ASSERT_TRUE(b.allow(0_s));
    EXPECT_EQ(b.record(0_s, k % 2 == 1), k == 99) << k;  // not before there are a hundred
  }
  EXPECT_FALSE(b.allow(59_s));
  Breaker fine;
  for (int k = 0; k < 1000; ++k) EXPECT_FALSE(fine.record(0_s, k % 100 < 49)) << k;
}

TEST(resilience4j_breaker, ten_calls_decide_when_it_is_half_open) {
  for (const int failures : {4, 5}) {
    Breaker b;
    for (int k = 0; k < 100; ++k) b.record(0_s, true);
    for (int k = 0; k < 10; ++k) ASSERT_TRUE(b.allow(60_s)) << k;
    EXPECT_FALSE(b.allow(60_s));  // the eleventh
    for (int k = 0; k < 10; ++k) b.record(61_s, k < failures);
    EXPECT_EQ(b.allow(62_s), failures < 5);
    EXPECT_EQ(b.allow(121_s), true);  // 60 s after it opened again
  }
}

// Half of all requests fail here: the breakers of the client processes open, and less is sent.
TEST(resilience4j_breaker, keeps_requests_from_an_overloaded_fleet) {
  const auto sent = [](const std::string& use) {
    return number(overload(use, {"spec.clients[*].processes=4", "spec.gateway.max_queue=1"}),
                  "attempts", "total");
  };
  EXPECT_LT(sent("resilience4j_breaker"), 0.8 * sent(""));
}

}  // namespace test_resilience4j_breaker
}  // namespace stampede::test
