#include <cmath>

#include "tests/models/kv_fixture.h"

namespace stampede {
namespace test_kv_flush {
using test::plain;
using test::Store;

// The oracle: parallel stages take as long as the slowest, serial ones their sum.
double oracle(const KvCacheParams& p, bool serial) {
  const double blocks = static_cast<double>(p.initial_bytes.value / (64 * 70272));
  const double use = 1 - p.foreground_share.value;
  const double stages[] = {
      static_cast<double>(p.initial_bytes.value) / p.scrub_bandwidth.bytes_per_second,
      blocks / p.delete_rate.per_second, blocks / p.index_rate.per_second,
      static_cast<double>(p.initial_sessions) / p.session_rate.per_second};
  double most = 0, sum = 0;
  for (const double s : stages) {
    most = std::max(most, s / use);
    sum += s / use;
  }
  return serial ? sum : most;
}

double flush_time(const KvCacheParams& p, u32 live = 0) {
  Store t(p);
  for (u32 s = 0; s < live; ++s) {
    t.kv.session_opened(s, s + 1, 0, 0);
    t.turn(s, 0, 1, 64, 640);
  }
  t.kv.start_flush(kNoIncident);
  while (t.kv.flushing() && t.world.now() < Instant{} + 48_h) t.run(1_s);
  EXPECT_FALSE(t.kv.flushing());
  i64 left = 0;
  for (u8 r = 0; r < 3; ++r) left += t.kv.stored_blocks(r);
  EXPECT_EQ(left, 0);
  EXPECT_EQ(t.count("flush_started"), 1u);
  EXPECT_EQ(t.count("flush_finished"), 1u);
  t.check();
  return t.kv.flush_seconds();
}

KvCacheParams full() {
  KvCacheParams p = plain();
  p.initial_sessions = 11'400'000;
  p.initial_bytes = {4'000'000'000'000'000};
  return p;
}

TEST(KvFlush, OneIndexMasterTakesFourHours) {
  const double seconds = flush_time(full());
  EXPECT_NEAR(seconds / oracle(full(), false), 1.0, 0.01);
  EXPECT_NEAR(seconds / 60, 247, 2.5);
}

TEST(KvFlush, PublishedBounds) {
  KvCacheParams p = full();
  p.index_rate = {1e9};
  EXPECT_NEAR(flush_time(p) / 60, 10.4, 0.11);  // 1.43 M deletes a second
  p.delete_rate = {1e9};
  p.scrub_bandwidth = {278e9};
  EXPECT_NEAR(flush_time(p) / 14'400, 1.0, 0.01);  // bytes
  p.scrub_bandwidth = {1e15};
  p.delete_rate = {300'000};
  EXPECT_NEAR(flush_time(p) / 60, 49.4, 0.5);
  p.delete_rate = {10'000};
  EXPECT_NEAR(flush_time(p) / 3600, 24.7, 0.25);
}

// The rest of the published table: one bound at a time, all others far away.
TEST(KvFlush, EachBoundByItself) {
  KvCacheParams p = full();
  p.index_rate = p.delete_rate = p.session_rate = {1e9};
  p.scrub_bandwidth = {6.6 * 1024 * 1024 * 1024 * 1024};
  EXPECT_NEAR(flush_time(p) / 60, 9.2, 0.02 * 9.2);  // reading all of it
  p.scrub_bandwidth = {1e15};
  p.index_rate = {62'000};
  EXPECT_NEAR(flush_time(p) / 3600, 4.0, 0.02 * 4.0);  // one master
  p.index_rate = {1e9};
  p.block_tokens = 16;
  p.delete_rate = {247'000};
  EXPECT_NEAR(flush_time(p) / 3600, 4.0, 0.02 * 4.0);  // four times as many objects
}

TEST(KvFlush, SerialStagesAddUp) {
  KvCacheParams p = full();
  p.flush_stages = FlushStages::kSerial;
  EXPECT_NEAR(flush_time(p) / oracle(p, true), 1.0, 0.01);
  EXPECT_GT(oracle(p, true), 1.05 * oracle(p, false));
}

TEST(KvFlush, TwiceTheIndexRateHalvesIt) {
  KvCacheParams p = full();
  p.index_rate = {120'000};
  EXPECT_NEAR(flush_time(p) / 60, 123.5, 1.3);
}

TEST(KvFlush, ForegroundAndLeasesSlowItDown) {
  KvCacheParams p = full();
  p.index_rate = {600'000};
  const double free = flush_time(p);
  p.foreground_share = {0.3};
  EXPECT_NEAR(flush_time(p) / free, 1 / 0.7, 0.02);
  p.leased_share = {0.2};
  EXPECT_NEAR(flush_time(p) / free, 1 / (0.7 * 0.8), 0.03);
}

TEST(KvFlush, ScalesWithStoreAndRates) {
  KvCacheParams p = full();
  p.initial_bytes.value /= 20;
  p.initial_sessions /= 20;
  for (Rate* r : {&p.delete_rate, &p.index_rate, &p.session_rate}) r->per_second /= 20;
  p.scrub_bandwidth.bytes_per_second /= 20;
  EXPECT_NEAR(flush_time(p) / 60, 247, 2.5);
}

TEST(KvFlush, LiveSessionsGoOnceTheirLeaseIsOver) {
  const double seconds = flush_time(plain(), 500);
  EXPECT_GE(seconds, 10);
  EXPECT_LE(seconds, 13);
}

TEST(KvFlush, SessionsInUseHoldItUp) {
  Store t(plain());
  t.kv.session_opened(0, 1, 0, 0);
  t.turn(0, 0, 1, 64, 640);
  t.kv.start_flush(kNoIncident);
  for (u32 k = 0; k < 20; ++k) {
    t.run(5_s);
    t.kv.lookup(0, 0, 1, 640);
  }
  EXPECT_TRUE(t.kv.flushing());
  EXPECT_GT(t.kv.stats().flush_refusals, 0u);
  t.run(15_s);
  EXPECT_FALSE(t.kv.flushing());
  EXPECT_EQ(t.kv.lookup(0, 0, 1, 640).cached_tokens, 0u);
}

TEST(KvFlush, WhatSurvivorsWriteIsQueuedAndNewWorkIsNot) {
  KvCacheParams p = full();
  p.initial_bytes.value /= 20;
  p.index_rate = {60'000};
  Store t(p);
  t.kv.session_opened(0, 1, 0, 0);
  t.kv.session_opened(1, 2, 0, 0);
  const KvLookup old = t.kv.lookup(0, 0, 1, 640);
  KvWrite survivor = t.end_of(old, 0, 0, 1, 1280);
  t.run(5_s);
  t.kv.start_flush(kNoIncident);
  t.run(30_s);
  t.kv.write(survivor);
  t.turn(1, 0, 1, 640, 1280);
  EXPECT_EQ(t.kv.lookup(0, 0, 2, 1280).cached_tokens, 1280u);
  while (t.kv.flushing()) t.run(1_s);
  EXPECT_EQ(t.kv.lookup(0, 0, 2, 1280).cached_tokens, 0u);
  EXPECT_EQ(t.kv.lookup(1, 0, 2, 1280).cached_tokens, 1280u);
  t.check();
}

TEST(KvFlush, WorkOnContextFlushedUnderItIsQueuedToo) {
  KvCacheParams p = full();
  p.initial_bytes.value /= 20;
  p.lease = {};
  Store t(p);
  t.kv.session_opened(0, 1, 0, 0);
  t.turn(0, 0, 1, 640, 1280);
  t.run(5_s);
  t.kv.start_flush(kNoIncident);
  const KvLookup seen = t.kv.lookup(0, 0, 2, 1280);  // the first batch has not run yet
  EXPECT_EQ(seen.cached_tokens, 1280u);
  const KvWrite w = t.end_of(seen, 0, 0, 2, 1920);
  t.run(5_s);
  t.kv.write(w);
  while (t.kv.flushing()) t.run(1_s);
  EXPECT_EQ(t.kv.lookup(0, 0, 3, 1920).cached_tokens, 0u);
  t.check();
}

TEST(KvFlush, ScopeAndQuarantineSpareTheRest) {
  KvCacheParams p = full();
  p.initial_bytes.value /= 1000;
  Store t(p);
  const i64 one = t.kv.stored_blocks(1), two = t.kv.stored_blocks(2);
  t.kv.start_flush(kNoIncident, {1});
  while (t.kv.flushing()) t.run(1_s);
  EXPECT_EQ(t.kv.stored_blocks(1), 0);
  EXPECT_EQ(t.kv.stored_blocks(2), two);
  EXPECT_EQ(t.kv.flushed_bytes(), one * 64 * 70272);
  // Only what was written in the last 20 minutes before the start: the two newest of 13 ages.
  const i64 before = t.kv.stored_blocks(0);
  t.kv.start_flush(kNoIncident, {0, Instant{} - 1900_s});
  while (t.kv.flushing()) t.run(1_s);
  EXPECT_NEAR(static_cast<double>(t.kv.stored_blocks(0)) / static_cast<double>(before), 11.0 / 13,
              1e-4);
}

TEST(KvFlush, EpochBumpTakesSecondsAndSpaceReturnsLater) {
  Store t(full());
  t.kv.session_opened(0, 1, 0, 0);
  t.turn(0, 0, 1, 640, 1280);
  t.kv.session_opened(1, 2, 0, 0);
  const KvLookup zombie = t.kv.lookup(1, 0, 1, 640);
  KvWrite late = t.end_of(zombie, 1, 0, 1, 1280);
  t.run(1_s);
  const i64 stored = t.kv.stored_bytes();
  const Instant start = t.world.now();
  const IncidentId id = t.kv.start_epoch_bump(kNoIncident);
  t.run(15_s);
  ASSERT_FALSE(t.kv.flushing());
  ASSERT_NE(t.kv.flushed(), kNoIncident);
  const Incident& finished = t.world.journal.all()[t.kv.flushed() - 1];
  EXPECT_EQ(finished.causes, std::vector<IncidentId>{id});
  EXPECT_GE((finished.at - start).seconds(), 1);
  EXPECT_LE((finished.at - start).seconds(), 10);
  EXPECT_GE(t.kv.stored_bytes(), stored - 4'500'000LL * 20);
  EXPECT_EQ(t.kv.flushed_bytes(), 0);
  const KvLookup seen = t.kv.lookup(0, 0, 2, 1280);
  EXPECT_EQ(seen.cached_tokens, 0u);
  EXPECT_EQ(seen.cause, id);
  // An execution from before the bump cannot bring its epoch back.
  t.kv.write(late);
  EXPECT_EQ(t.kv.lookup(1, 0, 2, 1280).cached_tokens, 0u);
  t.kv.session_opened(2, 3, 0, 640);
  EXPECT_EQ(t.kv.lookup(2, 0, 1, 640).cached_tokens, 0u);
  t.turn(2, 0, 1, 640, 1280);
  EXPECT_EQ(t.kv.lookup(2, 0, 2, 1280).cached_tokens, 1280u);
  t.check();
}

}  // namespace test_kv_flush
}  // namespace stampede
