// The network component: quiet without a cause, dark at once after a withdrawal, back after it.
#include <gtest/gtest.h>

#include <iostream>

#include "models/network/as_graph.h"
#include "models/network/bgp.h"
#include "models/network/network.h"

namespace stampede {
namespace test_network {

const std::vector<NetworkRegion> kRegions{{"apac"}, {"na"}, {"eu"}};

u32 reached(const Network& network, RegionId region) {
  u32 count = 0;
  for (ClientNetwork c = 0; c < network.client_networks(); ++c)
    count += network.path(c, region).reach == Reach::kReachable;
  return count;
}

struct Listener : PathListener {
  std::vector<RegionId> told;
  void paths_changed(RegionId region) override { told.push_back(region); }
};

TEST(network, starts_converged_and_stays_so_without_a_cause) {
  World world(1);
  Network network(world, {}, kRegions);
  Listener listener;
  network.add_listener(&listener);
  EXPECT_EQ(network.client_networks(), 24);
  for (RegionId r = 0; r < 3; ++r) EXPECT_EQ(reached(network, r), 24u);
  world.scheduler.run_until(Instant{} + 10_h);
  EXPECT_EQ(world.scheduler.handled(), 0u);
  EXPECT_TRUE(world.journal.all().empty());
  EXPECT_TRUE(listener.told.empty());
  for (ClientNetwork c = 0; c < 24; ++c)
    for (RegionId r = 0; r < 3; ++r) {
      EXPECT_EQ(network.path(c, r).changed, 0u);
      EXPECT_GT(network.path(c, r).round_trip.ns, 0);
    }
}

TEST(network, on_a_backbone_of_their_own_regions_reach_each_other_whatever_is_announced) {
  World world(1);
  NetworkParams params;
  params.backbone = true;
  Network network(world, params, kRegions);
  for (RegionId r = 0; r < 3; ++r) network.push_policy(r, {}, kNoIncident);
  world.scheduler.run_until(Instant{} + 10_min);
  for (RegionId r = 0; r < 3; ++r) EXPECT_EQ(reached(network, r), 0U);
  EXPECT_EQ(network.between(0, 1).reach, Reach::kReachable);
  EXPECT_EQ(network.between(0, 1).round_trip, 160_ms);
  const u32 cut = network.cut_paths({}, kNoIncident);
  world.scheduler.run_until(Instant{} + 11_min);
  EXPECT_NE(network.between(0, 1).reach, Reach::kReachable);
  network.restore_paths(cut, kNoIncident);
  world.scheduler.run_until(Instant{} + 12_min);
  EXPECT_EQ(network.between(0, 1).reach, Reach::kReachable);
}

TEST(network, weights_sum_to_one_in_each_region) {
  World world(1);
  Network network(world, {}, kRegions);
  double sum[3] = {};
  for (ClientNetwork c = 0; c < network.client_networks(); ++c)
    sum[network.home(c)] += network.weight(c);
  for (const double s : sum) EXPECT_NEAR(s, 1, 1e-12);
}

TEST(network, a_withdrawal_breaks_data_at_once_and_a_restore_brings_it_back) {
  World world(1);
  Network network(world, {}, kRegions);
  world.scheduler.run_until(Instant{} + 10_min);
  EXPECT_FALSE(network.prefix_withdrawn().holds);
  const IncidentId pushed = network.push_policy(0, {}, kNoIncident);
  EXPECT_TRUE(network.prefix_withdrawn().holds);
  EXPECT_EQ(network.prefix_withdrawn().shown_by, std::vector<IncidentId>{pushed});
  world.scheduler.run_until(Instant{} + 10_min + 3_s);
  EXPECT_EQ(reached(network, 0), 0u);  // though the speakers still look for paths
  EXPECT_EQ(reached(network, 1), 24u);
  EXPECT_EQ(reached(network, 2), 24u);
  EXPECT_NE(network.between(1, 0).reach, Reach::kReachable);
  EXPECT_EQ(network.between(0, 1).reach, Reach::kBlackHole);  // no way back
  EXPECT_EQ(network.between(1, 2).reach, Reach::kReachable);
  const std::vector<Incident>& all = world.journal.all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].kind, "prefix_withdrawn");
  EXPECT_EQ(all[1].causes, std::vector<IncidentId>{pushed});
  for (ClientNetwork c = 0; c < 24; ++c) {
    EXPECT_EQ(network.path(c, 0).cause, all[1].id);
    EXPECT_EQ(network.path(c, 0).changed, 1u);
  }
  world.scheduler.run_until(Instant{} + 1_h);
  EXPECT_EQ(reached(network, 0), 0u);
  for (ClientNetwork c = 0; c < 24; ++c)
    EXPECT_EQ(network.path(c, 0).reach, Reach::kNoRoute);  // no ghost is left
  const IncidentId repair = world.incident("operator", "test", {}, "");
  network.restore_policy(0, repair);
  EXPECT_FALSE(network.prefix_withdrawn().holds);
  world.scheduler.run_until(Instant{} + 2_h);
  EXPECT_EQ(reached(network, 0), 24u);
  EXPECT_EQ(all.back().kind, "prefix_restored");
  const Incident& restored = all[all.size() - 2];
  EXPECT_EQ(all.back().causes, std::vector<IncidentId>{restored.id});
  EXPECT_EQ(restored.kind, "policy_restored");  // what was pushed, what it did, who wants it undone
  EXPECT_EQ(restored.causes, (std::vector<IncidentId>{pushed, all[1].id, repair}));
  EXPECT_EQ(world.scheduler.pending_count(), 0u);
}

