// What must hold on every graph: one stable state whatever the delays, no valley, no loop left.
#include <gtest/gtest.h>

#include <memory>
#include <numeric>

#include "models/network/as_generator.h"
#include "models/network/bgp.h"
#include "models/network/forwarding.h"

namespace stampede {
namespace test_bgp_properties {

AsGraph random_graph(u64 seed, i32 ases = 60) {
  AsGeneratorParams params;
  params.ases = ases;
  params.transit = 4;
  return generate_as_graph(params, 3, seed);
}

struct Speakers {
  Speakers(const AsGraph& graph, const BgpParams& params, u64 seed)
      : bgp(scheduler, graph, params, {{10u << 24, 24}, {11u << 24, 24}}, seed) {}
  void settle() {
    scheduler.run_until(scheduler.now() + 10_h);
    EXPECT_EQ(scheduler.pending_count(), 0u);
    EXPECT_FALSE(bgp.divergent());
  }
  Scheduler scheduler;
  Bgp bgp;
};

TEST(bgp_property, the_final_tables_do_not_depend_on_seed_delays_or_history) {
  for (u64 graph_seed = 1; graph_seed <= 6; ++graph_seed) {
    const AsGraph graph = random_graph(graph_seed);
    const AsIndex one = graph.size() - 1, two = graph.size() - 2;
    Speakers direct(graph, {}, 1);
    direct.bgp.originate(one, 0);
    direct.bgp.originate(two, 1);
    direct.bgp.originate(one, 1);  // anycast
    ASSERT_TRUE(direct.bgp.converge());
    EXPECT_EQ(direct.scheduler.handled(), 0u);
    for (u64 seed = 1; seed <= 6; ++seed) {
      BgpParams params;
      params.mrai = Duration{static_cast<i64>(seed % 3) * 15'000'000'000};
      params.wrate_fraction = {static_cast<double>(seed % 4) / 3};
      params.mrai_scope = seed % 2 ? MraiScope::kPeer : MraiScope::kPrefix;
      if (params.mrai.ns == 0) params.processing_max = params.processing_min;
      Speakers run(graph, params, seed);
      run.bgp.announce(two, 1);
      run.scheduler.run_until(Instant{} + Duration{static_cast<i64>(seed) * 7'000'000});
      run.bgp.announce(one, 0);
      run.bgp.announce(one, 1);
      run.settle();
      EXPECT_EQ(run.bgp.digest(), direct.bgp.digest()) << graph_seed << ' ' << seed;
      run.bgp.withdraw(one, 0);
      run.scheduler.run_until(run.scheduler.now() + 20_s);  // back amid path exploration
      run.bgp.announce(one, 0);
      run.settle();
      EXPECT_EQ(run.bgp.digest(), direct.bgp.digest()) << graph_seed << ' ' << seed;
    }
  }
}

// Prefixes in classes against the same prefix alone. Without shared timers and queues they do not
// touch each other, so that each must go the same way at every instant, however and whenever
// classes are split.
struct Change {
  Instant at{};
  u32 first = 0, count = 0, kind = 0;
  AsIndex as = 0;
};
void apply(Bgp& bgp, const Change& c, PrefixIndex first, u32 count) {
  if (c.kind < 2)
    bgp.set_export(c.as, first, count, c.kind == 0, 7);
  else if (c.kind == 2)
    bgp.announce_all(c.as, first, count, 8);
  else
    bgp.withdraw_all(c.as, first, count, 9);
}

TEST(bgp_property, prefixes_of_one_class_go_the_way_that_each_goes_alone) {
  constexpr u32 kPrefixes = 6;
  std::vector<Prefix> all;
  for (u32 p = 0; p < kPrefixes; ++p) all.push_back({10u << 24 | p << 8, 24});
  for (u64 seed = 1; seed <= 8; ++seed) {
    const AsGraph graph = random_graph(seed, 40);
    BgpParams params;
    params.mrai = {};
    params.processing_min = params.processing_max = {};
    params.decision_hold = seed % 2 ? 50_ms : 0_s;
    const StreamKey key = stream_key(seed, "test", "changes");
    std::vector<Change> changes;
    for (u32 k = 0; k < 12; ++k) {
      const Words w = draw(key, k), v = draw(key, k, 1);
      Change c;
      c.at = Instant{} + Duration{static_cast<i64>(k) * 90'000'000};  // news is still under way
      c.first = static_cast<u32>(uniform(w) * kPrefixes);
      c.count = 1 + static_cast<u32>(uniform2(w) * (kPrefixes - c.first));
      c.kind = static_cast<u32>(uniform(v) * 4);
      c.as = uniform2(v) < 0.5 ? 39 : 38;
      changes.push_back(c);
    }
    Scheduler together_time;
    Bgp together(together_time, graph, params, all, 1);
    for (PrefixIndex p = 0; p < kPrefixes; ++p) together.originate(39, p);
    ASSERT_TRUE(together.converge());
    EXPECT_EQ(together.classes(), 1u);
    struct Alone {
      Scheduler time;
      std::unique_ptr<Bgp> bgp;
    };
    std::vector<Alone> alone(kPrefixes);
    for (PrefixIndex p = 0; p < kPrefixes; ++p) {
      alone[p].bgp =
          std::make_unique<Bgp>(alone[p].time, graph, params, std::vector<Prefix>{all[p]}, 1);
      alone[p].bgp->originate(39, 0);
      ASSERT_TRUE(alone[p].bgp->converge());
    }
    const auto compare = [&](Instant at) {
      together_time.run_until(at);
      for (PrefixIndex p = 0; p < kPrefixes; ++p) {
        alone[p].time.run_until(at);
        for (AsIndex as = 0; as < graph.size(); ++as) {
          ASSERT_EQ(together.best_path(as, p), alone[p].bgp->best_path(as, 0)) << seed;
          ASSERT_EQ(together.forwarding(as, p), alone[p].bgp->forwarding(as, 0)) << seed;
        }
      }
    };
    for (const Change& c : changes) {
      compare(c.at);
      apply(together, c, c.first, c.count);
      for (PrefixIndex p = c.first; p < c.first + c.count; ++p) apply(*alone[p].bgp, c, 0, 1);
    }
    for (u32 k = 0; k < 40; ++k) compare(changes.back().at + Duration{k * 100'000'000LL});
    EXPECT_GT(together.classes(), 1u);
    u64 messages = 0;
    for (const Alone& one : alone)
      messages += one.bgp->stats().announcements + one.bgp->stats().withdrawals;
    EXPECT_EQ(together.stats().announcements + together.stats().withdrawals, messages) << seed;
  }
}

TEST(bgp_property, withdrawn_by_all_means_gone_everywhere) {
  for (u64 seed = 1; seed <= 6; ++seed) {
    const AsGraph graph = random_graph(seed);
    Speakers run(graph, {}, seed);
    run.bgp.originate(5, 0);
    ASSERT_TRUE(run.bgp.converge());
    const u64 before = Speakers(graph, {}, seed).bgp.digest();
    run.bgp.withdraw(5, 0);
    run.settle();
    EXPECT_EQ(run.bgp.digest(), before);
    for (AsIndex as = 0; as < graph.size(); ++as)
      EXPECT_EQ(run.bgp.forwarding(as, 0), kNoSession) << "ghost route at " << graph.asn(as);
  }
}

TEST(bgp_property, same_seed_same_events) {
  const AsGraph graph = random_graph(3);
  std::vector<u64> handled, updates;
  for (int i = 0; i < 2; ++i) {
    Speakers run(graph, {}, 9);
    run.bgp.announce(7, 0);
    run.settle();
    run.bgp.withdraw(7, 0);
    run.settle();
    handled.push_back(run.scheduler.handled());
    updates.push_back(run.bgp.stats().announcements + run.bgp.stats().withdrawals);
  }
  EXPECT_EQ(handled[0], handled[1]);
  EXPECT_EQ(updates[0], updates[1]);
}

// Up over customer-to-provider links, at most one peer link, then down.
TEST(bgp_property, every_best_path_is_free_of_valleys_and_loops) {
  for (u64 seed = 1; seed <= 6; ++seed) {
    const AsGraph graph = random_graph(seed);
    Speakers run(graph, {}, seed);
    run.bgp.originate(graph.size() - 1, 0);
    ASSERT_TRUE(run.bgp.converge());
    const Forwarding forwarding(run.bgp);
    const std::vector<u8> alive(graph.size(), 1);
    for (AsIndex as = 0; as < graph.size(); ++as) {
      const std::vector<u32> path = run.bgp.best_path(as, 0);
      ASSERT_FALSE(path.empty());
      bool descending = false;
      for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        const AsIndex here = *graph.find(path[i]), next = *graph.find(path[i + 1]);
        for (const Neighbour& n : graph.neighbours(here)) {
          if (n.as != next) continue;
          EXPECT_TRUE(!descending || n.relation == Relation::kCustomer);
          if (n.relation != Relation::kProvider) descending = true;
        }
      }
      const Walk walk = forwarding.walk(as, 0, alive);
      EXPECT_EQ(walk.reach, Reach::kReachable);
      EXPECT_EQ(walk.end, graph.size() - 1);
      EXPECT_EQ(walk.hops + 1, path.size());  // packets follow the announced path
    }
  }
}

TEST(bgp_property, a_session_reset_heals_to_the_same_tables) {
  const AsGraph graph = random_graph(2);
  for (const Duration restart : {0_s, 120_s}) {
    BgpParams params;
    params.restart_time = restart;
    Speakers run(graph, params, 1);
    run.bgp.originate(graph.size() - 1, 0);
    ASSERT_TRUE(run.bgp.converge());
    const u64 before = run.bgp.digest();
    const AsIndex end = graph.size() - 1;
    for (const Neighbour& n : graph.neighbours(end)) run.bgp.session_down(end, n.as, kNoIncident);
    run.scheduler.run_until(run.scheduler.now() + 60_s);
    u32 gone = 0;
    for (AsIndex as = 0; as < graph.size(); ++as) gone += run.bgp.forwarding(as, 0) == kNoSession;
    if (restart.ns == 0) {
      EXPECT_GT(gone, 0u);
    } else {
      EXPECT_EQ(gone, 0u);  // graceful restart keeps forwarding
    }
    run.settle();
    EXPECT_EQ(run.bgp.digest(), before) << restart.seconds();
  }
}

TEST(bgp_property, a_silent_link_costs_the_hold_time) {
  AsGraph graph;
  graph.add_link(1, 2, LinkKind::kProviderToCustomer);
  BgpParams params;
  Speakers run(graph, params, 1);
  run.bgp.originate(1, 0);
  ASSERT_TRUE(run.bgp.converge());
  run.bgp.link_fails(0, 1, kNoIncident);
  const Forwarding forwarding(run.bgp);
  const std::vector<u8> alive(2, 1);
  EXPECT_EQ(forwarding.walk(0, 0, alive).reach, Reach::kBlackHole);
  run.scheduler.run_until(Instant{} + 89_s);
  EXPECT_EQ(forwarding.walk(0, 0, alive).reach, Reach::kBlackHole);
  run.scheduler.run_until(Instant{} + 91_s);
  EXPECT_EQ(forwarding.walk(0, 0, alive).reach, Reach::kNoRoute);
  run.bgp.link_repaired(0, 1, kNoIncident);
  run.scheduler.run_until(Instant{} + 10_min);
  EXPECT_EQ(forwarding.walk(0, 0, alive).reach, Reach::kReachable);
}

}  // namespace test_bgp_properties
}  // namespace stampede
