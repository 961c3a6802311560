#include "tests/models/kv_fixture.h"

namespace stampede {
namespace test_kv_conflict {
using test::LateWriter;
using test::plain;
using test::Store;

TEST(KvConflict, LateWriterWithPerfectClocksWinsAndPoisons) {
  LateWriter l(plain());
  EXPECT_EQ(l.t.kv.stats().conflicts, 1u);
  const KvLookup next = l.t.kv.lookup(0, 0, 3, 2400);
  EXPECT_EQ(next.cached_tokens, 2048u);  // the late branch is the head
  EXPECT_TRUE(next.poisoned);
  const Incident* conflict = l.t.first("kv_conflict");
  ASSERT_NE(conflict, nullptr);
  EXPECT_EQ(conflict->causes, std::vector<IncidentId>{1});  // what the write carried
  EXPECT_EQ(next.cause, conflict->id);
  l.t.check();
}

TEST(KvConflict, TornShareOfConflictsPoisons) {
  KvCacheParams p = plain();
  p.torn_head_share = {0.3};
  LateWriter l(p, 2000);
  EXPECT_EQ(l.t.kv.stats().conflicts, 2000u);
  EXPECT_NEAR(static_cast<double>(l.t.kv.stats().torn), 600, 4 * 20.5);
  EXPECT_EQ(l.t.count("kv_conflict"), 1u);  // one incident, then counted
}

TEST(KvConflict, VersionVectorsDropTheSiblingWithoutPoison) {
  KvCacheParams p = plain();
  p.consistency = Consistency::kApVv;
  LateWriter l(p);
  EXPECT_EQ(l.t.kv.stats().conflicts, 1u);
  const KvLookup next = l.t.kv.lookup(0, 0, 3, 2400);
  EXPECT_FALSE(next.poisoned);
  EXPECT_EQ(next.cached_tokens, 1920u);  // the retry's branch stays
}

TEST(KvConflict, ChecksumsTurnPoisonIntoAMiss) {
  KvCacheParams p = plain();
  p.checksums = true;
  LateWriter l(p);
  const KvLookup next = l.t.kv.lookup(0, 0, 3, 2400);
  EXPECT_FALSE(next.poisoned);
  EXPECT_LT(next.cached_tokens, 1920u);
  EXPECT_EQ(l.t.kv.stats().checksum_misses, 1u);
  l.t.kv.write(l.t.end_of(next, 0, 0, 3, 2560));
  l.t.run(1_s);
  const KvLookup after = l.t.kv.lookup(0, 0, 4, 2560);
  EXPECT_FALSE(after.poisoned);
  EXPECT_EQ(after.cached_tokens, 2560u);
  l.t.check();
}

// Sessions are retried in another region while the first attempt runs on; the first region's clock
// is ahead or not. Counts conflicts and poisoned next turns.
struct Outcome2x2 {
  u64 conflicts, poisoned, fenced;
};
Outcome2x2 moved_sessions(bool fencing, Duration dead_ntp,
                          const std::vector<KvRegionParams>& own = {}) {
  KvCacheParams p = plain();
  p.fencing = fencing;
  p.dead_ntp_region = 1;
  p.dead_ntp_skew = dead_ntp;
  Store t(p, 1, 3, own);
  const u32 n = 300;
  for (u32 s = 0; s < n; ++s) {
    t.kv.session_opened(s, 1 + s, 0, 0);
    t.turn(s, 0, 1, 640, 1280);
  }
  t.run(10_s);
  // Turn 2 runs in region 1; two thirds of the sessions then go on at home within its clock error,
  // one third has an older attempt at home which ends last.
  std::vector<KvLookup> old;
  for (u32 s = 0; s < n; ++s) old.push_back(t.kv.lookup(s, 0, 2, 1600));
  for (u32 s = 0; s < n; ++s) t.turn(s, 1, 2, 1600, 1920);
  t.run(1_s + 500_ms);
  for (u32 s = 0; s < n; ++s) {
    if (s % 3 == 0) {
      t.kv.write(t.end_of(old[s], s, 0, 2, 1920));
    } else {
      t.turn(s, 0, 3, 2240, 2560);
    }
  }
  t.run(120_s);
  Outcome2x2 o{t.kv.stats().conflicts, 0, t.kv.stats().fenced_writes};
  for (u32 s = 0; s < n; ++s) o.poisoned += t.kv.lookup(s, 0, 4, 3000).poisoned;
  t.check();
  return o;
}

TEST(KvConflict, FencingRemovesOrderingConflictsWhateverTheClocks) {
  const Outcome2x2 plain_clocks = moved_sessions(false, {});
  EXPECT_EQ(plain_clocks.conflicts, 100u);  // the late writers only
  EXPECT_EQ(plain_clocks.poisoned, 100u);
  const Outcome2x2 skewed = moved_sessions(false, 2_s);
  EXPECT_EQ(skewed.conflicts, 300u);  // and every head from the clock that is ahead
  EXPECT_GT(skewed.poisoned, 100u);
  for (const Duration skew : {Duration{}, 2_s}) {
    const Outcome2x2 fenced = moved_sessions(true, skew);
    EXPECT_EQ(fenced.conflicts, 0u);
    EXPECT_EQ(fenced.poisoned, 0u);
    EXPECT_EQ(fenced.fenced, 100u);
  }
}

TEST(KvConflict, ARegionHasAClockAndALagOfItsOwn) {
  KvRegionParams ahead, slow;
  ahead.clock_error = 2_s;
  slow.replication_lag = 1_h;
  EXPECT_EQ(moved_sessions(false, {}, {{}, ahead, {}}).conflicts, 300u) << "as with a dead clock";
  // What region 1 writes does not reach the home within this run; region 2 writes nothing.
  EXPECT_EQ(moved_sessions(false, {}, {{}, slow, {}}).conflicts, 0u);
  EXPECT_EQ(moved_sessions(false, {}, {{}, {}, slow}).conflicts, 100u);
}

// A partition: home region 0 is cut off, both sides go on writing, then it heals.
struct Parted {
  explicit Parted(const KvCacheParams& p, bool both_sides = true, Duration outage = 300_s) : t(p) {
    t.kv.session_opened(0, 42, 0, 0);
    t.turn(0, 0, 1, 640, 1280);
    t.run(10_s);
    route = t.world.incident("prefix_withdrawn", "test", {}, "");
    t.network.cut(0, route);
    t.kv.paths_changed(0);
    t.run(1_s);
    t.turn(0, 1, 2, 1600, 1920);
    t.run(5_s);
    if (both_sides) t.turn(0, 0, 2, 1600, 2048);
    t.run(outage);
    t.network.heal(0);
    t.kv.paths_changed(0);
    t.run(200_s);
  }
  Store t;
  IncidentId route = kNoIncident;
};

TEST(KvPartition, DivergentBranchesConflictOnHeal) {
  Parted d(plain());
  const Incident* parted = d.t.first("kv_partitioned");
  ASSERT_NE(parted, nullptr);
  EXPECT_EQ(parted->causes, std::vector<IncidentId>{d.route});
  EXPECT_EQ(d.t.kv.stats().conflicts, 1u);
  const Incident* conflict = d.t.first("kv_conflict");
  ASSERT_NE(conflict, nullptr);
  EXPECT_EQ(conflict->causes, std::vector<IncidentId>{parted->id});
  // The loser (the earlier write, in region 1) holds the torn mix, the winner is sound.
  EXPECT_TRUE(d.t.kv.lookup(0, 1, 3, 2400).poisoned);
  EXPECT_FALSE(d.t.kv.lookup(0, 0, 3, 2400).poisoned);
  d.t.check();
}

TEST(KvPartition, ConflictNamesTheWriteAndThePartition) {
  Store t(plain());
  t.kv.session_opened(0, 42, 0, 0);
  t.turn(0, 0, 1, 640, 1280);
  t.run(10_s);
  const IncidentId failover = t.world.incident("failover_started", "test", {}, "");
  t.network.cut(0, kNoIncident);
  t.kv.paths_changed(0);
  t.turn(0, 0, 2, 1600, 2048);
  KvWrite moved = t.end_of(t.kv.lookup(0, 1, 2, 1600), 0, 1, 2, 1920);
  moved.cause = failover;
  t.run(70_s);
  t.kv.write(moved);
  t.run(70_s);
  t.network.heal(0);
  t.run(200_s);
  const Incident* conflict = t.first("kv_conflict");
  ASSERT_NE(conflict, nullptr);
  EXPECT_EQ(conflict->causes, (std::vector<IncidentId>{failover, t.first("kv_partitioned")->id}));
}

TEST(KvPartition, OneWriterOrShortOutageLeavesNoIncident) {
  Parted one(plain(), false);
  EXPECT_EQ(one.t.kv.stats().conflicts, 0u);
  EXPECT_EQ(one.t.kv.lookup(0, 0, 3, 2400).cached_tokens, 1280u);
  Parted brief(plain(), false, 20_s);
  EXPECT_EQ(brief.t.count("kv_partitioned"), 0u);
}

TEST(KvPartition, WhatTheHomePassedOnIsNotABranch) {
  KvCacheParams p = plain();
  p.replication_lag = 1_s;
  Store t(p);
  const u32 n = 50;
  for (u32 s = 0; s < n; ++s) {
    t.kv.session_opened(s, 42 + s, 0, 0);
    t.turn(s, 1, 1, 640, 1280);
  }
  t.run(20_s);
  t.network.cut(2, kNoIncident);
  t.kv.paths_changed(2);
  for (u32 s = 0; s < n; ++s) t.turn(s, 0, 2, 1280, 1344);
  t.run(10_s);
  t.network.heal(2);
  t.kv.paths_changed(2);
  // The home's next turn contains region 1's and may reach region 2 before what the outage held up.
  for (u32 s = 0; s < n; ++s) t.turn(s, 0, 3, 1344, 1408);
  t.run(900_ms);
  u32 reached = 0;
  for (u32 s = 0; s < n; ++s) {
    const KvLookup seen = t.kv.lookup(s, 2, 4, 1408);
    if ((seen.base_version & 0xffff) != 3) continue;
    ++reached;
    t.kv.write(t.end_of(seen, s, 2, 4, 1472));
    t.run(1_ms);
  }
  EXPECT_GT(reached, 10u);
  t.run(5_s);
  for (u32 s = 0; s < n; ++s) t.kv.lookup(s, 2, 5, 1472);
  EXPECT_EQ(t.kv.stats().conflicts, 0u);
}

TEST(KvPartition, NeitherSideSeesTheOtherWhileTheHomeIsAway) {
  Store t(plain());
  t.kv.session_opened(0, 42, 0, 0);
  t.turn(0, 0, 1, 640, 1280);
  t.run(10_s);
  t.network.cut(0, kNoIncident);
  t.kv.paths_changed(0);
  // Regions 1 and 2 reach each other, but manifests travel through the home.
  t.turn(0, 1, 2, 1600, 1920);
  t.run(30_s);
  t.turn(0, 2, 2, 1600, 1984);
  t.run(30_s);
  EXPECT_EQ(t.kv.stats().conflicts, 0u);
  t.network.heal(0);
  t.kv.paths_changed(0);
  t.run(200_s);
  EXPECT_EQ(t.kv.stats().conflicts, 1u);
}

TEST(KvPartition, PoliciesThatRefuseHaveNoBranches) {
  for (const Consistency c : {Consistency::kCpBlock, Consistency::kHomeOwner}) {
    KvCacheParams p = plain();
    p.consistency = c;
    Parted d(p);
    EXPECT_EQ(d.t.kv.stats().conflicts, 0u);
    EXPECT_EQ(d.t.kv.stats().refused_writes, c == Consistency::kCpBlock ? 2u : 1u);
    EXPECT_FALSE(d.t.kv.lookup(0, 1, 3, 2400).poisoned);
  }
}

TEST(KvPartition, FencedBranchesMeetWithoutConflict) {
  KvCacheParams p = plain();
  p.fencing = true;
  Parted d(p);
  EXPECT_EQ(d.t.kv.stats().conflicts, 0u);
  EXPECT_EQ(d.t.kv.stats().fenced_writes, 1u);
  EXPECT_FALSE(d.t.kv.lookup(0, 1, 3, 2400).poisoned);
  EXPECT_FALSE(d.t.kv.lookup(0, 0, 3, 2400).poisoned);
}

TEST(KvConflict, RareOnesWithoutCauseAreCountedOnly) {
  KvCacheParams p = plain();
  Store t(p);
  for (u32 k = 0; k < 100; ++k) {
    t.kv.session_opened(k, k + 1, 0, 0);
    const KvLookup seen = t.kv.lookup(k, 0, 1, 640);
    t.turn(k, 0, 1, 640, 1280);
    t.kv.write(t.end_of(seen, k, 0, 1, 1300));
    t.run(2_s);
  }
  EXPECT_EQ(t.kv.stats().conflicts, 100u);
  EXPECT_EQ(t.count("kv_conflict"), 0u);
}

// What a link's buffer held arrives with its lag; what it could not hold waits for the comparison
// of digests.
TEST(KvPartition, AnOverflowedBufferCatchesUpByAntiEntropy) {
  for (const i64 buffer : {100, 2}) {
    KvCacheParams p = plain();
    p.replication_buffer = buffer;
    p.anti_entropy = 60_s;
    Store t(p);
    for (u32 s = 0; s < 5; ++s) {
      t.kv.session_opened(s, 42 + s, 0, 0);
      t.turn(s, 0, 1, 640, 1280);
    }
    t.run(10_s);
    t.network.cut(1, kNoIncident);
    t.kv.paths_changed(1);
    for (u32 s = 0; s < 5; ++s) t.turn(s, 0, 2, 1280, 1344);
    t.run(10_s);
    t.network.heal(1);
    t.kv.paths_changed(1);
    const auto arrived = [&] {
      u32 sum = 0;
      for (u32 s = 0; s < 5; ++s)
        sum += (t.kv.lookup(s, 1, 3, 1344).base_version & 0xffff) == 2 ? 1 : 0;
      return sum;
    };
    t.run(5_s);
    EXPECT_EQ(arrived(), buffer == 100 ? 5u : 0u);
    t.run(60_s);
    EXPECT_EQ(arrived(), 5u);
  }
}

}  // namespace test_kv_conflict
}  // namespace stampede