// Of two pushes the later one holds; whichever is taken back, the other one is what is left.
TEST(network, of_two_pushes_each_is_taken_back_by_itself) {
  const ExportPolicy half{ExportChoice::kNone, {0.5}, true}, none{ExportChoice::kNone, {1.0}, true};
  for (const bool later_first : {true, false}) {
    World world(1);
    Network network(world, {}, kRegions);
    const auto after = [&](u32 wanted, const char* what) {
      world.scheduler.run_until(world.now() + 1_h);
      EXPECT_EQ(reached(network, 0), wanted) << what << (later_first ? " later first" : "");
    };
    const IncidentId first = network.push_policy(0, half, kNoIncident);
    world.scheduler.run_until(world.now() + 1_h);
    const u32 some = reached(network, 0);
    ASSERT_GT(some, 0u);
    ASSERT_LT(some, 24u);
    const IncidentId second = network.push_policy(0, none, kNoIncident);
    after(0, "both");
    const IncidentId gone = later_first ? second : first, left = later_first ? first : second;
    const auto last = [&](const char* kind) {
      Incident found;
      for (const Incident& i : world.journal.all())
        if (i.kind == kind) found = i;
      return found;
    };
    const IncidentId healed = world.incident("healed", "changes", {gone}, "");
    network.take_back(0, gone, healed);
    after(later_first ? some : 0, "one");
    EXPECT_EQ(network.prefix_withdrawn().shown_by, std::vector<IncidentId>{left});
    EXPECT_EQ(last("policy_restored").id, kNoIncident);
    // The later one held more: without it less is wrong. The earlier one held nothing any more.
    EXPECT_EQ(last("fault_eased").causes,
              later_first ? (std::vector<IncidentId>{second, healed}) : std::vector<IncidentId>{});
    network.take_back(0, left, kNoIncident);
    after(24, "none");
    EXPECT_EQ(last("policy_pushed").id, second);  // neither goes out as another push
    const std::vector<IncidentId> causes = last("policy_restored").causes;
    EXPECT_EQ(std::count(causes.begin(), causes.end(), left), 1);
    EXPECT_EQ(std::count(causes.begin(), causes.end(), gone), 0);
    EXPECT_FALSE(network.prefix_withdrawn().holds);
    network.take_back(0, first, kNoIncident);
    after(24, "nothing to take back");
  }
}

TEST(network, ghost_routes_outlive_the_data) {
  World world(1);
  Network network(world, {}, kRegions);
  network.push_policy(0, {}, kNoIncident);
  u32 loops = 0;  // ghosts that point at each other
  for (i64 step = 0; step < 200; ++step) {
    world.scheduler.run_until(Instant{} + 1_s + step * 5_ms);
    for (ClientNetwork c = 0; c < 24; ++c) loops += network.path(c, 0).reach == Reach::kBlackHole;
  }
  EXPECT_GT(loops, 0u);
  world.scheduler.run_until(Instant{} + 20_s);
  EXPECT_EQ(reached(network, 0), 0u);
  u32 ghosts = 0;
  for (AsIndex as = 0; as < network.graph().size(); ++as)
    ghosts +=
        as != network.origin(0) && network.bgp().forwarding(as, network.prefix(0, 0)) != kNoSession;
  EXPECT_GT(ghosts, 20u);
}

// The generated graph stands for the real one: mean time until an AS has lost the route.
TEST(network, generated_graph_removes_routes_as_slowly_as_measured) {
  double mean = 0;
  constexpr u64 kSeeds = 8;
  for (u64 seed = 1; seed <= kSeeds; ++seed) {
    World world(seed);
    Network network(world, {}, kRegions);
    network.push_policy(0, {}, kNoIncident);
    const PrefixIndex prefix = network.prefix(0, 0);
    std::vector<double> last(network.graph().size(), 0);
    std::vector<SessionIndex> was(network.graph().size(), kNoSession);
    for (i64 second = 1; second < 900; ++second) {
      world.scheduler.run_until(Instant{} + second * 1_s);
      for (AsIndex as = 0; as < network.graph().size(); ++as) {
        const SessionIndex now = network.bgp().forwarding(as, prefix);
        if (now != was[as]) last[as] = static_cast<double>(second);
        was[as] = now;
      }
    }
    double sum = 0;
    for (const double at : last) sum += at;
    mean += sum / static_cast<double>(last.size()) / kSeeds;
  }
  std::cout << "mean removal " << mean << " s\n";
  EXPECT_NEAR(mean, 121, 40);
}

