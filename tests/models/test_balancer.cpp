// Global balancer against closed forms: detection delay, surge of the survivors, TTL drain, return.
#include <gtest/gtest.h>

#include <cmath>

#include "models/balancing/global_balancer.h"

namespace stampede {
namespace test_balancer {

// One client network a region; a region's prefix is up or down for everybody.
struct FakeNetwork : NetworkPort {
  explicit FakeNetwork(std::size_t n) : regions(n), states(n * n) {
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b)
        states[a * n + b].round_trip = states[a * n + b].routed =
            10_ms + 50_ms * static_cast<i64>(a > b ? a - b : b - a);
  }
  void set(std::size_t region, Reach reach, IncidentId cause) {
    for (std::size_t a = 0; a < regions; ++a) {
      states[a * regions + region].reach = reach;
      states[a * regions + region].cause = cause;
    }
  }
  const PathState& path(ClientNetwork c, RegionId r) const override {
    return states[c * regions + r];
  }
  const PathState& between(RegionId a, RegionId b) const override {
    return states[a * regions + b];
  }
  ClientNetwork client_networks() const override { return static_cast<ClientNetwork>(regions); }
  RegionId home(ClientNetwork c) const override { return static_cast<RegionId>(c); }
  double weight(ClientNetwork) const override { return 1; }
  std::size_t regions;
  std::vector<PathState> states;
};

GlobalBalancerParams quick() {
  GlobalBalancerParams p;
  p.ttl = 0_s;
  p.hold_down = 0_s;
  p.slow_start = 0_s;
  return p;
}

// Load of each region after the first is lost, in multiples of its own traffic.
std::vector<double> surge(const std::vector<double>& volume, const std::vector<double>& capacity,
                          RoutingRule rule) {
  World world(7);
  FakeNetwork network(volume.size());
  GlobalBalancerParams p = quick();
  p.rule = rule;
  GlobalBalancer balancer(world, "balancer", p, network, capacity);
  network.set(0, Reach::kNoRoute, kNoIncident);
  world.scheduler.run_until(Instant{} + 100_s);
  std::vector<double> load(volume.size(), 0.0);
  constexpr u64 kSessions = 100'000;
  for (std::size_t h = 0; h < volume.size(); ++h)
    for (u64 k = 0; k < kSessions; ++k) {
      const RegionRoute r = balancer.route(static_cast<RegionId>(h), static_cast<ClientNetwork>(h),
                                           h * kSessions + k);
      EXPECT_TRUE(r.verdict.accepted());
      load[r.region] += volume[h] / kSessions;
    }
  for (std::size_t r = 0; r < load.size(); ++r) load[r] /= volume[r];
  return load;
}

TEST(balancer, detection_delay_lies_between_fall_minus_one_and_fall_intervals) {
  double least = 1e9, most = 0;
  for (u64 seed = 0; seed < 400; ++seed) {
    World world(seed);
    FakeNetwork network(3);
    const auto p = quick();
    GlobalBalancer balancer(world, "balancer", p, network, {1, 1, 1});
    const Instant lost = Instant{} + 100_s;
    world.scheduler.run_until(lost);
    const IncidentId withdrawn = world.incident("prefix_withdrawn", "network", {}, "");
    network.set(0, Reach::kBlackHole, withdrawn);
    world.scheduler.run_until(lost + 60_s);
    const auto& all = world.journal.all();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[1].kind, "region_unreachable");
    EXPECT_EQ(all[1].causes, std::vector<IncidentId>{withdrawn});
    EXPECT_EQ(all[2].kind, "failover_started");
    EXPECT_EQ(all[2].causes, std::vector<IncidentId>{all[1].id});
    const double delay = (all[1].at - lost).seconds();
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, 20.0 + 4.0);
  EXPECT_LE(most, 30.0 + 4.0);
  EXPECT_LT(least, 24.5);
  EXPECT_GT(most, 33.5);
}

