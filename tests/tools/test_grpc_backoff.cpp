// U(0.8, 1.2) min(1 s, 0.1 s 2^(k-1)), four attempts, never more than five (gRFC A6).
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_grpc_backoff {

TEST(grpc_backoff, is_exponential_with_a_fifth_of_jitter) {
  const Waits waits = waits_of(programs_with("grpc_backoff"));
  ASSERT_EQ(waits.before.size(), 3U);
  double e = 0.1;
  for (const auto& each : waits.before) {
    expect_uniform(each, 0.8 * e, 1.2 * e);
    e = std::min(1.0, 2 * e);
  }
  EXPECT_EQ(waits_of(programs_with("grpc_backoff, attempts: 9")).before.size(), 4U);
}

TEST(grpc_backoff, waits_exactly_as_long_as_the_server_says) {
  const Waits waits =
      waits_of(programs_with("grpc_backoff"), {Outcome::kRejected503, 7_s, kNoIncident});
  for (const auto& each : waits.before) expect_all(each, 7);
}

}  // namespace test_grpc_backoff
}  // namespace stampede::test
