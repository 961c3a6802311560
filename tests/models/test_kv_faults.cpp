// What is done to stored context and clocks from outside, on the KV cache alone.
#include "models/kv_cache/wall_clock.h"
#include "tests/models/kv_fixture.h"

namespace stampede {
namespace test_kv_faults {
using test::plain;
using test::Store;

constexpr u32 kSessions = 400, kBlocks = 50;
constexpr u32 kTokens = kBlocks * 64;

// Sessions of fifty blocks each in region 0.
struct Full : Store {
  explicit Full(const KvCacheParams& p = plain(), u64 seed = 1) : Store(p, seed) {
    for (u32 s = 0; s < kSessions; ++s) {
      kv.session_opened(s, 1000 + s, 0, 0);
      turn(s, 0, 1, 64, kTokens);
    }
    run(10_s);
    cause = world.incident("corrupt_blocks", "test", {}, "");
  }
  // Sessions whose next turn is wrong, and tokens that it finds.
  struct Seen {
    u32 wrong = 0, unnamed = 0;
    u64 tokens = 0;
  };
  Seen look(RegionId r = 0) {
    Seen seen;
    for (u32 s = 0; s < kSessions; ++s) {
      const KvLookup found = kv.lookup(s, r, 2, kTokens);
      seen.wrong += found.poisoned;
      seen.tokens += found.cached_tokens;
      if (found.poisoned && found.cause != first("blocks_corrupted")->id) ++seen.unnamed;
    }
    return seen;
  }
  IncidentId cause = kNoIncident;
};

// Of fifty blocks of which each is wrong with 2 %, one at least is with 64 %.
TEST(kv_faults, a_context_is_wrong_if_any_block_of_it_is) {
  Full t;
  EXPECT_EQ(t.look().wrong, 0U);
  const IncidentId id = t.kv.corrupt_blocks(0, {0.02}, t.cause);
  EXPECT_EQ(t.world.journal.all()[id - 1].causes, std::vector<IncidentId>{t.cause});
  const Full::Seen seen = t.look();
  EXPECT_NEAR(seen.wrong, 0.636 * kSessions, 40);  // four standard deviations
  EXPECT_EQ(seen.unnamed, 0U);
  EXPECT_EQ(t.kv.stats().poisoned_blocks > 0, true);
  t.check();
}

TEST(kv_faults, what_is_asked_before_the_first_wrong_block_is_sound) {
  Full t;
  t.kv.corrupt_blocks(0, {0.02}, t.cause);
  u32 wrong = 0;
  for (u32 s = 0; s < kSessions; ++s) wrong += t.kv.lookup(s, 0, 2, 10 * 64).poisoned;
  EXPECT_NEAR(wrong, 0.183 * kSessions, 31);  // ten blocks of 2 %
}

TEST(kv_faults, a_larger_share_meets_more_and_all_is_all_and_other_regions_nothing) {
  const auto wrong = [](double share, RegionId where) {
    Full t;
    t.kv.corrupt_blocks(where, {share}, t.cause);
    return t.look().wrong;
  };
  EXPECT_LT(wrong(0.001, 0), wrong(0.01, 0));
  EXPECT_EQ(wrong(1, 0), kSessions);
  EXPECT_EQ(wrong(1, 1), 0U);
}

TEST(kv_faults, checksums_compute_wrong_blocks_anew) {
  KvCacheParams p = plain();
  p.checksums = true;
  Full t(p);
  t.kv.corrupt_blocks(0, {0.02}, t.cause);
  const Full::Seen seen = t.look();
  EXPECT_EQ(seen.wrong, 0U);
  // What stands before the first wrong block: 0.98 (1 - 0.98^50) / 0.02 of 50 blocks.
  EXPECT_NEAR(static_cast<double>(seen.tokens), 31.2 * 64 * kSessions, 0.1 * 31.2 * 64 * kSessions);
}

// Wrong blocks of sessions that have gone idle come back with them, about as many.
TEST(kv_faults, idle_contexts_are_wrong_as_often_as_live_ones) {
  Full t;
  for (u32 s = 0; s < kSessions; ++s) t.kv.session_closed(s);
  t.kv.corrupt_blocks(0, {0.02}, t.cause);
  for (u32 s = 0; s < kSessions; ++s) t.kv.session_opened(s, 9000 + s, 0, kTokens);
  const Full::Seen seen = t.look();
  EXPECT_NEAR(seen.wrong, 0.636 * kSessions, 40);
  EXPECT_EQ(seen.unnamed, 0U);
  t.check();
}

TEST(kv_faults, a_share_of_the_contexts_is_lost_live_or_idle) {
  for (const bool idle : {false, true}) {
    Full t;
    const u64 before = t.look().tokens;
    if (idle)
      for (u32 s = 0; s < kSessions; ++s) t.kv.session_closed(s);
    const IncidentId lost = t.kv.lose_contexts(0, {0.3}, t.cause);
    if (idle)
      for (u32 s = 0; s < kSessions; ++s) t.kv.session_opened(s, 9000 + s, 0, kTokens);
    const u64 after = t.look().tokens;
    EXPECT_NEAR(static_cast<double>(after) / static_cast<double>(before), 0.7, 0.1) << idle;
    u32 named = 0, missed = 0;
    for (u32 s = 0; s < kSessions; ++s) {
      const KvLookup found = t.kv.lookup(s, 0, 3, kTokens);
      missed += found.cached_tokens == 0;
      named += found.cached_tokens == 0 && found.cause == lost;
    }
    EXPECT_GT(missed, 80U);
    EXPECT_EQ(named, missed);
    t.check();
  }
}

TEST(kv_faults, of_an_empty_store_nothing_is_wrong_or_lost) {
  Store t(plain());
  EXPECT_EQ(t.kv.corrupt_blocks(0, {0.5}, kNoIncident), kNoIncident);
  EXPECT_EQ(t.kv.lose_contexts(0, {0.5}, kNoIncident), kNoIncident);
  EXPECT_TRUE(t.world.journal.all().empty());
}

// ---- clocks ------------------------------------------------------------------------------------
TEST(kv_faults, a_clock_jumps_and_drifts_and_is_right_once_all_is_mended) {
  WallClock clock;
  clock.be_wrong_by(5);
  const auto at = [](double seconds) { return Instant{} + from_seconds(seconds); };
  EXPECT_EQ(clock.error_ms(at(1)), 5);
  const u32 jump = clock.skew(at(10), 2000, 0);
  const u32 drift = clock.skew(at(20), 0, 0.01);
  EXPECT_EQ(clock.error_ms(at(20)), 2005);
  EXPECT_EQ(clock.error_ms(at(120)), 3005);
  EXPECT_EQ(clock.when_ms(9'005, at(9'005 / 1000.0 + 60)), 9'000);  // before the first of them
  EXPECT_EQ(clock.when_ms(17'005, at(17'005 / 1000.0 + 60)), 15'000);
  EXPECT_EQ(clock.when_ms(123'005, at(150)), 120'000);
  clock.mend(at(200), jump);
  EXPECT_EQ(clock.error_ms(at(200)), 1805);
  clock.mend(at(220), drift);
  EXPECT_EQ(clock.error_ms(at(500)), 5);
  clock.mend(at(230), drift);  // once
  EXPECT_EQ(clock.error_ms(at(500)), 5);
  EXPECT_EQ(clock.when_ms(500'005, at(500'005 / 1000.0 + 60)), 500'000);
}

// Set back, a clock gives each write an older stamp than the one before; set forward it does so
// only when it is right again.
TEST(kv_faults, writes_conflict_after_a_clock_was_set_back) {
  const auto conflicts = [](Duration offset, bool mended) {
    Full t;
    const u32 fault = t.kv.skew_clock(0, {offset, {}}, t.cause);
    for (u32 s = 0; s < kSessions; ++s) t.turn(s, 0, 2, kTokens, kTokens + 64);
    if (mended) {
      t.run(5_s);
      t.kv.mend_clock(0, fault, kNoIncident);
      for (u32 s = 0; s < kSessions; ++s) t.turn(s, 0, 3, kTokens, kTokens + 128);
    }
    return t.kv.stats().conflicts;
  };
  EXPECT_EQ(conflicts(Duration{} - 1_h, false), kSessions);
  EXPECT_EQ(conflicts(1_h, false), 0U);
  EXPECT_EQ(conflicts(1_h, true), kSessions);
  EXPECT_EQ(conflicts(Duration{} - 1_s, false), 0U);  // the writes before are older than that
}

// Which region has seen what follows from when it was written, not from what a clock says of it.
TEST(kv_faults, replication_does_not_wait_for_a_clock_that_is_ahead) {
  Full t;
  t.kv.skew_clock(0, {1_h, {}}, t.cause);
  for (u32 s = 0; s < kSessions; ++s) t.turn(s, 0, 2, kTokens, kTokens);
  t.kv.mend_clock(0, 1, kNoIncident);
  t.run(10_s);
  for (u32 s = 0; s < kSessions; ++s)
    EXPECT_EQ(t.kv.lookup(s, 2, 3, kTokens).base_version & 0xffff,
              t.kv.lookup(s, 0, 3, kTokens).base_version & 0xffff);
}

}  // namespace test_kv_faults
}  // namespace stampede