TEST(balancer, surge_closed_forms_proportional) {
  const struct {
    std::vector<double> volume;
    double factor;
  } rows[] = {
      {{50, 25, 25}, 2.0}, {{60, 25, 15}, 2.5}, {{66.7, 20, 13.3}, 3.0}, {{75, 12.5, 12.5}, 4.0}};
  for (const auto& row : rows) {
    const auto load = surge(row.volume, row.volume, RoutingRule::kProportional);
    EXPECT_EQ(load[0], 0);
    EXPECT_NEAR(load[1], row.factor, 0.01 * row.factor);
    EXPECT_NEAR(load[2], row.factor, 0.01 * row.factor);
  }
}

TEST(balancer, surge_closed_forms_all_to_the_nearest) {
  const struct {
    std::vector<double> volume;
    double nearest;
  } rows[] = {
      {{50, 25, 25}, 3.0}, {{60, 25, 15}, 3.4}, {{66.7, 20, 13.3}, 4.33}, {{75, 12.5, 12.5}, 7.0}};
  for (const auto& row : rows) {
    const auto load = surge(row.volume, {1e9, 1e9, 1e9}, RoutingRule::kWaterfall);
    EXPECT_NEAR(load[1], row.nearest, 0.01 * row.nearest);
    EXPECT_NEAR(load[2], 1.0, 0.01);
  }
}

TEST(balancer, surge_closed_forms_even_by_volume) {
  const struct {
    std::vector<double> volume;
    double second, third;
  } rows[] = {{{50, 25, 25}, 2.0, 2.0},
              {{60, 25, 15}, 2.2, 3.0},
              {{66.7, 20, 13.3}, 2.67, 3.5},
              {{75, 12.5, 12.5}, 4.0, 4.0}};
  for (const auto& row : rows) {
    const auto load = surge(row.volume, {1, 1, 1}, RoutingRule::kProportional);
    EXPECT_NEAR(load[1], row.second, 0.01 * row.second);
    EXPECT_NEAR(load[2], row.third, 0.01 * row.third);
  }
}

// Offers `per_second` attempts of each home for a while; returns where those of home 0 went.
std::vector<double> offer(World& world, GlobalBalancer& balancer,
                          const std::vector<u32>& per_second, int for_seconds) {
  std::vector<double> went(per_second.size(), 0.0);
  u64 key = static_cast<u64>(world.now().ns);
  for (int t = 0; t < for_seconds; ++t) {
    for (std::size_t h = 0; h < per_second.size(); ++h)
      for (u32 i = 0; i < per_second[h]; ++i) {
        const RegionRoute r = balancer.route(static_cast<RegionId>(h), 0, mix64(++key));
        if (h == 0) went[r.region] += 1.0 / for_seconds;
      }
    world.scheduler.run_until(world.now() + 1_s);
  }
  return went;
}

// The percentages of Envoy's documentation, as answers of a balancer of two regions.
TEST(balancer, priority_hands_on_what_a_region_has_not_ready) {
  struct Row {
    double healthy, stays;
  };
  for (const Row& row : {Row{1, 1}, {0.72, 1}, {0.71, 0.99}, {0.5, 0.7}, {0.25, 0.35}, {0, 0}}) {
    World world(7);
    FakeNetwork network(2);
    GlobalBalancerParams p = quick();
    p.rule = RoutingRule::kPriority;
    GlobalBalancer balancer(world, "balancer", p, network, {100, 100});
    const IncidentId lost = world.incident("pods_lost", "test", {}, "");
    balancer.capacity_changed(0, 100 * row.healthy, lost);
    EXPECT_NEAR(balancer.share(0, 0), row.stays, 1e-6) << row.healthy;
    EXPECT_NEAR(balancer.share(0, 1), 1 - row.stays, 1e-6) << row.healthy;
    EXPECT_NEAR(balancer.share(1, 1), 1, 1e-6);
  }
}

TEST(balancer, waterfall_fills_the_nearest_to_its_target_and_spills_the_rest) {
  World world(5);
  FakeNetwork network(3);
  auto p = quick();
  p.rule = RoutingRule::kWaterfall;
  p.target_utilization = {0.8};
  GlobalBalancer balancer(world, "balancer", p, network, {1000, 500, 1000});
  const std::vector<u32> demand{600, 250, 150};
  offer(world, balancer, demand, 30);
  EXPECT_TRUE(world.journal.all().empty());
  auto went = offer(world, balancer, demand, 30);
  EXPECT_NEAR(went[0], 600, 1e-6);
  network.set(0, Reach::kNoRoute, kNoIncident);
  offer(world, balancer, demand, 60);
  went = offer(world, balancer, demand, 60);
  EXPECT_EQ(went[0], 0);
  EXPECT_NEAR(went[1], 0.8 * 500 - 250, 5);
  EXPECT_NEAR(went[2], 600 - 150, 5);
  EXPECT_EQ(world.journal.all().size(), 2U);
}

