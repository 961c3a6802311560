#include "tests/models/kv_fixture.h"

namespace stampede {
namespace test_kv_cache {
using test::plain;
using test::Store;

TEST(KvCache, HitsWhatTheRegionComputedInWholeBlocks) {
  Store t(plain());
  t.kv.session_opened(5, 77, 0, 0);
  EXPECT_EQ(t.turn(5, 0, 1, 1000, 1300).cached_tokens, 0u);
  t.run(1_s);
  EXPECT_EQ(t.turn(5, 0, 2, 1500, 1800).cached_tokens, 1280u);  // 20 whole blocks of 1300
  t.run(1_s);
  EXPECT_EQ(t.kv.lookup(5, 0, 3, 700).cached_tokens, 640u);  // never more than asked for
  EXPECT_EQ(t.kv.stats().conflicts, 0u);
  EXPECT_EQ(t.kv.stats().prompt_tokens, 3200u);
  EXPECT_EQ(t.kv.stats().hit_tokens, 1920u);
  t.check();
}

TEST(KvCache, ServedElsewhereMissesThenHitsThere) {
  Store t(plain());
  t.kv.session_opened(0, 7, 0, 0);
  t.turn(0, 0, 1, 640, 1280);
  t.run(10_s);
  EXPECT_EQ(t.turn(0, 1, 2, 1280, 1920).cached_tokens, 0u);
  t.run(10_s);
  EXPECT_EQ(t.turn(0, 1, 3, 1920, 2560).cached_tokens, 1920u);
  t.run(10_s);
  // Back home the prefix computed there is still sound.
  const KvLookup back = t.turn(0, 0, 4, 2560, 3200);
  EXPECT_EQ(back.cached_tokens, 1280u);
  EXPECT_FALSE(back.poisoned);
  EXPECT_EQ(t.kv.stats().conflicts, 0u);
}

TEST(KvCache, WorksWithEightRegions) {
  KvCacheParams p = plain();
  p.region_shares.assign(8, Share{0.125});
  Store t(p, 1, 8);
  for (u32 s = 0; s < 100; ++s) t.kv.session_opened(s, s + 1, static_cast<RegionId>(s % 8), 0);
  for (u32 s = 0; s < 100; ++s) t.turn(s, static_cast<RegionId>((s + 3) % 8), 1, 64, 64 * (s + 1));
  t.run(60_s);
  for (u32 s = 0; s < 100; ++s) {
    const auto r = static_cast<RegionId>((s + 3) % 8);
    EXPECT_EQ(t.kv.lookup(s, r, 2, 64 * (s + 1)).cached_tokens, 64 * (s + 1));
    EXPECT_EQ(t.kv.lookup(s, static_cast<RegionId>((r + 1) % 8), 2, 640).cached_tokens, 0u);
  }
  EXPECT_EQ(t.kv.stats().conflicts, 0u);
  t.check();
}

TEST(KvCache, WriterOfAClosedSessionIsDropped) {
  Store t(plain());
  t.kv.session_opened(3, 7, 0, 0);
  const KvLookup seen = t.kv.lookup(3, 0, 1, 640);
  t.kv.session_closed(3);
  t.kv.session_opened(3, 8, 0, 0);
  t.kv.write(t.end_of(seen, 3, 0, 1, 1280));
  EXPECT_EQ(t.kv.stats().orphan_writes, 1u);
  EXPECT_EQ(t.kv.lookup(3, 0, 1, 1280).cached_tokens, 0u);
}

TEST(KvCache, ReturningSessionsFindTheShareThatIsStillStored) {
  KvCacheParams p = plain();
  p.initial_sessions = 100'000;
  p.initial_bytes = {100'000LL * 78 * 64 * 70272};
  Store t(p);
  u32 slot = 0;
  const auto open = [&](u32 count) {
    const u64 before = t.kv.stats().materialised;
    for (u32 k = 0; k < count; ++k, ++slot) t.kv.session_opened(slot, slot + 1, 0, 78 * 64);
    return static_cast<double>(t.kv.stats().materialised - before) / count;
  };
  EXPECT_EQ(open(2000), 1.0);
  const KvLookup seen = t.kv.lookup(0, 0, 1, 80 * 64);
  EXPECT_EQ(seen.cached_tokens, 78u * 64);
  // A flush of everything: none is found, and the miss names the flush.
  const IncidentId flush = t.kv.start_flush(kNoIncident);
  t.run(600_s);
  ASSERT_FALSE(t.kv.flushing());
  EXPECT_EQ(open(2000), 0.0);
  EXPECT_EQ(t.kv.lookup(slot - 1, 0, 1, 640).cause, flush);
  t.check();
}

TEST(KvCache, CapacityEvictsTheOldestAndReturnsMissInProportion) {
  KvCacheParams p = plain();
  p.initial_sessions = 300'000;
  p.initial_bytes = {300'000LL * 10 * 64 * 70272};
  p.capacity = {p.initial_bytes.value / 2};
  p.region_shares = {{1.0}, {0.0}, {0.0}};
  p.return_time = 1000000_s;  // all ages alike
  Store t(p);
  t.run(2_s);
  EXPECT_EQ(t.kv.stored_blocks(0), 1'500'000);
  for (u32 s = 0; s < 20'000; ++s) t.kv.session_opened(s, s + 1, 0, 640);
  const double found = static_cast<double>(t.kv.stats().materialised) / 20'000;
  EXPECT_NEAR(found, 0.5, 4 * 0.5 / 141.4);  // four standard errors
  t.check();
}

TEST(KvCache, ClosedSessionsReturnWithWhatTheyLeft) {
  Store t(plain());
  for (u32 s = 0; s < 50; ++s) {
    t.kv.session_opened(s, s + 1, 1, 0);
    t.turn(s, 1, 1, 64, 640);
    t.kv.session_closed(s);
  }
  EXPECT_EQ(t.kv.stored_blocks(1), 500);
  for (u32 s = 0; s < 50; ++s) {
    t.kv.session_opened(s, 1000 + s, 1, 640);
    EXPECT_EQ(t.kv.lookup(s, 1, 1, 640).cached_tokens, 640u);
  }
  EXPECT_EQ(t.kv.stats().materialised, 50u);
  t.check();
}

TEST(KvCache, RegisteredAndDescribed) {
  const TypeInfo& type = type_of<KvCacheParams>();
  EXPECT_EQ(type.name, "kv_cache");
  for (const FieldInfo& f : type.fields) EXPECT_FALSE(f.help.empty()) << f.key;
}

}  // namespace test_kv_cache
}  // namespace stampede
