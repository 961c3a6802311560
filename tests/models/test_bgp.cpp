// BGP on graphs of a handful of ASes, worked out by hand: which path is best, when news arrives,
// what waits for the MRAI, and that all comes back.
#include "models/network/bgp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <tuple>

#include "models/network/as_graph.h"
#include "models/network/flap_damping.h"
#include "models/network/forwarding.h"

namespace stampede {
namespace test_bgp {

// Everything takes exactly as long as is said here; nothing is drawn.
BgpParams exact() {
  BgpParams p;
  p.mrai = 0_s;
  p.mrai_jitter_low = {1};
  p.wrate_fraction = {0};
  p.processing_min = p.processing_max = 0_s;
  p.propagation_min = p.propagation_max = 10_ms;
  p.fib_delay = 3_ms;
  return p;
}

// When each AS's forwarding entry last changed, and why.
struct Net : BgpObserver {
  explicit Net(AsGraph g, const BgpParams& params = exact(), u32 prefixes = 1)
      : graph(std::move(g)),
        bgp(scheduler, graph, params, some_prefixes(prefixes), 1, "network.bgp", this),
        changed(graph.size()) {}
  static std::vector<Prefix> some_prefixes(u32 count) {
    std::vector<Prefix> list;
    for (u32 k = 0; k < count; ++k) list.push_back({10u << 24 | k << 8, 24});
    return list;
  }
  void fib_changed(AsIndex as, PrefixIndex) override { changed[as].push_back(scheduler.now()); }
  IncidentId origin_sends(AsIndex, PrefixIndex, bool withdrawal, IncidentId cause) override {
    ++(withdrawal ? withdrawals : announcements);
    sent.push_back(scheduler.now());
    return cause;
  }
  AsIndex as(u32 asn) const { return graph.find(asn).value(); }
  std::vector<u32> path(u32 asn, PrefixIndex p = 0) const { return bgp.best_path(as(asn), p); }
  void run(Duration d) { scheduler.run_until(scheduler.now() + d); }
  void settle() {
    run(10_h);
    EXPECT_EQ(scheduler.pending_count(), 0u);
  }
  Scheduler scheduler;
  AsGraph graph;
  Bgp bgp;
  std::vector<std::vector<Instant>> changed;
  u64 announcements = 0, withdrawals = 0;  // of origins
  std::vector<Instant> sent;
};

AsGraph graph_of(const std::vector<std::tuple<u32, u32, LinkKind>>& links) {
  AsGraph g;
  for (const auto& [a, b, kind] : links) g.add_link(a, b, kind);
  return g;
}
constexpr LinkKind kOver = LinkKind::kProviderToCustomer, kPeer = LinkKind::kPeerToPeer,
                   kPlain = LinkKind::kPlain;
using Path = std::vector<u32>;

// ---- best path
// ----------------------------------------------------------------------------------- AS 9 hears of
// AS 1 from a customer, a peer and a provider, the customer by the longest way.
TEST(bgp, a_customers_route_is_preferred_to_a_peers_and_that_to_a_providers) {
  const auto best = [](bool customer, bool peer) {
    std::vector<std::tuple<u32, u32, LinkKind>> links = {{4, 1, kOver}, {4, 9, kOver}};
    if (customer) links.insert(links.end(), {{2, 1, kOver}, {5, 2, kOver}, {9, 5, kOver}});
    if (peer) links.insert(links.end(), {{3, 1, kOver}, {6, 3, kOver}, {6, 9, kPeer}});
    Net net(graph_of(links));
    net.bgp.announce(net.as(1), 0);
    net.settle();
    return net.path(9);
  };
  EXPECT_EQ(best(true, true), (Path{9, 5, 2, 1}));
  EXPECT_EQ(best(false, true), (Path{9, 6, 3, 1}));
  EXPECT_EQ(best(false, false), (Path{9, 4, 1}));
}

TEST(bgp, of_equal_preference_the_shorter_path_wins_and_then_the_lower_neighbour) {
  Net net(graph_of({{9, 5, kPlain},
                    {9, 7, kPlain},
                    {9, 6, kPlain},
                    {5, 4, kPlain},
                    {4, 1, kPlain},  // the lowest neighbour, one AS longer
                    {7, 1, kPlain},
                    {6, 1, kPlain}}));
  net.bgp.announce(net.as(1), 0);
  net.settle();
  EXPECT_EQ(net.path(9), (Path{9, 6, 1}));
  EXPECT_EQ(net.bgp.tied(net.as(9), 0).size(), 2u);
  net.bgp.session_down(net.as(6), net.as(9), kNoIncident);
  net.run(60_s);
  EXPECT_EQ(net.path(9), (Path{9, 7, 1}));
  net.bgp.session_down(net.as(7), net.as(9), kNoIncident);
  net.run(10_s);
  EXPECT_EQ(net.path(9), (Path{9, 5, 4, 1}));
}

TEST(bgp, a_local_preference_goes_before_relation_and_length) {
  Net net(
      graph_of({{9, 5, kPlain}, {5, 4, kPlain}, {4, 1, kPlain}, {9, 6, kPlain}, {6, 1, kPlain}}));
  net.bgp.session_policy(net.as(9), net.as(5)).local_pref = 101;
  net.bgp.announce(net.as(1), 0);
  net.settle();
  EXPECT_EQ(net.path(9), (Path{9, 5, 4, 1}));
}

TEST(bgp, a_prepended_path_is_longer) {
  Net net(graph_of({{9, 5, kPlain}, {9, 6, kPlain}, {5, 1, kPlain}, {6, 1, kPlain}}));
  net.bgp.session_policy(net.as(1), net.as(5)).prepend = {1, 1};
  net.bgp.announce(net.as(1), 0);
  net.settle();
  EXPECT_EQ(net.path(9), (Path{9, 6, 1}));
  EXPECT_EQ(net.path(5), (Path{5, 1, 1, 1}));
}

// Nobody carries traffic between two of those whom it pays or peers with.
TEST(bgp, routes_of_providers_and_peers_go_to_customers_only) {
  const std::vector<Relation> all = {Relation::kCustomer, Relation::kPeer, Relation::kProvider};
  for (const Relation from : all)
    for (const Relation to : all)
      EXPECT_EQ(valley_free(from, to), from == Relation::kCustomer || to == Relation::kCustomer);
  for (const Relation to : all) EXPECT_TRUE(valley_free(std::nullopt, to));  // one's own
  // 1 - 2 is a peering; 3 is above 2, 4 below.
  Net net(graph_of({{1, 2, kPeer}, {3, 2, kOver}, {2, 4, kOver}}));
  net.bgp.announce(net.as(1), 0);
  net.settle();
  EXPECT_EQ(net.path(4), (Path{4, 2, 1}));
  EXPECT_TRUE(net.path(3).empty());
  net.bgp.policy(net.as(2)).leaks = true;
  net.bgp.announce(net.as(4), 0);  // makes AS 2 decide anew
  net.bgp.withdraw(net.as(4), 0);
  net.settle();
  EXPECT_EQ(net.path(3), (Path{3, 2, 1}));
}

TEST(bgp, a_path_with_ones_own_number_is_dropped) {
  Net net(graph_of({{1, 2, kPlain}, {2, 3, kPlain}}));
  net.bgp.announce(net.as(1), 0, kNoIncident, net.bgp.paths().from_list({1, 3}));
  net.settle();
  EXPECT_EQ(net.path(2), (Path{2, 1, 3}));
  EXPECT_TRUE(net.path(3).empty());
}

TEST(bgp, origin_validation_and_locks_drop_what_they_must) {
  const auto heard = [](const std::function<void(Net&)>& configure) {
    Net net(graph_of({{1, 2, kPeer}}));
    configure(net);
    net.bgp.announce(net.as(1), 0);
    net.settle();
    return !net.path(2).empty();
  };
  const Prefix covering{10u << 24, 16};
  EXPECT_TRUE(heard([](Net&) {}));
  for (const u8 longest : {u8{24}, u8{16}})  // the /24 is covered, or too long
    for (const u32 origin : {1u, 7u}) {
      const bool valid = origin == 1 && longest >= 24;
      EXPECT_EQ(heard([&](Net& n) {
                  n.bgp.set_roas({{covering, origin, longest}});
                  n.bgp.policy(n.as(2)).rov = true;
                }),
                valid);
      EXPECT_TRUE(heard([&](Net& n) { n.bgp.set_roas({{covering, origin, longest}}); }));
    }
  EXPECT_FALSE(heard([](Net& n) { n.bgp.policy(n.as(2)).accept_only_origin = 7; }));
  EXPECT_TRUE(heard([](Net& n) { n.bgp.policy(n.as(2)).accept_only_origin = 1; }));
}

// ---- delays
// -------------------------------------------------------------------------------------- 1 - 2 - 3
// - 4 in a line: each link's delay, then the forwarding table's.
TEST(bgp, news_travels_with_the_delays_of_its_links) {
  AsGraph g = graph_of({{1, 2, kPlain}, {2, 3, kPlain}, {3, 4, kPlain}});
  g.set_delay(0, 20_ms);
  g.set_delay(1, 50_ms);
  g.set_delay(2, 7_ms);
  Net net(g);
  net.bgp.announce(net.as(1), 0);
  net.settle();
  const std::map<u32, Duration> after = {{1, 3_ms}, {2, 23_ms}, {3, 73_ms}, {4, 80_ms}};
  for (const auto& [asn, delay] : after)
    EXPECT_EQ(net.changed[net.as(asn)], std::vector<Instant>{Instant{} + delay}) << asn;
  const Instant now = net.scheduler.now();
  net.bgp.withdraw(net.as(1), 0);
  net.settle();
  for (const auto& [asn, delay] : after) {
    ASSERT_EQ(net.changed[net.as(asn)].size(), 2u);
    EXPECT_EQ(net.changed[net.as(asn)][1], now + delay) << asn;
    EXPECT_TRUE(net.path(asn).empty());
  }
}

TEST(bgp, a_router_processes_one_update_after_the_other) {
  BgpParams p = exact();
  p.processing_min = p.processing_max = 100_ms;
  // AS 9 hears from three neighbours at the same time.
  Net net(graph_of({{9, 1, kPlain}, {9, 2, kPlain}, {9, 3, kPlain}}), p, 3);
  for (u32 k = 1; k <= 3; ++k) net.bgp.announce(net.as(k), k - 1);
  net.run(1_s);
  const std::vector<Instant>& at = net.changed[net.as(9)];
  ASSERT_EQ(at.size(), 3u);
  for (i64 k = 1; k <= 3; ++k)
    EXPECT_EQ(at[static_cast<std::size_t>(k - 1)], Instant{} + 10_ms + k * 100_ms + 3_ms);
}

TEST(bgp, a_decision_that_is_held_sees_all_that_came_meanwhile) {
  BgpParams p = exact();
  p.decision_hold = 50_ms;
  AsGraph g = graph_of({{9, 5, kPlain}, {9, 6, kPlain}, {5, 1, kPlain}, {6, 1, kPlain}});
  g.set_delay(0, 30_ms);  // 6, the worse one, is heard first
  Net net(g, p);
  net.bgp.announce(net.as(1), 0);
  net.settle();
  EXPECT_EQ(net.path(9), (Path{9, 5, 1}));
  EXPECT_EQ(net.changed[net.as(9)].size(), 1u);  // not first by 6 and then by 5
}

// ---- MRAI
// ---------------------------------------------------------------------------------------- An
// origin that flaps under a peer: first update at once, the next when the interval is over.
struct Flaps {
  explicit Flaps(const BgpParams& params, u32 prefixes = 1)
      : net(graph_of({{1, 2, kPlain}}), params, prefixes) {
    other = net.bgp.paths().from_list({1, 8});
  }
  // Instants at which AS 2 changed its mind about any prefix, less the delays of link and table.
  std::vector<double> heard() {
    net.settle();
    std::vector<double> at;
    for (const Instant t : net.changed[net.as(2)]) at.push_back((t - 13_ms).seconds());
    return at;
  }
  Net net;
  PathId other;
};
BgpParams with_mrai(Duration mrai) {
  BgpParams p = exact();
  p.mrai = mrai;
  return p;
}

TEST(bgp, an_announcement_waits_until_the_interval_is_over) {
  Net net(graph_of({{1, 2, kPlain}}), with_mrai(30_s));
  const PathId other = net.bgp.paths().from_list({1, 8});
  net.bgp.announce(net.as(1), 0);
  net.run(4_s);
  net.bgp.announce(net.as(1), 0, kNoIncident, other);
  net.run(25_s + 999_ms);
  EXPECT_EQ(net.path(2), (Path{2, 1}));
  net.run(20_ms);
  EXPECT_EQ(net.path(2), (Path{2, 1, 8}));  // at 30.010 s
  net.run(40_s);                            // nothing was sent for an interval: at once
  net.bgp.announce(net.as(1), 0);
  net.run(20_ms);
  EXPECT_EQ(net.path(2), (Path{2, 1}));
}

TEST(bgp, what_is_over_when_the_interval_ends_is_not_sent) {
  Net net(graph_of({{1, 2, kPlain}}), with_mrai(30_s));
  net.bgp.announce(net.as(1), 0);
  net.run(4_s);
  net.bgp.announce(net.as(1), 0, kNoIncident, net.bgp.paths().from_list({1, 8}));
  net.run(4_s);
  net.bgp.announce(net.as(1), 0);  // as the peer has it
  net.settle();
  EXPECT_EQ(net.announcements, 1u);
}

TEST(bgp, a_withdrawal_waits_only_where_withdrawals_are_limited) {
  for (const bool limited : {false, true}) {
    Flaps f(with_mrai(30_s));
    f.net.bgp.set_wrate(f.net.as(1), limited);
    f.net.bgp.announce(f.net.as(1), 0);
    f.net.run(4_s);
    f.net.bgp.withdraw(f.net.as(1), 0);
    const auto heard = f.heard();
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_NEAR(heard[1], limited ? 30 : 4, 1e-6);
  }
}

TEST(bgp, a_withdrawal_starts_the_interval_only_if_it_is_told_to) {
  for (const bool starts : {false, true}) {
    BgpParams p = with_mrai(30_s);
    p.withdrawal_starts_mrai = starts;
    Flaps f(p);
    f.net.bgp.announce(f.net.as(1), 0);
    f.net.run(40_s);
    f.net.bgp.withdraw(f.net.as(1), 0);
    f.net.run(4_s);
    f.net.bgp.announce(f.net.as(1), 0);
    const auto heard = f.heard();
    ASSERT_EQ(heard.size(), 3u);
    EXPECT_NEAR(heard[2], starts ? 70 : 44, 1e-6);
  }
}

TEST(bgp, the_interval_is_the_peers_or_each_prefixs) {
  for (const MraiScope scope : {MraiScope::kPeer, MraiScope::kPrefix}) {
    BgpParams p = with_mrai(30_s);
    p.mrai_scope = scope;
    Flaps f(p, 2);
    f.net.bgp.announce(f.net.as(1), 0);
    f.net.run(4_s);
    f.net.bgp.announce(f.net.as(1), 1);
    const auto heard = f.heard();
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_NEAR(heard[1], scope == MraiScope::kPeer ? 30 : 4, 1e-6);
  }
}

TEST(bgp, an_interval_is_shortened_by_its_jitter_and_never_below_it) {
  BgpParams p = with_mrai(40_s);
  p.mrai_jitter_low = {0.75};
  Net net(graph_of({{1, 2, kPlain}}), p);
  net.bgp.announce(net.as(1), 0);
  for (u32 k = 0; k < 80; ++k) {  // it always has something new to say
    net.run(5_s);
    net.bgp.announce(net.as(1), 0, kNoIncident, net.bgp.paths().from_list({1, 100 + k}));
  }
  const std::vector<Instant>& at = net.sent;
  ASSERT_GT(at.size(), 8u);
  double least = 1e9, most = 0;
  for (std::size_t k = 1; k < at.size(); ++k) {
    const double gap = (at[k] - at[k - 1]).seconds();
    least = std::min(least, gap);
    most = std::max(most, gap);
  }
  EXPECT_GE(least, 30 - 1e-6);
  EXPECT_LE(most, 40 + 1e-6);
  EXPECT_GT(most - least, 1);  // it is drawn each time
}

// Labovitz et al. 2000: a clique of n takes (n - 3) intervals to lose a route.
TEST(bgp, a_clique_looks_for_paths_n_minus_3_intervals_long) {
  for (const u32 n : {4u, 5u, 6u}) {
    std::vector<std::tuple<u32, u32, LinkKind>> links;
    for (u32 a = 1; a <= n; ++a)
      for (u32 b = a + 1; b <= n; ++b) links.push_back({a, b, kPlain});
    Net net(graph_of(links), with_mrai(30_s));
    net.bgp.originate(net.as(1), 0);
    ASSERT_TRUE(net.bgp.converge());
    net.run(1_h);
    const Instant begun = net.scheduler.now();
    net.bgp.withdraw(net.as(1), 0);
    net.settle();
    const double took = (net.bgp.stats().last_best_change - begun).seconds();
    EXPECT_NEAR(took, 30.0 * (n - 3), 1) << n;
    for (u32 k = 1; k <= n; ++k) EXPECT_TRUE(net.path(k).empty());
  }
}

// ---- withdrawn and announced again
// ---------------------------------------------------------------
TEST(bgp, the_second_best_path_takes_over_and_gives_way_again) {
  Net net(
      graph_of({{9, 5, kPlain}, {9, 6, kPlain}, {5, 1, kPlain}, {6, 4, kPlain}, {4, 1, kPlain}}));
  net.bgp.originate(net.as(1), 0);
  ASSERT_TRUE(net.bgp.converge());
  EXPECT_EQ(net.path(9), (Path{9, 5, 1}));
  EXPECT_EQ(net.bgp.peer(net.bgp.forwarding(net.as(9), 0)), net.as(5));
  net.bgp.session_down(net.as(1), net.as(5), 42);
  net.run(10_s);
  EXPECT_EQ(net.path(9), (Path{9, 6, 4, 1}));
  EXPECT_EQ(net.path(5), (Path{5, 9, 6, 4, 1}));
  EXPECT_EQ(net.bgp.peer(net.bgp.forwarding(net.as(9), 0)), net.as(6));
  EXPECT_EQ(net.bgp.forwarding_cause(net.as(9), 0), 42u);  // why it goes there
  net.bgp.session_up(net.as(1), net.as(5), 43);
  net.run(10_s);
  EXPECT_EQ(net.path(9), (Path{9, 5, 1}));
  EXPECT_EQ(net.bgp.forwarding_cause(net.as(9), 0), 43u);
}

TEST(bgp, an_export_policy_takes_one_prefix_back_and_lets_it_out_again) {
  Net net(graph_of({{2, 1, kOver}, {3, 1, kOver}, {2, 3, kPeer}}), exact(), 2);
  for (const PrefixIndex p : {0u, 1u}) net.bgp.originate(net.as(1), p);
  ASSERT_TRUE(net.bgp.converge());
  net.bgp.set_export(net.as(1), 0, 1, false, 7);
  EXPECT_EQ(net.bgp.classes(), 2u);  // told apart
  net.settle();
  EXPECT_EQ(net.withdrawals, 2u);  // one to each provider
  EXPECT_FALSE(net.bgp.exported(net.as(1), 0));
  EXPECT_FALSE(net.bgp.announced(net.as(1), 0));
  EXPECT_TRUE(net.bgp.originates(net.as(1), 0));  // it has it still
  for (const u32 k : {2u, 3u}) {
    EXPECT_TRUE(net.path(k, 0).empty());
    EXPECT_EQ(net.path(k, 1), (Path{k, 1}));
    EXPECT_EQ(net.bgp.forwarding_cause(net.as(k), 0), 7u);
  }
  net.bgp.set_export(net.as(1), 0, 1, true, 8);
  net.settle();
  EXPECT_EQ(net.announcements, 2u);
  for (const u32 k : {2u, 3u}) EXPECT_EQ(net.path(k, 0), (Path{k, 1}));
}

TEST(bgp, a_lost_session_is_tried_again_after_its_retry_time) {
  BgpParams p = exact();
  p.connect_retry = 100_s;
  Net net(graph_of({{1, 2, kPlain}}), p);
  net.bgp.originate(net.as(1), 0);
  ASSERT_TRUE(net.bgp.converge());
  net.bgp.session_down(net.as(1), net.as(2), kNoIncident);
  net.run(74_s);
  EXPECT_TRUE(net.path(2).empty());
  net.run(27_s);  // 75 to 100 s
  EXPECT_EQ(net.path(2), (Path{2, 1}));
}

// RFC 4724: what is not announced again after the restart goes, the rest was never away.
TEST(bgp, graceful_restart_keeps_routes_until_the_end_of_the_restart) {
  BgpParams p = exact();
  p.restart_time = 60_s;
  p.connect_retry = 1000_s;
  Net net(graph_of({{1, 2, kPlain}}), p);
  net.bgp.originate(net.as(1), 0);
  ASSERT_TRUE(net.bgp.converge());
  net.bgp.session_down(net.as(1), net.as(2), kNoIncident);
  net.run(59_s);
  EXPECT_EQ(net.path(2), (Path{2, 1}));
  net.run(2_s);
  EXPECT_TRUE(net.path(2).empty());
  net.bgp.session_up(net.as(1), net.as(2), kNoIncident);
  net.run(1_s);
  EXPECT_EQ(net.path(2), (Path{2, 1}));
  net.bgp.session_down(net.as(1), net.as(2), kNoIncident);
  net.bgp.withdraw(net.as(1), 0);  // while nobody hears it
  net.run(10_s);
  EXPECT_EQ(net.path(2), (Path{2, 1}));
  net.bgp.session_up(net.as(1), net.as(2), kNoIncident);
  net.run(1_s);
  EXPECT_TRUE(net.path(2).empty());  // it was not among what came after the restart
}

// Zombies: who lost the withdrawal has the route still, and so have those who hear of it from
// there.
TEST(bgp, a_lost_withdrawal_leaves_a_route_until_its_session_is_reset) {
  BgpParams p = exact();
  p.stuck_withdrawals = {1};
  p.connect_retry = 1000_s;
  Net net(graph_of({{1, 2, kPlain}, {2, 3, kPlain}}), p);
  net.bgp.originate(net.as(1), 0);
  ASSERT_TRUE(net.bgp.converge());
  net.bgp.withdraw(net.as(1), 0);
  net.run(1_h);
  EXPECT_TRUE(net.path(1).empty());
  EXPECT_EQ(net.path(2), (Path{2, 1}));
  EXPECT_EQ(net.path(3), (Path{3, 2, 1}));
  net.bgp.params().stuck_withdrawals = {0};
  net.bgp.session_down(net.as(1), net.as(2), kNoIncident);
  net.run(1_min);
  EXPECT_TRUE(net.path(2).empty());
  EXPECT_TRUE(net.path(3).empty());
}

TEST(bgp, a_refresh_sends_all_of_it_once_more) {
  Net net(graph_of({{1, 2, kPlain}, {1, 3, kPlain}}), exact(), 2);
  for (const PrefixIndex p : {0u, 1u}) net.bgp.originate(net.as(1), p);
  ASSERT_TRUE(net.bgp.converge());
  net.bgp.refresh(net.as(1), net.as(2), kNoIncident);
  net.settle();
  EXPECT_EQ(net.bgp.stats().announcements, 2u);
}

// ---- damping
// ------------------------------------------------------------------------------------- RFC 2439: a
// withdrawal costs 1000, halved every 15 min; suppressed above 2000, used below 750.
TEST(flap_damping, three_flaps_suppress_until_the_penalty_has_decayed) {
  BgpParams p;
  FlapDamping d;
  EXPECT_FALSE(d.flap(Flap::kWithdrawn, Instant{}, p));
  EXPECT_NEAR(d.penalty(Instant{} + 900_s, p), 500, 1e-9);
  EXPECT_FALSE(d.flap(Flap::kWithdrawn, Instant{}, p));  // 2000 is not above it
  EXPECT_TRUE(d.flap(Flap::kChanged, Instant{}, p));     // 2500
  EXPECT_NEAR((d.reusable_at(p) - Instant{}).seconds(), 900 * std::log2(2500.0 / 750), 1e-3);
  d.release();
  EXPECT_FALSE(d.suppressed());
  for (int k = 0; k < 100; ++k) d.flap(Flap::kWithdrawn, Instant{}, p);
  EXPECT_NEAR((d.reusable_at(p) - Instant{}).seconds(), 3600, 1e-3);  // the longest
}

TEST(bgp, a_route_that_flaps_is_unused_until_it_may_be_used_again) {
  BgpParams p = exact();
  p.flap_damping = true;
  Net net(graph_of({{1, 2, kPlain}}), p);
  net.bgp.announce(net.as(1), 0);
  for (int k = 0; k < 3; ++k) {
    net.run(1_s);
    net.bgp.withdraw(net.as(1), 0);
    net.run(1_s);
    net.bgp.announce(net.as(1), 0);
  }
  net.run(1_s);
  EXPECT_TRUE(net.path(2).empty());  // it is announced, and suppressed
  net.run(900_s * 1);
  EXPECT_TRUE(net.path(2).empty());
  net.run(900_s + 20_s);  // three withdrawals decay to 750 in two half-lives
  EXPECT_EQ(net.path(2), (Path{2, 1}));
}

// ---- forwarding
// ----------------------------------------------------------------------------------
TEST(forwarding, follows_next_hops_with_their_delays_to_whoever_has_it) {
  AsGraph g = graph_of({{1, 2, kPlain}, {2, 3, kPlain}});
  g.set_delay(0, 20_ms);
  g.set_delay(1, 50_ms);
  Net net(g);
  net.bgp.originate(net.as(1), 0);
  ASSERT_TRUE(net.bgp.converge());
  const Forwarding forwarding(net.bgp);
  std::vector<u8> alive(3, 1);
  const Walk walk = forwarding.walk(net.as(3), 0, alive);
  EXPECT_EQ(walk.reach, Reach::kReachable);
  EXPECT_EQ(walk.one_way, 70_ms);
  EXPECT_EQ(walk.hops, 2u);
  EXPECT_EQ(walk.end, net.as(1));
  alive[net.as(1)] = 0;
  EXPECT_EQ(forwarding.walk(net.as(3), 0, alive).reach, Reach::kBlackHole);
}

}  // namespace test_bgp
}  // namespace stampede