TEST(balancer, a_recovered_region_takes_foreign_traffic_in_slow_start) {
  World world(5);
  FakeNetwork network(3);
  auto p = quick();
  p.slow_start = 100_s;
  p.hold_down = 1_h;
  GlobalBalancer balancer(world, "balancer", p, network, {1, 1, 1});
  network.set(0, Reach::kNoRoute, kNoIncident);
  network.set(1, Reach::kNoRoute, kNoIncident);
  world.scheduler.run_until(Instant{} + 60_s);
  EXPECT_EQ(balancer.share(0, 2), 1);
  network.set(1, Reach::kReachable, kNoIncident);
  double before = 0;
  int steps = 0;
  for (int t = 1; t < 30; ++t) {
    world.scheduler.run_until(Instant{} + 60_s + 5_s * t);
    const double share = balancer.share(0, 1);
    EXPECT_GE(share, before);
    if (share > before) ++steps;
    before = share;
  }
  EXPECT_EQ(before, 0.5);
  EXPECT_GE(steps, 8);
}

TEST(balancer, same_seed_same_routes_other_seed_others) {
  const auto digest = [](u64 seed) {
    World world(seed);
    FakeNetwork network(3);
    GlobalBalancer balancer(world, "balancer", {}, network, {60, 25, 15});
    network.set(0, Reach::kNoRoute, kNoIncident);
    u64 d = 0;
    for (u64 i = 0; i < 20'000; ++i) {
      if (i % 100 == 0) world.scheduler.run_until(world.now() + 1_s);
      d = mix64(d ^ balancer.route(0, 0, i).region);
    }
    return d;
  };
  EXPECT_EQ(digest(1), digest(1));
  EXPECT_NE(digest(1), digest(2));
}

TEST(balancer, parameters_are_described) {
  const TypeInfo& type = type_of<GlobalBalancerParams>();
  EXPECT_EQ(type.fields.size(), 23U);
  for (const FieldInfo& f : type.fields) EXPECT_FALSE(f.help.empty()) << f.key;
}

TEST(balancer, old_answers_drain_linearly_over_the_ttl) {
  World world(3);
  FakeNetwork network(3);
  GlobalBalancerParams p;
  p.ttl = 60_s;
  p.ttl_violators = {0.05};
  p.ttl_violator_tail = 30_min;
  GlobalBalancer balancer(world, "balancer", p, network, {1, 1, 1});
  world.scheduler.run_until(Instant{} + 4_h);
  network.set(0, Reach::kNoRoute, kNoIncident);
  world.scheduler.run_until(Instant{} + 4_h + 60_s);
  Instant moved{};
  for (const Incident& i : world.journal.all())
    if (i.kind == "failover_started") moved = i.at;
  ASSERT_GT(moved, Instant{} + 4_h);
  for (const double t : {30.0, 45.0, 60.0, 600.0, 1800.0, 3600.0}) {
    const Instant at = moved + from_seconds(t);
    if (at < world.now()) continue;
    world.scheduler.run_until(at);
    double old = 0;
    constexpr u64 kSessions = 200'000;
    for (u64 k = 0; k < kSessions; ++k)
      if (balancer.route(0, 0, k).region == 0) ++old;
    const double law = 0.95 * std::max(0.0, 1 - t / 60) + 0.05 * std::exp(-t / 1800);
    EXPECT_NEAR(old / kSessions, law, 0.004) << "after " << t << " s";
  }
}

