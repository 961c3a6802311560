#include "tests/models/kv_fixture.h"

namespace stampede {
namespace {
using test::plain;
using test::Store;

// An attempt whose client left executes on and writes after its retry did.
struct LateWriter {
  explicit LateWriter(const KvCacheParams& p, u32 sessions = 1) : t(p) {
    const IncidentId overload = t.world.incident("replica_overloaded", "test", {}, "");
    for (u32 s = 0; s < sessions; ++s) {
      t.kv.session_opened(s, 100 + s, 0, 0);
      t.turn(s, 0, 1, 640, 1280);
    }
    t.run(10_s);
    std::vector<KvLookup> first, retry;
    for (u32 s = 0; s < sessions; ++s) first.push_back(t.kv.lookup(s, 0, 2, 1600));
    t.run(60_s);
    for (u32 s = 0; s < sessions; ++s) {
      const KvLookup seen = t.kv.lookup(s, 0, 2, 1600);
      t.kv.write(t.end_of(seen, s, 0, 2, 1920, 1));
    }
    t.run(30_s);
    for (u32 s = 0; s < sessions; ++s) {
      KvWrite w = t.end_of(first[s], s, 0, 2, 2048, 0);
      w.late = true;
      w.cause = overload;
      t.kv.write(w);
    }
  }
  Store t;
};

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
Outcome2x2 moved_sessions(bool fencing, Duration dead_ntp) {
  KvCacheParams p = plain();
  p.fencing = fencing;
  p.dead_ntp_region = 1;
  p.dead_ntp_skew = dead_ntp;
  Store t(p);
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

TEST(KvPartition, OneWriterOrShortOutageLeavesNoIncident) {
  Parted one(plain(), false);
  EXPECT_EQ(one.t.kv.stats().conflicts, 0u);
  EXPECT_EQ(one.t.kv.lookup(0, 0, 3, 2400).cached_tokens, 1280u);
  Parted brief(plain(), false, 20_s);
  EXPECT_EQ(brief.t.count("kv_partitioned"), 0u);
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

TEST(KvPoison, SpreadsToDescendantsUntilContained) {
  LateWriter l(plain());
  Store& t = l.t;
  const u64 before = t.kv.stats().poisoned_blocks;
  for (u32 turn = 3; turn < 8; ++turn) {
    EXPECT_TRUE(t.turn(0, 0, turn, 640 * turn, 640 * (turn + 1)).poisoned);
    t.run(5_s);
  }
  EXPECT_GE(t.kv.stats().poisoned_blocks, before + 40);  // ten blocks a turn
  // Idle and back: the poison comes back with the session.
  t.kv.session_closed(0);
  t.run(5_s);
  t.kv.session_opened(0, 900, 0, 5120);
  EXPECT_TRUE(t.kv.lookup(0, 0, 9, 5120).poisoned);
  EXPECT_EQ(t.kv.stats().materialised_poisoned, 1u);
  // A flush contains it: the same session computes afresh.
  t.run(20_s);
  t.kv.start_flush(kNoIncident);
  t.run(30_s);
  ASSERT_FALSE(t.kv.flushing());
  EXPECT_EQ(t.turn(0, 0, 10, 5120, 5760).cached_tokens, 0u);
  t.run(5_s);
  EXPECT_FALSE(t.turn(0, 0, 11, 5760, 6400).poisoned);
  t.check();
}

TEST(KvPoison, RecomputedElsewhereIsSound) {
  LateWriter l(plain());
  EXPECT_FALSE(l.t.turn(0, 2, 3, 2400, 2600).poisoned);
  l.t.run(5_s);
  EXPECT_FALSE(l.t.turn(0, 2, 4, 2600, 2800).poisoned);
}

TEST(KvPoison, PageReuseFollowsTheAbortStorm) {
  const auto reuses = [](u32 aborts_a_second) {
    KvCacheParams p = plain();
    p.page_reuse_probability = {0.1};
    Store t(p);
    u32 poisoned = 0;
    for (u32 s = 0; s < 20; ++s) t.kv.session_opened(s, s + 1, 0, 0);
    for (u32 second = 0; second < 300; ++second) {
      for (u32 s = 0; s < 20; ++s)
        poisoned += t.turn(s, 0, second, 640 + 64 * second, 704 + 64 * second).poisoned;
      for (u32 k = 0; k < aborts_a_second; ++k) t.kv.aborted_because(0, 5000, kNoIncident);
      t.run(1_s);
    }
    t.check();
    EXPECT_EQ(poisoned > 0, t.kv.stats().page_reuses > 0);
    return t.kv.stats().page_reuses;
  };
  EXPECT_EQ(reuses(0), 0u);
  const u64 few = reuses(1), many = reuses(20);
  EXPECT_GT(many, 20 * few);  // more than in proportion
}

TEST(KvPoison, PageReuseNamesItsCause) {
  KvCacheParams p = plain();
  p.page_reuse_probability = {1};
  Store t(p);
  const IncidentId storm = t.world.incident("replica_overloaded", "test", {}, "");
  t.kv.session_opened(0, 1, 0, 0);
  t.kv.aborted(0, 64000);
  t.run(2_s);
  t.kv.aborted_because(0, 64000, storm);
  t.turn(0, 0, 1, 640, 1280);
  const KvLookup seen = t.kv.lookup(0, 0, 2, 1280);
  EXPECT_TRUE(seen.poisoned);
  ASSERT_NE(t.first("kv_page_reused"), nullptr);
  EXPECT_EQ(seen.cause, t.first("kv_page_reused")->id);
  EXPECT_EQ(t.first("kv_page_reused")->causes, std::vector<IncidentId>{storm});
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

}  // namespace
}  // namespace stampede
