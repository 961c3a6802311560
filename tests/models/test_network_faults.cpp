// Faults of ways, links and routes on the network alone, and what loss does to a connection.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/network/bgp.h"
#include "models/network/network.h"
#include "models/network/transport.h"

namespace stampede {
namespace test_network_faults {

const std::vector<NetworkRegion> kRegions{{"apac"}, {"na"}, {"eu"}};
constexpr RegionId kApac = 0, kNa = 1, kEu = 2;

struct Net {
  World world{1};
  Network network{world, {}, kRegions};
  IncidentId root = world.incident("fault", "test", {}, "");
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  u32 reached(RegionId region) const {
    u32 count = 0;
    for (ClientNetwork c = 0; c < network.client_networks(); ++c)
      count += network.path(c, region).reach == Reach::kReachable;
    return count;
  }
  bool linked(RegionId a, RegionId b) const {
    return network.between(a, b).reach == Reach::kReachable &&
           network.between(b, a).reach == Reach::kReachable;
  }
  const Incident* last(const std::string& kind) const {
    const Incident* found = nullptr;
    for (const Incident& i : world.journal.all())
      if (i.kind == kind) found = &i;
    return found;
  }
};

Ways from_clients(RegionId region) {
  Ways ways;
  ways.region = region;
  ways.from = WayFrom::kClients;
  return ways;
}

// ---- a connection ------------------------------------------------------------------------------
TEST(network_faults, a_long_transfer_is_as_fast_as_mathis_says_and_slower_with_time_outs) {
  const TransportParams p;
  for (const double round_trip : {0.02, 0.1, 0.3}) {
    const double rto = transport::rto(p, round_trip);
    const double mathis = std::sqrt(1.5 / 1e-5) / round_trip;
    EXPECT_NEAR(transport::throughput(1e-5, round_trip, rto), mathis, 0.03 * mathis);
    EXPECT_LT(transport::throughput(0.1, round_trip, rto),
              0.75 * std::sqrt(1.5 / 0.1) / round_trip);
  }
  EXPECT_EQ(transport::throughput(0, 0.1, 0.3), std::numeric_limits<double>::infinity());
}

TEST(network_faults, a_message_waits_for_time_outs_that_double) {
  const TransportParams p;
  const auto delay = [&](double u) { return transport::message_delay(p, u, 1, 0.1, 0.05); };
  EXPECT_EQ(delay(0.11), 0);
  EXPECT_DOUBLE_EQ(delay(0.09), 0.25);
  EXPECT_DOUBLE_EQ(delay(0.009), 0.25 + 0.5);
  EXPECT_DOUBLE_EQ(delay(0.0009), 0.25 + 0.5 + 1);
  EXPECT_EQ(transport::message_delay(p, 0.001, 1000, 0, 0.05), 0);
  // A long one also for its throughput.
  EXPECT_NEAR(transport::message_delay(p, 0.99, 1010, 0.01, 0.1),
              1000 / transport::throughput(0.01, 0.1, 0.3), 1e-9);
}

// ---- ways --------------------------------------------------------------------------------------
TEST(network_faults, cut_from_its_clients_a_region_is_dark_for_them_alone) {
  Net n;
  const u32 fault = n.network.cut_paths(from_clients(kApac), n.root);
  n.run(1_s);
  EXPECT_EQ(n.reached(kApac), 0U);
  EXPECT_EQ(n.reached(kNa), 24U);
  EXPECT_TRUE(n.linked(kApac, kNa));
  EXPECT_EQ(n.network.path(0, kApac).reach, Reach::kBlackHole);
  EXPECT_EQ(n.network.path(0, kApac).cause, n.last("paths_cut")->id);
  EXPECT_EQ(n.last("paths_cut")->causes, std::vector<IncidentId>{n.root});
  EXPECT_EQ(n.network.path(0, kApac).changed, 1U);
  n.network.restore_paths(fault, n.root);
  n.run(1_s);
  EXPECT_EQ(n.reached(kApac), 24U);
  EXPECT_EQ(n.network.path(0, kApac).cause, kNoIncident);
}

TEST(network_faults, regions_are_cut_from_each_other_and_their_clients_see_nothing) {
  Net n;
  Ways ways;
  ways.region = kApac;
  ways.from = WayFrom::kOneRegion;
  ways.other = kEu;
  n.network.cut_paths(ways, n.root);
  n.run(1_s);
  EXPECT_FALSE(n.linked(kApac, kEu));
  EXPECT_TRUE(n.linked(kApac, kNa) && n.linked(kNa, kEu));
  EXPECT_EQ(n.reached(kApac) + n.reached(kNa) + n.reached(kEu), 72U);
  Ways everybody;
  everybody.region = kNa;
  n.network.cut_paths(everybody, n.root);
  n.run(1_s);
  EXPECT_EQ(n.reached(kNa), 0U);
  EXPECT_FALSE(n.linked(kApac, kNa) || n.linked(kNa, kEu));
}

TEST(network_faults, a_smaller_share_of_the_clients_is_part_of_a_larger_one) {
  const auto cut = [](double share, RegionId home) {
    Net n;
    Ways ways = from_clients(kNa);
    ways.share = Share{share};
    ways.home = home;
    n.network.cut_paths(ways, n.root);
    n.run(1_s);
    std::vector<u8> lost;
    for (ClientNetwork c = 0; c < 24; ++c)
      lost.push_back(n.network.path(c, kNa).reach != Reach::kReachable);
    return lost;
  };
  const auto some = cut(0.25, kEu), more = cut(0.5, kEu), all = cut(0.5, kNoRegion);
  EXPECT_EQ(std::count(some.begin(), some.end(), 1), 2);
  EXPECT_EQ(std::count(more.begin(), more.end(), 1), 4);
  EXPECT_EQ(std::count(all.begin(), all.end(), 1), 12);
  for (std::size_t c = 0; c < 24; ++c) EXPECT_TRUE(some[c] <= more[c] && more[c] <= all[c]);
}

TEST(network_faults, of_two_cuts_of_the_same_ways_each_is_to_be_restored) {
  Net n;
  const u32 one = n.network.cut_paths(from_clients(kApac), n.root);
  const u32 two = n.network.cut_paths(from_clients(kApac), n.root);
  n.network.restore_paths(one, n.root);
  n.run(1_s);
  EXPECT_EQ(n.reached(kApac), 0U);
  n.network.restore_paths(two, n.root);
  n.run(1_s);
  EXPECT_EQ(n.reached(kApac), 24U);
}

TEST(network_faults, damage_adds_up_and_ends_one_by_one) {
  Net n;
  const Duration before = n.network.path(0, kApac).round_trip;
  const u32 one = n.network.degrade_paths(from_clients(kApac), {20_ms, {0.1}, {}}, n.root);
  const u32 two = n.network.degrade_paths(from_clients(kApac), {30_ms, {0.1}, {}}, n.root);
  n.run(1_s);
  const PathState& path = n.network.path(0, kApac);
  EXPECT_EQ(path.reach, Reach::kReachable);
  EXPECT_EQ(path.round_trip, before + 100_ms);
  EXPECT_EQ(path.changed, 0U);
  ASSERT_NE(path.harm, nullptr);
  // 1 - 0.9^2 of the segments are lost.
  EXPECT_GT(path.harm->answer_delay(0.185, path.round_trip).ns, 0);
  EXPECT_EQ(path.harm->answer_delay(0.195, path.round_trip).ns, 0);
  n.network.restore_paths(two, n.root);
  n.run(1_s);
  EXPECT_EQ(path.round_trip, before + 40_ms);
  EXPECT_EQ(path.harm->answer_delay(0.105, path.round_trip).ns, 0);
  n.network.restore_paths(one, n.root);
  n.run(1_s);
  EXPECT_EQ(path.round_trip, before);
  EXPECT_EQ(path.harm, nullptr);
}

TEST(network_faults, what_is_offered_beyond_the_bandwidth_is_lost) {
  Net n;
  WayDamage damage;
  damage.bandwidth = Bandwidth{1e6};
  n.network.degrade_paths(from_clients(kApac), damage, n.root);
  n.run(1_s);
  const PathState& path = n.network.path(0, kApac);
  ASSERT_NE(path.harm, nullptr);
  const auto offer = [&](u32 tokens) {  // a second, of 200 B each
    for (int k = 0; k < 600; ++k) {
      path.harm->carry(0, tokens / 10, kNoIncident);
      n.run(100_ms);
    }
  };
  offer(4000);
  EXPECT_EQ(path.harm->answer_delay(0.001, path.round_trip).ns, 0);
  offer(10000);  // twice as much as it carries
  EXPECT_GT(path.harm->answer_delay(0.45, path.round_trip).ns, 0);
  EXPECT_EQ(path.harm->answer_delay(0.55, path.round_trip).ns, 0);
}

// ---- capacities that there always are, and a backbone
// --------------------------------------------
NetworkParams narrow(double bytes_per_second) {
  NetworkParams p;
  WayCapacity c;
  c.name = "router";
  c.region = "apac";
  c.from = "clients";
  c.bandwidth = Bandwidth{bytes_per_second};
  p.capacities.push_back(c);
  p.ibgp.members = {"apac", "na"};
  return p;
}

struct Narrow {
  explicit Narrow(double bytes_per_second) : network(world, narrow(bytes_per_second), kRegions) {}
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  // So many bytes a second by one way.
  void offer(ClientNetwork client, RegionId region, double bytes, Duration d) {
    for (i64 k = 0; k < d.ns / 100'000'000; ++k) {
      const PathState& path = network.path(client, region);
      if (path.harm != nullptr) path.harm->deliver(0.5, bytes / 10, path.round_trip, root);
      run(100_ms);
    }
  }
  u64 count(const std::string& kind) const {
    u64 n = 0;
    for (const Incident& i : world.journal.all()) n += i.kind == kind;
    return n;
  }
  World world{1};
  Network network;
  IncidentId root = world.incident("fault", "test", {}, "");
};

TEST(network_faults, load_itself_saturates_a_capacity_until_it_is_less_or_the_capacity_more) {
  Narrow n(1e6);
  ASSERT_NE(n.network.path(0, kApac).harm, nullptr);
  EXPECT_EQ(n.network.path(0, kNa).harm, nullptr);
  EXPECT_EQ(n.network.between(kNa, kApac).harm, nullptr);
  n.offer(0, kApac, 0.9e6, 5_min);
  EXPECT_EQ(n.world.journal.all().size(), 1U);
  EXPECT_EQ(n.network.path(0, kApac).harm->cause(), kNoIncident);
  n.offer(3, kApac, 2e6, 1_min);
  ASSERT_EQ(n.count("link_saturated"), 1U);
  const Incident& saturated = n.world.journal.all()[1];
  EXPECT_EQ(saturated.causes, std::vector<IncidentId>{n.root});
  EXPECT_EQ(n.network.path(0, kApac).harm->cause(), saturated.id);
  // Half of the segments are lost, for whoever else is on these ways.
  EXPECT_GT(n.network.path(5, kApac).harm->answer_delay(0.45, 10_ms).ns, 0);
  EXPECT_EQ(n.network.path(5, kApac).harm->answer_delay(0.55, 10_ms).ns, 0);
  n.offer(3, kApac, 0.5e6, 2_min);
  EXPECT_EQ(n.count("link_relieved"), 1U);
  n.offer(3, kApac, 2e6, 1_min);
  EXPECT_EQ(n.count("link_saturated"), 2U);
  const_cast<NetworkParams&>(n.network.params()).capacities[0].bandwidth = Bandwidth{4e6};
  n.offer(3, kApac, 2e6, 2_min);
  EXPECT_EQ(n.count("link_relieved"), 2U);
}

TEST(network_faults, a_preferred_site_gets_what_its_backbone_is_brought_and_no_more) {
  Narrow n(1e6);
  const Duration own = n.network.path(0, kNa).round_trip;
  const Duration line = n.network.between(kNa, kApac).round_trip;
  EXPECT_EQ(n.network.prefer_routes(kApac, 100, n.root), kNoWays) << "no more than its own";
  EXPECT_EQ(n.network.prefer_routes(kEu, 200, n.root), kNoWays) << "not on the backbone";
  const u32 fault = n.network.prefer_routes(kApac, 200, n.root);
  ASSERT_NE(fault, kNoWays);
  n.run(1_s);
  const PathState& path = n.network.path(0, kNa);
  EXPECT_EQ(path.round_trip, own + 2 * (line / 2));
  EXPECT_EQ(path.routed, own) << "who is outside does not know";
  EXPECT_EQ(n.network.path(0, kEu).harm, nullptr);
  n.offer(0, kNa, 2e6, 1_min);
  ASSERT_EQ(n.count("link_saturated"), 1U);
  EXPECT_EQ(n.world.journal.all().back().causes,
            std::vector<IncidentId>{n.world.journal.all()[1].id});
  EXPECT_EQ(n.world.journal.all()[1].kind, "routes_preferred");
  EXPECT_GT(n.network.path(1, kApac).harm->answer_delay(0.45, 10_ms).ns, 0);
  n.network.restore_paths(fault, n.root);
  n.run(1_s);
  EXPECT_EQ(path.round_trip, own);
  EXPECT_EQ(path.harm, nullptr);
}

TEST(network_faults, routes_to_own_servers_that_are_preferred_more_end_a_detour) {
  Narrow n(1e6);
  n.network.prefer_routes(kApac, 200, n.root);
  n.run(1_s);
  EXPECT_NE(n.network.path(0, kNa).harm, nullptr);
  const_cast<NetworkParams&>(n.network.params()).ibgp.server_preference = 250;
  n.network.retuned({"network.ibgp.server_preference", n.root});
  n.run(1_s);
  EXPECT_EQ(n.network.path(0, kNa).harm, nullptr);
}

// ---- links, sessions, routes -------------------------------------------------------------------
TEST(network_faults, failed_links_are_dark_until_the_hold_time_and_then_gone) {
  Net n;
  const u64 tables = n.network.bgp().digest();
  const IncidentId failed = n.network.fail_links(kApac, {0, 1, 2}, n.root);
  n.run(1_s);
  const ClientNetwork far = 8;  // at home in na
  EXPECT_EQ(n.reached(kApac), 0U);
  EXPECT_EQ(n.network.path(far, kApac).reach, Reach::kBlackHole);
  EXPECT_EQ(n.network.path(far, kApac).cause, n.last("links_failed")->id);
  n.run(10_min);
  EXPECT_EQ(n.reached(kApac), 0U);
  EXPECT_EQ(n.network.path(far, kApac).reach, Reach::kNoRoute);
  EXPECT_EQ(n.network.path(far, kApac).cause, n.last("links_failed")->id);
  EXPECT_EQ(n.reached(kNa), 24U);
  n.network.repair_links(failed, n.root);
  n.run(10_min);
  EXPECT_EQ(n.reached(kApac), 24U);
  EXPECT_EQ(n.network.bgp().digest(), tables);
}

TEST(network_faults, one_failed_link_of_three_is_routed_around) {
  Net n;
  const u64 tables = n.network.bgp().digest();
  const IncidentId first = n.network.fail_links(kApac, {0}, n.root);
  const IncidentId second = n.network.fail_links(kApac, {0}, n.root);
  n.run(10_min);
  EXPECT_EQ(n.reached(kApac), 24U);
  n.network.repair_links(first, n.root);
  n.run(10_min);
  EXPECT_NE(n.network.bgp().digest(), tables);  // it has failed twice
  EXPECT_EQ(n.last("links_repaired"), nullptr);
  n.network.repair_links(second, n.root);
  n.run(10_min);
  EXPECT_EQ(n.network.bgp().digest(), tables);
  ASSERT_NE(n.last("links_repaired"), nullptr);
  EXPECT_EQ(n.last("links_repaired")->causes, (std::vector<IncidentId>{n.root, first, second}));
}

// What one of two failures gives back while the other one holds a link eases it.
TEST(network_faults, links_that_fail_twice_are_eased_and_then_repaired) {
  Net n;
  const IncidentId all = n.network.fail_links(kApac, {0, 1, 2}, n.root);
  const IncidentId one = n.network.fail_links(kApac, {0}, n.root);
  n.network.repair_links(all, n.root);
  EXPECT_EQ(n.last("links_repaired"), nullptr);
  ASSERT_NE(n.last("fault_eased"), nullptr);
  EXPECT_EQ(n.last("fault_eased")->causes, (std::vector<IncidentId>{n.root, all}));
  n.network.repair_links(one, n.root);
  ASSERT_NE(n.last("links_repaired"), nullptr);
  EXPECT_EQ(n.last("links_repaired")->causes, (std::vector<IncidentId>{n.root, all, one}));
  n.run(10_min);
  EXPECT_EQ(n.reached(kApac), 24U);
}

TEST(network_faults, reset_sessions_come_back_by_themselves) {
  Net n;
  const u64 tables = n.network.bgp().digest();
  n.network.reset_sessions(kApac, {0, 1, 2}, n.root);
  n.run(30_s);
  EXPECT_LT(n.reached(kApac), 24U);
  n.run(10_min);
  EXPECT_EQ(n.reached(kApac), 24U);
  EXPECT_EQ(n.network.bgp().digest(), tables);
}

TEST(network_faults, a_leak_draws_traffic_and_ends_without_a_trace) {
  Net n;
  const u64 tables = n.network.bgp().digest();
  std::vector<Duration> before;
  for (ClientNetwork c = 0; c < 24; ++c)
    for (RegionId r = 0; r < 3; ++r) before.push_back(n.network.path(c, r).round_trip);
  RouteLeak leak;
  leak.region = kApac;
  leak.bandwidth = Bandwidth{1e6};
  const u32 id = n.network.leak_routes(leak, n.root);
  ASSERT_NE(id, kNoRoutes);
  n.run(10_min);
  u32 moved = 0, harmed = 0;
  for (ClientNetwork c = 0; c < 24; ++c)
    for (RegionId r = 0; r < 3; ++r) {
      moved += n.network.path(c, r).round_trip != before[c * 3u + r];
      harmed += n.network.path(c, r).harm != nullptr && r != kApac;
      EXPECT_EQ(n.network.path(c, r).reach, Reach::kReachable);
    }
  EXPECT_GT(moved, 0U);
  EXPECT_GT(harmed, 0U);  // what passes through it shares its capacity
  n.network.stop_leak(id, n.root);
  n.run(10_min);
  EXPECT_EQ(n.network.bgp().digest(), tables);
  for (ClientNetwork c = 0; c < 24; ++c)
    for (RegionId r = 0; r < 3; ++r) {
      EXPECT_EQ(n.network.path(c, r).round_trip, before[c * 3u + r]);
      EXPECT_EQ(n.network.path(c, r).harm, nullptr);
    }
}

// Repaired before the hold time is over, a link has lost nothing if nothing was sent.
TEST(network_faults, a_short_silence_ends_no_session) {
  Net n;
  const IncidentId failed = n.network.fail_links(kApac, {0, 1, 2}, n.root);
  n.run(30_s);
  n.network.repair_links(failed, n.root);
  n.run(1_s);
  EXPECT_EQ(n.reached(kApac), 24U);
  n.run(5_min);
  EXPECT_EQ(n.reached(kApac), 24U);
  EXPECT_EQ(n.network.bgp().stats().withdrawals, 0U);
}

TEST(network_faults, a_hijack_draws_a_part_of_the_clients_into_the_dark) {
  Net n;
  const u64 tables = n.network.bgp().digest();
  const u32 id = n.network.hijack_prefixes({kApac, {1}, kNa}, n.root);
  ASSERT_NE(id, kNoRoutes);
  n.run(10_min);
  EXPECT_LT(n.reached(kApac), 24U);
  EXPECT_GT(n.reached(kApac), 0U);
  EXPECT_EQ(n.reached(kNa), 24U);
  for (ClientNetwork c = 0; c < 24; ++c) {
    if (n.network.path(c, kApac).reach == Reach::kReachable) continue;
    EXPECT_EQ(n.network.path(c, kApac).reach, Reach::kBlackHole);
    EXPECT_EQ(n.network.path(c, kApac).cause, n.last("prefixes_hijacked")->id);
  }
  EXPECT_EQ(n.last("prefix_withdrawn"), nullptr);  // nobody has withdrawn them
  n.network.end_hijack(id, n.root);
  n.run(10_min);
  EXPECT_EQ(n.reached(kApac), 24U);
  EXPECT_EQ(n.network.bgp().digest(), tables);
}

// Whatever BGP makes of a session that comes back while routes leak: what is lost says why.
TEST(network_faults, a_link_that_heals_under_a_leak_leaves_no_path_lost_without_a_cause) {
  NetworkParams params;
  params.client_networks_per_region = 4;
  for (u64 seed = 1; seed <= 3; ++seed) {
    World world(seed);
    Network network(world, params, {{"a"}, {"b"}, {"c"}, {"d"}});
    const IncidentId root = world.incident("fault", "test", {}, "");
    u64 lost = 0;
    const auto run_until = [&](i64 second) {
      while (world.now() < Instant{} + 1_s * second) {
        world.scheduler.run_until(world.now() + 1_s);
        for (RegionId r = 0; r < 4; ++r) {
          for (RegionId other = 0; other < 4; ++other)
            if (const PathState& way = network.between(r, other); way.reach != Reach::kReachable) {
              ++lost;
              ASSERT_NE(way.cause, kNoIncident) << seed;
            }
          for (ClientNetwork c = 0; c < network.client_networks(); ++c) {
            const PathState& path = network.path(c, r);
            ASSERT_TRUE(path.reach == Reach::kReachable || path.cause != kNoIncident) << seed;
          }
        }
      }
    };
    std::vector<u32> links;
    for (u32 k = 0; k < network.links(1); ++k) links.push_back(k);
    run_until(599);
    const IncidentId failed = network.fail_links(1, links, root);
    run_until(1052);
    RouteLeak leak;
    leak.region = 1;
    network.leak_routes(leak, root);
    run_until(1319);
    network.repair_links(failed, root);
    run_until(1600);
    EXPECT_GT(lost, 0U);
  }
}

// A path that is whole again knows what mended it.
TEST(network_faults, what_is_reached_again_says_what_mended_it) {
  Net n;
  const u32 fault = n.network.cut_paths(from_clients(kApac), n.root);
  n.run(1_s);
  EXPECT_EQ(n.network.path(0, kApac).mended_by, kNoIncident);
  n.network.restore_paths(fault, n.root);
  n.run(1_s);
  EXPECT_EQ(n.network.path(0, kApac).mended_by, n.last("paths_restored")->id);
  EXPECT_EQ(n.network.path(0, kNa).mended_by, kNoIncident);
  n.network.push_policy(kApac, ExportPolicy{}, n.root);
  n.run(2_min);
  ASSERT_EQ(n.reached(kApac), 0U);
  n.network.restore_policy(kApac, n.root);
  n.run(2_min);
  ASSERT_EQ(n.reached(kApac), 24U);
  EXPECT_EQ(n.network.path(0, kApac).mended_by, n.last("prefix_restored")->id);
}

}  // namespace test_network_faults
}  // namespace stampede
