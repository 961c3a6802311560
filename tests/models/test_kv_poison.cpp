#include <algorithm>
#include <cmath>

#include "tests/models/kv_fixture.h"

namespace stampede {
namespace test_kv_poison {
using test::LateWriter;
using test::plain;
using test::Store;

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

// Which of 400 sessions of ten blocks get a wrong answer in each of six rounds of turns, after each
// block went wrong with a probability of 2 %.
std::vector<std::vector<u32>> wrong_answers(bool checksums, Store& t) {
  constexpr u32 kSessions = 400;
  for (u32 s = 0; s < kSessions; ++s) {
    t.kv.session_opened(s, s + 1, 0, 0);
    t.turn(s, 0, 1, 64, 640);
  }
  t.kv.corrupt_blocks(0, {0.02}, kNoIncident);
  std::vector<std::vector<u32>> rounds;
  for (u32 round = 0; round < 6; ++round) {
    rounds.emplace_back();
    for (u32 s = 0; s < kSessions; ++s)
      if (t.turn(s, 0, 2 + round, 704 + 64 * round, 704 + 64 * round).poisoned)
        rounds.back().push_back(s);
    t.run(1_s);
  }
  EXPECT_EQ(t.kv.stats().poisoned_lookups, checksums ? 0 : 6 * rounds[0].size());
  t.check();
  return rounds;
}

TEST(KvPoison, DamageGrowsWithTheLaterRequestsOfThatPrefixAndNowhereElse) {
  Store t(plain());
  const auto rounds = wrong_answers(false, t);
  const double expected = 400 * (1 - std::pow(0.98, 10));
  EXPECT_NEAR(static_cast<double>(rounds[0].size()), expected, 24);  // three standard deviations
  for (const auto& round : rounds) EXPECT_EQ(round, rounds[0]);
}

TEST(KvPoison, ChecksumsTurnAWrongBlockIntoOneMiss) {
  Store without(plain());
  const std::size_t wrong = wrong_answers(false, without)[0].size();
  KvCacheParams p = plain();
  p.checksums = true;
  Store t(p);
  for (const auto& round : wrong_answers(true, t)) EXPECT_TRUE(round.empty());
  EXPECT_EQ(t.kv.stats().checksum_misses, wrong);
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
      for (u32 k = 0; k < aborts_a_second; ++k) t.kv.aborted(0, 5000, kNoIncident);
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
  t.kv.aborted(0, 64000, kNoIncident);
  t.run(2_s);
  t.kv.aborted(0, 64000, storm);
  t.turn(0, 0, 1, 640, 1280);
  const KvLookup seen = t.kv.lookup(0, 0, 2, 1280);
  EXPECT_TRUE(seen.poisoned);
  ASSERT_NE(t.first("kv_page_reused"), nullptr);
  EXPECT_EQ(seen.cause, t.first("kv_page_reused")->id);
  EXPECT_EQ(t.first("kv_page_reused")->causes, std::vector<IncidentId>{storm});
}

// A poisoned prefix as a branching process. A wrong prefix is held by `copies` sessions; each is
// used again with probability `reuse`, then again, until it is not. The children of what is wrong
// at first are `copies` x `reuse` in the mean, of each later turn `reuse`, so that
//   P(no wrong answer from generation n on) = (1 - reuse^n)^copies
//   mean of all wrong answers = copies x reuse / (1 - reuse)
// (Harris 1963; of one child at most, by hand). Bounds are 3.5 standard deviations of these laws.
struct Branching {
  double reuse;
  u32 copies, prefixes;
};

// How many wrong answers each session brings. The first `prefixes` x `copies` hold a wrong prefix;
// as many again are sound, and none of their answers may be wrong.
std::vector<u32> wrong_turns(const Branching& b, Store& t) {
  constexpr u32 kGenerations = 200;
  const u32 bad = b.prefixes * b.copies;
  const auto open = [&](u32 from, u32 to) {
    for (u32 s = from; s < to; ++s) {
      t.kv.session_opened(s, s + 1, 0, 0);
      t.turn(s, 0, 1, 64, 640);
    }
  };
  open(0, bad);
  t.kv.corrupt_blocks(0, {1}, kNoIncident);
  open(bad, 2 * bad);
  const StreamKey choice = t.world.stream("test", "reuse");
  std::vector<u32> wrong(2 * bad);
  for (u32 s = 0; s < 2 * bad; ++s)
    for (u32 turn = 0; turn < kGenerations; ++turn) {
      if (uniform(draw(choice, s, turn)) >= b.reuse) break;
      wrong[s] += t.turn(s, 0, 2 + turn, 640 + 64 * turn, 704 + 64 * turn).poisoned;
    }
  t.check();
  return wrong;
}

TEST(KvPoison, SpreadsAsABranchingProcess) {
  for (const Branching b : {Branching{0.3, 1, 1500}, Branching{0.3, 3, 600}, Branching{0.6, 2, 900},
                            Branching{0.8, 3, 600}, Branching{0.9, 1, 1500}}) {
    Store t(plain());
    const std::vector<u32> wrong = wrong_turns(b, t);
    const u32 lines = b.prefixes * b.copies;
    double total = 0;
    for (u32 s = 0; s < lines; ++s) total += wrong[s];
    for (u32 s = lines; s < 2 * lines; ++s) EXPECT_EQ(wrong[s], 0U) << "a sound session";
    EXPECT_NEAR(total / b.prefixes, b.copies * b.reuse / (1 - b.reuse),
                3.5 * std::sqrt(b.reuse * lines) / (1 - b.reuse) / b.prefixes)
        << b.reuse << " " << b.copies;
    for (const u32 n : {1U, 2U, 4U, 8U}) {
      double extinct = 0;
      for (u32 prefix = 0; prefix < b.prefixes; ++prefix) {
        const auto first = wrong.begin() + prefix * b.copies;
        extinct += std::all_of(first, first + b.copies, [n](u32 lasted) { return lasted < n; });
      }
      const double p = std::pow(1 - std::pow(b.reuse, n), b.copies);
      EXPECT_NEAR(extinct, b.prefixes * p, 3.5 * std::sqrt(b.prefixes * p * (1 - p)) + 0.5)
          << "generation " << n << ", reuse " << b.reuse << ", copies " << b.copies;
    }
  }
}

TEST(KvPoison, DoesNotBranchWhereBlocksAreChecked) {
  KvCacheParams p = plain();
  p.checksums = true;
  Store t(p);
  for (const u32 n : wrong_turns({0.8, 3, 300}, t)) EXPECT_EQ(n, 0U);
}

}  // namespace test_kv_poison
}  // namespace stampede