TEST(balancer, home_returns_after_the_hold_down_and_not_before) {
  World world(5);
  FakeNetwork network(3);
  auto p = quick();
  p.hold_down = 600_s;
  p.slow_start = 60_s;
  GlobalBalancer balancer(world, "balancer", p, network, {1, 1, 1});
  network.set(0, Reach::kNoRoute, kNoIncident);
  world.scheduler.run_until(Instant{} + 60_s);
  EXPECT_EQ(balancer.share(0, 0), 0);
  network.set(0, Reach::kReachable, kNoIncident);
  world.scheduler.run_until(Instant{} + 60_s + 20_s + 595_s);
  EXPECT_EQ(balancer.health(0), Health::kHealthy);
  EXPECT_EQ(balancer.share(0, 0), 0);
  world.scheduler.run_until(Instant{} + 60_s + 30_s + 601_s);
  EXPECT_EQ(balancer.share(0, 0), 1);
}

TEST(balancer, expired_view_follows_its_policy) {
  for (const ViewExpiry policy : {ViewExpiry::kFailOpen, ViewExpiry::kFailClosed}) {
    World world(5);
    FakeNetwork network(2);
    auto p = quick();
    p.view_ttl = 60_s;
    p.view_expiry = policy;
    GlobalBalancer balancer(world, "balancer", p, network, {1, 1});
    const IncidentId frozen = world.incident("control_plane_frozen", "etcd", {}, "");
    for (i64 t = 10; t <= 200; t += 10) {
      world.scheduler.run_until(Instant{} + 1_s * t);
      balancer.view_refreshed(1);
      if (t == 20) balancer.view_stalled(0, frozen);
    }
    EXPECT_TRUE(balancer.view_expired(0));
    EXPECT_FALSE(balancer.view_expired(1));
    const bool open = policy == ViewExpiry::kFailOpen;
    EXPECT_EQ(balancer.share(0, 0), open ? 1 : 0);
    EXPECT_EQ(balancer.share(0, 1), open ? 0 : 1);
    ASSERT_EQ(world.journal.all().size(), open ? 1U : 2U);
    if (!open) {
      EXPECT_EQ(world.journal.all()[1].causes, std::vector<IncidentId>{frozen});
      EXPECT_EQ(world.journal.all()[1].at, Instant{} + 60_s);
    }
    balancer.capacity_changed(0, 1, kNoIncident);
    EXPECT_FALSE(balancer.view_expired(0));
    EXPECT_EQ(balancer.share(0, 0), 1);
  }
}

// A view's cause is taken back with it: what moves afterwards moves for another reason, or for
// none.
TEST(balancer, a_cause_ends_with_what_it_caused) {
  World world(5);
  FakeNetwork network(2);
  auto p = quick();
  p.view_ttl = 60_s;
  p.view_expiry = ViewExpiry::kFailClosed;
  GlobalBalancer balancer(world, "balancer", p, network, {1, 1});
  const auto cause_of_next_move = [&] {
    balancer.capacity_changed(0, 0, kNoIncident);  // closed for no reason that anybody knows
    const std::vector<IncidentId> causes = world.journal.all().back().causes;
    balancer.capacity_changed(0, 1, kNoIncident);
    EXPECT_EQ(balancer.share(0, 0), 1);
    return causes.empty() ? kNoIncident : causes.front();
  };
  const IncidentId frozen = world.incident("control_plane_frozen", "etcd", {}, "");
  world.scheduler.run_until(Instant{} + 20_s);
  balancer.view_stalled(0, frozen);
  balancer.view_refreshed(0);  // nothing came of it
  EXPECT_EQ(cause_of_next_move(), kNoIncident);
  const IncidentId lost = world.incident("node_lost", "cluster", {}, "");
  balancer.capacity_changed(0, 0.5, lost);
  EXPECT_EQ(cause_of_next_move(), lost);  // half of it is still away
  balancer.capacity_changed(0, 1, kNoIncident);
  EXPECT_EQ(cause_of_next_move(), kNoIncident);
}

// Nothing has failed over where there was nothing from the start.
TEST(balancer, a_region_that_starts_empty_sends_its_clients_elsewhere_without_an_incident) {
  for (const RoutingRule rule : {RoutingRule::kWaterfall, RoutingRule::kProportional}) {
    World world(5);
    FakeNetwork network(2);
    auto p = quick();
    p.rule = rule;
    GlobalBalancer balancer(world, "balancer", p, network, {0, 1});
    world.scheduler.run_until(Instant{} + 60_s);
    EXPECT_EQ(balancer.route(0, 0, 1).region, 1);
    EXPECT_EQ(balancer.share(0, 1), 1);
    EXPECT_TRUE(world.journal.all().empty());
  }
}

