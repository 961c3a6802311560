// Origin validation against hijacks and Only-To-Customer against leaks, by how many networks do it.
#include <gtest/gtest.h>

#include "models/network/bgp.h"
#include "models/network/network.h"

namespace stampede {
namespace test_route_validation {

constexpr RegionId kApac = 0, kNa = 1;

struct Net {
  World world{1};
  Network network;
  IncidentId root = world.incident("fault", "test", {}, "");
  explicit Net(double rov, double otc, bool roas = true)
      : network(world,
                [&] {
                  NetworkParams p;
                  p.bgp.rov_fraction = {rov};
                  p.bgp.otc_fraction = {otc};
                  p.roas = roas;
                  return p;
                }(),
                {{"apac", ""}, {"na", ""}, {"eu", ""}}) {}
  void settle() { world.scheduler.run_until(world.now() + 10_min); }
  // Client networks whose packets to apac end elsewhere.
  u32 lost() const {
    u32 count = 0;
    for (ClientNetwork c = 0; c < network.client_networks(); ++c)
      count += network.path(c, kApac).reach != Reach::kReachable;
    return count;
  }
};

u32 lost_to_a_hijack(double rov, bool roas = true) {
  Net n(rov, 0, roas);
  EXPECT_EQ(n.lost(), 0u);
  n.network.hijack_prefixes({kApac, {1}, kNa}, n.root);
  n.settle();
  return n.lost();
}

TEST(route_validation, the_more_networks_validate_origins_the_less_a_hijack_draws) {
  const u32 none = lost_to_a_hijack(0), half = lost_to_a_hijack(0.5), all = lost_to_a_hijack(1);
  EXPECT_GT(none, 0u);
  EXPECT_LT(half, none);
  EXPECT_EQ(all, 0u);
  EXPECT_EQ(lost_to_a_hijack(1, false), none);  // nobody has said who may announce them
}

// How many tables hold another route than before.
u32 moved_by_a_leak(double otc) {
  Net n(0, otc);
  const Bgp& bgp = n.network.bgp();
  std::vector<std::vector<u32>> before;
  const auto each = [&](const auto& look) {
    for (AsIndex as = 0; as < bgp.size(); ++as)
      for (PrefixIndex p = 0; p < bgp.prefixes().size(); ++p) look(as, p);
  };
  each([&](AsIndex as, PrefixIndex p) { before.push_back(bgp.best_path(as, p)); });
  RouteLeak leak;
  leak.region = kApac;
  EXPECT_NE(n.network.leak_routes(leak, n.root), kNoRoutes);
  n.settle();
  u32 moved = 0;
  std::size_t at = 0;
  each([&](AsIndex as, PrefixIndex p) { moved += bgp.best_path(as, p) != before[at++]; });
  return moved;
}

TEST(route_validation, the_more_networks_mark_routes_the_less_a_leak_moves) {
  const u32 none = moved_by_a_leak(0), half = moved_by_a_leak(0.5), all = moved_by_a_leak(1);
  EXPECT_GT(none, 0u);
  EXPECT_LE(half, none);
  EXPECT_EQ(all, 0u);
}

}  // namespace test_route_validation
}  // namespace stampede
