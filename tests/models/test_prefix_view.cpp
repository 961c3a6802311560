// What a router believes of its pods' caches, against the caches themselves.
#include <gtest/gtest.h>

#include "models/mitigations/prefix_view.h"
#include "models/serving/block_cache.h"
#include "sim/world.h"

namespace stampede {
namespace test_prefix_view {

using Text = std::vector<TextRun>;

struct Bridge final : BlockSink {
  ToldPrefixes told;
  void stored(u64 name, u32 from, u32 to) override { told.change(name, from, to, 1); }
  void removed(u64 name, u32 from, u32 to) override { told.change(name, from, to, -1); }
};

// Sequences with texts that begin alike come, share, compute and go in a small memory, so that much
// is evicted and some is stored twice: at any time the events say of any text what the cache finds.
TEST(prefix_view, events_tell_what_the_cache_holds) {
  u64 bits = 1;
  const auto below = [&](u32 n) { return static_cast<u32>((bits = mix64(bits + 1)) % n); };
  u64 compared = 0, found = 0;
  for (int round = 0; round < 40; ++round) {
    BlockCache cache(40);
    Bridge bridge;
    cache.tell(&bridge);
    std::vector<std::pair<u32, u32>> here;  // ticket, tokens computed
    u32 last = 0;
    const auto text = [&] {
      Text runs;
      for (u32 i = 0; i <= below(4); ++i) runs.push_back({100 * i + below(3), 1 + below(5)});
      return runs;
    };
    for (int step = 0; step < 300; ++step) {
      if (here.size() < 3 && below(2) == 0) {
        const Text runs = text();
        u32 blocks = 0;
        for (const TextRun& run : runs) blocks += run.blocks;
        const u32 tokens = blocks * kBlockTokens + 1 + below(40);
        const u32 ticket = ++last;
        cache.arrive(ticket, runs);
        const BlockCache::Hit hit = cache.find(ticket, tokens);
        const u32 needed = (tokens + kBlockTokens - 1) / kBlockTokens - hit.blocks;
        if (needed + hit.idle > cache.free()) {
          cache.forget(ticket);
          continue;
        }
        cache.share(ticket, hit.blocks);
        ASSERT_TRUE(cache.take(needed));
        cache.name(ticket, tokens);
        here.emplace_back(ticket, tokens);
      } else if (!here.empty()) {
        const std::size_t k = below(static_cast<u32>(here.size()));
        const bool returns = below(5) == 0;
        cache.let_go(here[k].first, here[k].second, returns);
        cache.forget(here[k].first);
        here.erase(here.begin() + static_cast<std::ptrdiff_t>(k));
      }
      if (below(50) == 0) cache.lose([&](u64 name) { return name % 3 == 0; });
      const Text probe = text();
      const u32 ticket = ++last;
      cache.arrive(ticket, probe);
      const u32 truth = cache.find(ticket, 1'000'000).blocks;
      cache.forget(ticket);
      ASSERT_EQ(bridge.told.find(probe), truth) << "round " << round << " step " << step;
      ++compared;
      found += truth;
    }
  }
  EXPECT_GT(compared, 10'000U);
  EXPECT_GT(found, compared);  // blocks are found often enough to mean something
}

struct HandPods final : PodSignalsPort {
  KvEvents* events = nullptr;
  PodGauges gauges(PodId) override { return {}; }
  void listen(WorkloadId, KvEvents& to) override { events = &to; }
  void tell_events(PodId) override {}
};

struct View {
  World world{1};
  ActiveCounts active;
  HandPods pods;
  PrefixViewParams params;
  std::unique_ptr<PrefixView> view;
  explicit View(const PrefixViewParams& p) : params(p) {
    view = std::make_unique<PrefixView>(params, ReplicaChoice::Place{world, "x", active, &pods, 0});
    view->set_endpoints({0, 1});
  }
  u32 found(u32 pod, const Text& text) { return view->found(pod, {1, 1, 1'000'000, text}); }
  void sent(u32 pod, const Text& text) { view->sent(pod, {1, 1, 1'000'000, text}); }
  void wait(Duration d) { world.scheduler.run_until(world.now() + d); }
};

TEST(prefix_view, an_event_is_known_a_delay_after_it_happened) {
  PrefixViewParams params;
  params.event_delay = 2_s;
  View v(params);
  v.pods.events->stored(1, v.world.now(), 7, 0, 10);
  v.wait(2_s - 1_ns);
  EXPECT_EQ(v.found(1, {{7, 20}}), 0U);
  v.wait(1_ns);
  EXPECT_EQ(v.found(1, {{7, 20}}), 10U);
  EXPECT_EQ(v.found(0, {{7, 20}}), 0U);
  v.pods.events->cleared(1, v.world.now());
  EXPECT_EQ(v.found(1, {{7, 20}}), 10U);
  v.wait(2_s);
  EXPECT_EQ(v.found(1, {{7, 20}}), 0U);
}

TEST(prefix_view, a_copy_that_goes_leaves_the_other_and_a_gap_ends_a_prefix) {
  View v({});
  KvEvents& e = *v.pods.events;
  e.stored(0, v.world.now(), 7, 0, 10);
  e.stored(0, v.world.now(), 7, 4, 6);
  e.removed(0, v.world.now(), 7, 4, 10);
  EXPECT_EQ(v.found(0, {{7, 20}}), 6U);
  e.removed(0, v.world.now(), 7, 2, 3);
  EXPECT_EQ(v.found(0, {{7, 20}}), 2U);
  e.stored(0, v.world.now(), 8, 0, 5);
  EXPECT_EQ(v.found(0, {{7, 2}, {8, 9}}), 7U);
  EXPECT_EQ(v.found(0, {{7, 3}, {8, 9}}), 2U);  // the second run counts only behind the whole first
}

TEST(prefix_view, the_last_token_is_always_computed) {
  View v({});
  v.pods.events->stored(0, v.world.now(), 7, 0, 4);
  const Text text{{7, 4}};
  EXPECT_EQ(v.view->found(0, {1, 1, 64, text}), 3U);
  EXPECT_EQ(v.view->found(0, {1, 1, 65, text}), 4U);
}

PrefixViewParams approximate(i64 blocks) {
  PrefixViewParams params;
  params.index = PrefixSource::kApproximate;
  params.blocks = blocks;
  return params;
}

// Of 10 blocks: the end of what was used least recently goes first.
TEST(prefix_view, what_was_sent_is_forgotten_in_the_order_of_its_use) {
  View v(approximate(10));
  v.sent(0, {{1, 4}, {2, 4}});
  v.sent(0, {{3, 4}});
  EXPECT_EQ(v.found(0, {{1, 4}, {2, 4}}), 6U);  // two of 2's blocks made room
  v.sent(0, {{1, 4}});
  v.sent(0, {{4, 4}});
  EXPECT_EQ(v.found(0, {{1, 4}, {2, 4}}), 4U);
  EXPECT_EQ(v.found(0, {{3, 4}}), 2U);
  EXPECT_EQ(v.found(1, {{1, 4}}), 0U);
}

TEST(prefix_view, what_was_sent_counts_for_its_lifetime) {
  PrefixViewParams params = approximate(100);
  params.lifetime = 120_s;
  View v(params);
  v.sent(0, {{1, 4}});
  v.wait(120_s);
  EXPECT_EQ(v.found(0, {{1, 4}}), 4U);
  v.wait(1_ns);
  EXPECT_EQ(v.found(0, {{1, 4}}), 0U);
}

TEST(prefix_view, a_pod_that_left_comes_back_empty) {
  View v(approximate(100));
  v.sent(0, {{1, 4}});
  v.view->set_endpoints({1});
  v.view->set_endpoints({0, 1});
  EXPECT_EQ(v.found(0, {{1, 4}}), 0U);
}

}  // namespace test_prefix_view
}  // namespace stampede