TEST(balancer, spill_cap_admits_its_share_of_capacity_and_refuses_the_rest) {
  World world(5);
  FakeNetwork network(2);
  auto p = quick();
  p.spill_cap = {0.3};
  GlobalBalancer balancer(world, "balancer", p, network, {1000, 1000});
  network.set(0, Reach::kNoRoute, kNoIncident);
  world.scheduler.run_until(Instant{} + 60_s);
  u64 admitted = 0, home = 0;
  for (u64 i = 0; i < 20'000; ++i) {  // 1000/s foreign and 1000/s at home for 20 s
    world.scheduler.run_until(Instant{} + 60_s + 1_ms * static_cast<i64>(i));
    const RegionRoute r = balancer.route(0, 0, i);
    EXPECT_EQ(r.region, 1);
    EXPECT_TRUE(r.verdict.accepted() || r.verdict.code == Outcome::kRejected429);
    EXPECT_NE(r.moved_by, kNoIncident);
    if (r.verdict.accepted()) ++admitted;
    if (balancer.route(1, 1, i).verdict.accepted()) ++home;
  }
  EXPECT_NEAR(static_cast<double>(admitted) / 20.0, 300, 15);
  EXPECT_EQ(home, 20'000U);
}

TEST(balancer, anycast_moves_everything_at_once_to_the_nearest_path) {
  World world(5);
  FakeNetwork network(3);
  auto p = quick();
  p.mode = BalancerMode::kAnycast;
  GlobalBalancer balancer(world, "balancer", p, network, {1, 0, 1});
  EXPECT_EQ(balancer.route(0, 0, 1).region, 0);
  const IncidentId lost = world.incident("prefix_withdrawn", "network", {}, "");
  network.set(0, Reach::kBlackHole, lost);
  EXPECT_EQ(balancer.route(0, 0, 1).region, 1);
  EXPECT_EQ(world.journal.all().back().kind, "failover_started");
  EXPECT_EQ(world.journal.all().back().causes, std::vector<IncidentId>{lost});
  network.set(1, Reach::kBlackHole, lost);
  network.set(2, Reach::kBlackHole, lost);
  EXPECT_EQ(balancer.route(0, 0, 1).verdict.code, Outcome::kUnreachable);
}

TEST(balancer, nowhere_to_go_is_panic_or_refusal) {
  for (const bool panic : {true, false}) {
    World world(5);
    FakeNetwork network(2);
    auto p = quick();
    p.panic = panic;
    GlobalBalancer balancer(world, "balancer", p, network, {1, 1});
    network.set(0, Reach::kNoRoute, kNoIncident);
    network.set(1, Reach::kNoRoute, kNoIncident);
    world.scheduler.run_until(Instant{} + 60_s);
    const RegionRoute r = balancer.route(0, 0, 1);
    EXPECT_EQ(r.region, panic ? 0 : kNoRegion);
    EXPECT_EQ(r.verdict.accepted(), panic);
  }
}

TEST(balancer, a_total_outage_in_between_starts_no_second_failover) {
  World world(5);
  FakeNetwork network(2);
  GlobalBalancer balancer(world, "balancer", quick(), network, {1, 1});
  const auto failovers_of_0 = [&] {
    int n = 0;
    for (const Incident& i : world.journal.all())
      if (i.kind == "failover_started" && i.text.find("region 0") != std::string::npos) ++n;
    return n;
  };
  const auto settle = [&] { world.scheduler.run_until(world.now() + 60_s); };
  network.set(0, Reach::kNoRoute, kNoIncident);
  settle();
  EXPECT_EQ(failovers_of_0(), 1);
  network.set(1, Reach::kNoRoute, kNoIncident);
  settle();
  EXPECT_EQ(balancer.share(0, 0), 1);  // panic
  network.set(1, Reach::kReachable, kNoIncident);
  settle();
  EXPECT_EQ(balancer.share(0, 1), 1);
  EXPECT_EQ(failovers_of_0(), 1);
  network.set(0, Reach::kReachable, kNoIncident);
  settle();
  network.set(0, Reach::kNoRoute, kNoIncident);
  settle();
  EXPECT_EQ(failovers_of_0(), 2);
}

// Regions that are lost in turns, every 40 s: each time the clients of one come home for want of
// another region, and leave again. That is one failover each, over when home has lasted.
TEST(balancer, regions_that_come_and_go_are_one_failover_each) {
  World world(5);
  FakeNetwork network(2);
  auto p = quick();
  p.hold_down = 600_s;
  GlobalBalancer balancer(world, "balancer", p, network, {1, 1});
  const IncidentId overload = world.incident("replica_overloaded", "test", {}, "");
  const auto count = [&](const char* kind) {
    int n = 0;
    for (const Incident& i : world.journal.all()) n += i.kind == kind;
    return n;
  };
  const auto later = [&](Duration span) { world.scheduler.run_until(world.now() + span); };
  later(60_s);
  for (int k = 0; k < 10; ++k) {
    balancer.capacity_changed(0, 0, overload);
    later(10_s);
    EXPECT_EQ(balancer.share(0, 1), 1);
    balancer.capacity_changed(1, 0, overload);
    balancer.capacity_changed(0, 1, kNoIncident);
    EXPECT_EQ(balancer.share(0, 0), 1);  // there is no other
    EXPECT_EQ(balancer.share(1, 0), 1);
    later(30_s);
    balancer.capacity_changed(1, 1, kNoIncident);
  }
  EXPECT_EQ(count("failover_started"), 2);
  EXPECT_EQ(count("failover_ended"), 0);
  later(560_s);
  EXPECT_EQ(count("failover_ended"), 0);
  later(50_s);
  EXPECT_EQ(count("failover_ended"), 2);
}

TEST(balancer, sessions_stick_and_nothing_moves_without_a_cause) {
  World world(5);
  FakeNetwork network(3);
  GlobalBalancer balancer(world, "balancer", {}, network, {3, 2, 1});
  for (int t = 1; t < 100; ++t) {
    world.scheduler.run_until(Instant{} + 36_s * t);
    for (u64 k = 0; k < 100; ++k) ASSERT_EQ(balancer.route(0, 0, k).region, 0);
  }
  EXPECT_TRUE(world.journal.all().empty());
  network.set(0, Reach::kNoRoute, kNoIncident);
  world.scheduler.run_until(world.now() + 4_h);
  std::vector<RegionId> first;
  for (u64 k = 0; k < 1000; ++k) first.push_back(balancer.route(0, 0, k).region);
  world.scheduler.run_until(world.now() + 1_h);
  int same = 0;
  for (u64 k = 0; k < 1000; ++k) same += balancer.route(0, 0, k).region == first[k] ? 1 : 0;
  EXPECT_GE(same, 998);  // a violator may still have been at home
}

// What answers after the time-out has not answered.
TEST(balancer, a_probe_that_is_answered_too_late_has_failed) {
  for (const bool late : {false, true}) {
    World world(5);
    FakeNetwork network(2);
    auto p = quick();
    p.probe_interval = 10_s;
    p.probe_timeout = 2_s;
    GlobalBalancer balancer(world, "balancer", p, network, {1, 1});
    for (std::size_t a = 0; a < 2; ++a) network.states[a * 2].round_trip = late ? 2001_ms : 1999_ms;
    world.scheduler.run_until(Instant{} + 100_s);
    EXPECT_EQ(balancer.share(0, 0), late ? 0 : 1);
  }
}

// A sliding window: what was admitted at the end of the one before still counts in part.
TEST(balancer, a_spill_cap_remembers_the_window_before) {
  World world(5);
  FakeNetwork network(2);
  auto p = quick();
  p.spill_cap = {0.5};
  p.spill_window = 10_s;
  GlobalBalancer balancer(world, "balancer", p, network, {100, 100});
  network.set(0, Reach::kNoRoute, kNoIncident);
  world.scheduler.run_until(Instant{} + 98_s);
  u64 key = 0;
  const auto admitted = [&](int offered) {
    int sum = 0;
    for (int k = 0; k < offered; ++k) sum += balancer.route(0, 0, ++key).verdict.accepted() ? 1 : 0;
    return sum;
  };
  EXPECT_EQ(admitted(2000), 500);  // half of 100 a second for 10 s
  world.scheduler.run_until(Instant{} + 102_s);
  EXPECT_NEAR(admitted(2000), 100, 2);  // a fifth of the window is new
  world.scheduler.run_until(Instant{} + 130_s);
  EXPECT_EQ(admitted(2000), 500);  // two windows later all is forgotten
}

// Both ends have kinds of their own, and the journal knows what they end.
TEST(balancer, what_ends_names_what_mended_it) {
  World world(5);
  FakeNetwork network(2);
  GlobalBalancer balancer(world, "balancer", quick(), network, {1, 1});
  const IncidentId withdrawn = world.incident("prefix_withdrawn", "network", {}, "");
  network.set(0, Reach::kBlackHole, withdrawn);
  world.scheduler.run_until(world.now() + 60_s);
  const IncidentId restored = world.incident("prefix_restored", "network", {withdrawn}, "");
  network.set(0, Reach::kReachable, kNoIncident);
  for (PathState& path : network.states) path.mended_by = restored;
  world.scheduler.run_until(world.now() + 60_s);
  const auto& all = world.journal.all();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[4].kind, "region_reachable");
  EXPECT_EQ(all[4].causes, (std::vector<IncidentId>{all[1].id, restored}));
  EXPECT_EQ(all[5].kind, "failover_ended");
  EXPECT_EQ(all[5].causes, (std::vector<IncidentId>{all[2].id, all[4].id}));
  const auto& closings = world.journal.closings();
  ASSERT_EQ(closings.size(), 2U);
  EXPECT_EQ(closings[0].began, all[1].id);
  EXPECT_EQ(closings[1].ended, all[5].id);
  EXPECT_FALSE(closings[0].faded || closings[1].faded);
}