TEST(network, a_dead_region_is_a_black_hole_while_its_prefixes_stay_announced) {
  World world(1);
  Network network(world, {}, kRegions);
  Listener listener;
  network.add_listener(&listener);
  const IncidentId fire = world.incident("fire", "test", {}, "");
  network.set_alive(2, false, fire);
  world.scheduler.run_until(Instant{} + 1_s);
  for (ClientNetwork c = 0; c < 24; ++c) {
    EXPECT_EQ(network.path(c, 2).reach, Reach::kBlackHole);
    EXPECT_EQ(network.path(c, 2).cause, fire);
  }
  EXPECT_EQ(reached(network, 0), 24u);
  EXPECT_EQ(listener.told, (std::vector<RegionId>{0, 1, 2}));  // the others' paths to region 2
  network.set_alive(2, true, kNoIncident);
  world.scheduler.run_until(Instant{} + 2_s);
  EXPECT_EQ(reached(network, 2), 24u);
  EXPECT_EQ(network.path(0, 2).cause, kNoIncident);
}

TEST(network, same_seed_same_run) {
  u64 handled[2], digest[2], told[2];
  for (int i = 0; i < 2; ++i) {
    World world(5);
    Network network(world, {}, kRegions);
    Listener listener;
    network.add_listener(&listener);
    network.push_policy(1, {}, kNoIncident);
    world.scheduler.run_until(Instant{} + 90_s);
    network.restore_policy(1, kNoIncident);
    world.scheduler.run_until(Instant{} + 1_h);
    handled[i] = world.scheduler.handled();
    digest[i] = network.bgp().digest();
    told[i] = listener.told.size();
  }
  EXPECT_EQ(handled[0], handled[1]);
  EXPECT_EQ(digest[0], digest[1]);
  EXPECT_EQ(told[0], told[1]);
}

TEST(network, one_push_and_its_repair_leave_the_tables_as_they_were) {
  for (u64 seed = 1; seed <= 5; ++seed) {
    World world(seed);
    Network network(world, {}, kRegions);
    const u64 before = network.bgp().digest();
    network.push_policy(0, {}, kNoIncident);
    world.scheduler.run_until(Instant{} + 45_s);  // amid path exploration
    network.restore_policy(0, kNoIncident);
    world.scheduler.run_until(Instant{} + 1_h);
    EXPECT_EQ(network.bgp().digest(), before) << "seed " << seed;
    EXPECT_EQ(reached(network, 0), 24u);
  }
}

TEST(network, latencies_set_the_round_trips) {
  NetworkParams params;
  params.latencies = {{"apac", "na", 10_ms}, {"na", "eu", 200_ms}};
  params.link_spread = {0};
  World world(1);
  Network network(world, params, kRegions);
  EXPECT_LT(network.between(0, 1).round_trip, network.between(1, 2).round_trip);
  EXPECT_EQ(network.between(1, 1).round_trip, Duration{});
  double near = 0, far = 0;
  for (ClientNetwork c = 0; c < 24; ++c)
    (network.home(c) == 1 ? near : far) += network.path(c, 1).round_trip.seconds();
  EXPECT_LT(near / 8, far / 16);
}

TEST(network, takes_a_read_graph_and_regions_without_ases) {
  AsGraph graph;
  graph.add_link(1, 2, LinkKind::kProviderToCustomer);
  graph.add_link(1, 3, LinkKind::kProviderToCustomer);
  World world(1);
  NetworkParams params;
  params.graph = std::make_shared<const AsGraph>(graph);
  Network network(world, params, kRegions);
  for (RegionId r = 0; r < 3; ++r) EXPECT_EQ(reached(network, r), 24u);
}

// An operator who acts last within an instant, on a network without any delay of its own.
struct Operator : Component {
  Operator(World& w, Network& n) : world(w), network(n), id(w.scheduler.add(this)) {}
  void handle(const Event& event) override {
    if (event.kind == 0) network.push_policy(0, {}, kNoIncident);
    if (event.kind == 1) network.restore_policy(0, kNoIncident);
    if (event.kind == 2) network.set_alive(1, false, kNoIncident);
    if (event.kind == 3) {
      const AsIndex as = network.client_as(0);
      for (const Neighbour& n : network.graph().neighbours(as))
        network.bgp().session_down(as, n.as, kNoIncident);
    }
  }
  World& world;
  Network& network;
  ComponentId id;
};

