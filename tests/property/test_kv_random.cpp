// Random histories of sessions, partitions, aborts and flushes: conservation holds at every second,
// the same seed gives the same run, fencing with checksums never serves poison.
#include "tests/models/kv_fixture.h"

namespace stampede {
namespace test_kv_random {
using test::plain;
using test::Store;

struct Flight {
  KvLookup seen;
  SessionSlot slot;
  RegionId region;
  u32 turn, tokens;
  Instant started;
};

// Plays `seconds` of a small service and returns a digest of what lookups said.
u64 play(Store& t, u64 script, u32 seconds, u32 sessions) {
  Sequence random(stream_key(script, "test", "script"));
  const auto below = [&](u32 n) { return static_cast<u32>(random.next() * n); };
  std::vector<u32> turn(sessions, 0), context(sessions, 0);
  std::vector<bool> open(sessions, false);
  std::vector<Flight> flights;
  u64 digest = 0, key = 0;
  for (u32 second = 0; second < seconds; ++second) {
    for (u32 k = 0; k < 20; ++k) {
      const u32 s = below(sessions);
      if (!open[s]) {
        context[s] = random.next() < 0.5 ? 0 : 64 * below(100);
        t.kv.session_opened(s, ++key, static_cast<RegionId>(below(3)), context[s]);
        open[s] = true;
        turn[s] = 0;
      } else if (random.next() < 0.05) {
        t.kv.session_closed(s);
        open[s] = false;
        continue;
      }
      const auto r = static_cast<RegionId>(below(3));
      const u32 prompt = context[s] + below(500);
      const KvLookup seen = t.kv.lookup(s, r, turn[s], prompt);
      if (seen.cached_tokens > prompt) throw std::logic_error("a hit longer than the prompt");
      digest = mix64(digest ^ seen.cached_tokens ^ (u64{seen.base_version} << 20) ^
                     (seen.poisoned ? 1u << 31 : 0u) ^ (u64{seen.cause} << 40));
      flights.push_back({seen, s, r, turn[s], prompt + below(500), t.world.now()});
      if (random.next() < 0.8) {
        ++turn[s];
        context[s] = flights.back().tokens;
      }
    }
    for (std::size_t k = 0; k < flights.size();) {
      if (random.next() < 0.8) {
        ++k;
        continue;
      }
      const Flight f = flights[k];
      flights[k] = flights.back();
      flights.pop_back();
      if (random.next() < 0.1) {
        t.kv.aborted(f.region, f.tokens, kNoIncident);
        continue;
      }
      KvWrite w = t.end_of(f.seen, f.slot, f.region, f.turn, f.tokens);
      w.started = f.started;
      t.kv.write(w);
    }
    const double what = random.next();
    const auto r = static_cast<RegionId>(below(3));
    if (what < 0.01)
      t.network.cut(r, kNoIncident);
    else if (what < 0.03)
      t.network.heal(r);
    else if (what < 0.035)
      t.kv.start_flush(kNoIncident, {random.next() < 0.5 ? r : kNoRegion});
    else if (what < 0.037 && !t.kv.flushing())
      t.kv.start_epoch_bump(kNoIncident);
    t.run(1_s);
    t.check();
  }
  return digest;
}

KvCacheParams busy(u64 variant) {
  KvCacheParams p = plain();
  p.initial_sessions = 10'000;
  p.initial_bytes = {10'000LL * 50 * 64 * 70272};
  p.capacity = {p.initial_bytes.value * 101 / 100};
  p.page_reuse_probability = {0.5};
  p.torn_head_share = {0.5};
  p.index_rate = {20'000};
  p.consistency = static_cast<Consistency>(variant % 4);
  p.fencing = (variant / 4) % 2 != 0;
  p.checksums = (variant / 8) % 2 != 0;
  p.leased_share = {(variant / 16) % 2 != 0 ? 0.2 : 0.0};
  p.flush_stages = static_cast<FlushStages>((variant / 32) % 2);
  p.dead_ntp_region = (variant / 64) % 2 != 0 ? 2 : -1;
  return p;
}

TEST(KvRandom, ConservesBlocksAndRepeatsUnderEveryPolicy) {
  for (u64 variant = 0; variant < 128; ++variant) {
    const KvCacheParams p = busy(variant);
    u64 digests[2];
    for (u64& digest : digests) {
      Store t(p, 7);
      digest = mix64(play(t, variant, 200, 40) ^ t.world.journal.all().size());
      if (p.fencing || p.consistency != Consistency::kApLww) {
        EXPECT_EQ(t.kv.stats().torn, 0u);
      }
      if (p.fencing) {
        EXPECT_EQ(t.kv.stats().conflicts, 0u);
      }
      if (p.checksums) {
        EXPECT_EQ(t.kv.stats().poisoned_lookups, 0u);
      }
    }
    EXPECT_EQ(digests[0], digests[1]) << variant;
  }
}

TEST(KvRandom, FencingAndChecksumsNeverServePoison) {
  for (u64 seed = 1; seed <= 5; ++seed) {
    KvCacheParams bad = busy(0);
    Store exposed(bad, seed);
    play(exposed, seed, 600, 40);
    EXPECT_GT(exposed.kv.stats().poisoned_lookups, 0u);
    EXPECT_GT(exposed.kv.stats().torn, 0u);
    EXPECT_GT(exposed.kv.stats().page_reuses, 0u);
    KvCacheParams safe = busy(4 + 8);
    Store guarded(safe, seed);
    play(guarded, seed, 600, 40);
    EXPECT_EQ(guarded.kv.stats().poisoned_lookups, 0u);
    EXPECT_EQ(guarded.kv.stats().conflicts, 0u);
    EXPECT_EQ(guarded.kv.stats().torn, 0u);
  }
}

// One turn at a time with pauses well above the lag: however a session moves, no two branches
// arise, and a region hits on at least what it computed itself.
TEST(KvRandom, SequentialTurnsNeverConflictWhereverTheyRun) {
  for (u32 regions = 2; regions <= 8; ++regions) {
    Store t(plain(), regions, regions);
    Sequence random(stream_key(regions, "test", "moves"));
    const u32 sessions = 20;
    std::vector<std::vector<u32>> kept(sessions, std::vector<u32>(regions, 0));
    for (u32 s = 0; s < sessions; ++s)
      t.kv.session_opened(s, s + 1, static_cast<RegionId>(s % regions), 0);
    for (u32 turn = 1; turn < 60; ++turn) {
      for (u32 s = 0; s < sessions; ++s) {
        const auto r = static_cast<RegionId>(random.next() * regions);
        const KvLookup seen = t.turn(s, r, turn, 64 * turn, 64 * turn + 64);
        EXPECT_EQ(seen.cached_tokens, kept[s][r]);
        EXPECT_FALSE(seen.poisoned);
        kept[s][r] = 64 * turn + 64;
      }
      t.run(5_s);  // 50 mean lags
    }
    EXPECT_EQ(t.kv.stats().conflicts, 0u) << regions;
  }
}

TEST(KvRandom, AnotherSeedIsAnotherRun) {
  Store a(busy(0), 1), b(busy(0), 2);
  EXPECT_NE(play(a, 3, 300, 40), play(b, 3, 300, 40));
}

}  // namespace test_kv_random
}  // namespace stampede