// What was mended before a region was lost has not brought it back.
TEST(balancer, an_old_repair_ends_nothing) {
  World world(5);
  FakeNetwork network(2);
  GlobalBalancer balancer(world, "balancer", quick(), network, {1, 1});
  const IncidentId repaired = world.incident("links_repaired", "network", {}, "");
  const IncidentId withdrawn = world.incident("prefix_withdrawn", "network", {}, "");
  for (PathState& path : network.states) path.mended_by = repaired;
  network.set(0, Reach::kBlackHole, withdrawn);
  world.scheduler.run_until(world.now() + 60_s);
  network.set(0, Reach::kReachable, kNoIncident);
  world.scheduler.run_until(world.now() + 60_s);
  const auto& all = world.journal.all();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[4].causes, std::vector<IncidentId>{all[2].id});
  EXPECT_TRUE(world.journal.closings()[0].faded);
}

// However seldom somebody asks, one outage is one failover; it ends with the outage.
TEST(balancer, anycast_fails_over_once_in_an_outage) {
  World world(5);
  FakeNetwork network(2);
  GlobalBalancerParams p = quick();
  p.mode = BalancerMode::kAnycast;
  p.hold_down = 60_s;
  GlobalBalancer balancer(world, "balancer", p, network, {1, 1});
  const auto count = [&](const char* kind) {
    return std::count_if(world.journal.all().begin(), world.journal.all().end(),
                         [&](const Incident& i) { return i.kind == kind; });
  };
  network.set(0, Reach::kNoRoute, world.incident("prefix_withdrawn", "network", {}, ""));
  for (int k = 0; k < 5; ++k) {
    EXPECT_EQ(balancer.route(0, 0, 1).region, 1);
    world.scheduler.run_until(world.now() + 10_min);
  }
  EXPECT_EQ(count("failover_started"), 1);
  EXPECT_EQ(count("failover_ended"), 0);
  network.set(0, Reach::kReachable, kNoIncident);
  const IncidentId restored = world.incident("prefix_restored", "network", {}, "");
  for (PathState& path : network.states) path.mended_by = restored;
  world.scheduler.run_until(world.now() + 50_s);
  EXPECT_EQ(count("failover_ended"), 0);
  world.scheduler.run_until(world.now() + 30_s);
  ASSERT_EQ(count("failover_ended"), 1);
  const IncidentId reachable = world.journal.all().back().causes.back();
  EXPECT_EQ(world.journal.all()[reachable - 1].kind, "region_reachable");
  EXPECT_EQ(world.journal.all()[reachable - 1].causes.back(), restored);
}

}  // namespace test_balancer
}  // namespace stampede