TEST(network, causes_may_come_on_any_rung) {
  NetworkParams params;
  params.policy_apply = params.bgp.fib_delay = params.bgp.connect_retry = 0_s;
  params.intra_region_one_way = params.inter_region_one_way = 0_s;
  params.bgp.propagation_min = params.bgp.propagation_max = 0_s;
  World world(1);
  Network network(world, params, kRegions);
  Operator op(world, network);
  for (u8 kind = 0; kind < 4; ++kind)
    world.scheduler.at(Instant{} + (kind + 1) * 1_h, Priority::kSample, op.id, kind);
  world.scheduler.run_until(Instant{} + 90_min);
  EXPECT_EQ(reached(network, 0), 0u);
  world.scheduler.run_until(Instant{} + 6_h);
  EXPECT_EQ(reached(network, 0), 24u);
  EXPECT_EQ(reached(network, 1), 0u);
}

void expect_described(const TypeInfo& type) {
  for (const FieldInfo& field : type.fields) {
    EXPECT_FALSE(field.help.empty()) << type.name << '.' << field.key;
    expect_described(field.type->element != nullptr ? *field.type->element : *field.type);
  }
}

TEST(network, every_parameter_is_described) {
  expect_described(type_of<NetworkParams>());
  expect_described(type_of<ExportPolicy>());
  EXPECT_EQ(type_of<NetworkParams>().fields.size(), 21u);
}

TEST(network, regions_of_one_site_are_near_each_other) {
  World world(1);
  const Network network(world, {}, {{"a", "paris"}, {"b", "paris"}, {"c", ""}});
  EXPECT_LT(network.between(0, 1).round_trip, 40_ms);
  EXPECT_GT(network.between(0, 2).round_trip, 80_ms);
  NetworkParams listed;
  listed.latencies = {{"a", "b", 60_ms}};
  World other(1);
  const Network told(other, listed, {{"a", "paris"}, {"b", "paris"}, {"c", ""}});
  EXPECT_GT(told.between(0, 1).round_trip, 80_ms) << "what is listed holds";
}

// The whole way there and back, link by link.
TEST(network, a_round_trip_is_twice_the_delays_of_its_links) {
  AsGraph graph;
  graph.add_link(1, 2, LinkKind::kProviderToCustomer);
  NetworkParams params;
  params.link_spread = {0};
  params.intra_region_one_way = 3_ms;
  params.inter_region_one_way = 40_ms;
  params.providers_per_region = 1;
  params.graph = std::make_shared<const AsGraph>(graph);
  World world(1);
  Network network(world, params, kRegions);
  for (ClientNetwork c = 0; c < network.client_networks(); ++c)
    for (RegionId r = 0; r < 3; ++r) {
      Duration one_way{};
      AsIndex at = network.client_as(c);
      const PrefixIndex prefix = network.service_prefix(c, r);
      while (at != network.origin(r)) {
        const SessionIndex next = network.bgp().forwarding(at, prefix);
        one_way = one_way + network.bgp().delay(next);
        at = network.bgp().peer(next);
      }
      EXPECT_EQ(network.path(c, r).round_trip, 2 * one_way);
      EXPECT_GE(one_way, network.client_as(c) == network.origin(r) ? 0_s : 3_ms);
    }
}

TEST(network, a_restored_policy_is_no_alarm_and_each_withdrawal_an_incident_of_its_own) {
  World world(1);
  Network network(world, {}, kRegions);
  std::size_t withdrawn = 0, restored = 0;
  const auto count = [&] {
    withdrawn = restored = 0;
    for (const Incident& i : world.journal.all()) {
      withdrawn += i.kind == "prefix_withdrawn" ? 1 : 0;
      restored += i.kind == "prefix_restored" ? 1 : 0;
    }
  };
  for (std::size_t again = 1; again <= 3; ++again) {
    const IncidentId pushed = network.push_policy(0, {}, kNoIncident);
    world.scheduler.run_until(world.now() + 1_h);
    EXPECT_TRUE(network.prefix_withdrawn().holds);
    EXPECT_EQ(network.prefix_withdrawn().shown_by.size(), 1u);
    EXPECT_EQ(network.prefix_withdrawn().shown_by.front(), pushed);
    network.restore_policy(0, kNoIncident);
    EXPECT_FALSE(network.prefix_withdrawn().holds);
    world.scheduler.run_until(world.now() + 1_h);
    count();
    EXPECT_EQ(withdrawn, again);
    EXPECT_EQ(restored, again);
  }
}

}  // namespace test_network
}  // namespace stampede
