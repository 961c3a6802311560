// A pod has at most ceil(1.25 x attempts / pods) attempts in flight; then the next on the ring.
#include "models/balancing/replica_choice.h"
#include "tests/tools/policy_fixture.h"

namespace stampede::test {
namespace test_bounded_load_hash {

std::unique_ptr<ReplicaChoice> choice(const std::string& use, World& world, ActiveCounts& active) {
  return make_live_choice(
      std::make_shared<ReplicaChoiceParams>(fleet_with(use).spec.replica_choice), world, "east",
      active);
}

TEST(bounded_load_hash, no_pod_has_more_than_its_bound) {
  World world{1};
  ActiveCounts active{std::vector<u32>(10), 0};
  const auto ring = choice("bounded_load_hash", world, active);
  ring->set_endpoints({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  for (u64 k = 0; k < 400; ++k) {
    const u32 pod = ring->pick(k % 7, 0);  // seven busy sessions
    ++active.total;
    ASSERT_LE(++active.by_pod[pod], std::ceil(1.25 * static_cast<double>(active.total) / 10)) << k;
  }
}

TEST(bounded_load_hash, a_session_stays_while_there_is_room) {
  World world{1};
  ActiveCounts active{std::vector<u32>(10, 5), 50};
  const auto ring = choice("bounded_load_hash", world, active);
  const auto plain = choice("ring_hash", world, active);
  for (const auto& each : {ring.get(), plain.get()})
    each->set_endpoints({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  for (u64 k = 0; k < 100; ++k) EXPECT_EQ(ring->pick(k, 0), plain->pick(k, 0));
}

}  // namespace test_bounded_load_hash
}  // namespace stampede::test
