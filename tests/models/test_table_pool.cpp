// The connection pool that is held while an answer streams: the published mean wait of 2.3 s at a
// concurrency just above 80, time-outs, order, and the sharp rise of refusals near its size.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <queue>

#include "models/serving/region.h"

namespace stampede {
namespace test_table_pool {

constexpr double kStep = 0.030;  // seconds an engine needs for one token of every sequence

ConnectionPoolParams published() {
  ConnectionPoolParams p;
  p.pool_size = 100;
  p.pools = 2;
  p.database_limit = 150;
  p.hold_during_inference = true;
  return p;
}

struct NoKv final : KvCachePort {
  void session_opened(SessionSlot, u64, RegionId, u32) override {}
  void session_closed(SessionSlot) override {}
  KvLookup lookup(SessionSlot, RegionId, u32, u32) override { return {}; }
  KvWritten write(const KvWrite&) override { return {}; }
  void aborted(RegionId, u32, IncidentId) override {}
};
struct NoSafety final : SafetyPort {
  void answered(u64, RegionId, ReplicaId, bool, IncidentId) override {}
  Verdict admit(u64, RegionId) override { return {}; }
  bool globally_open() const override { return false; }
};
struct OnePod final : ReplicaChoice {
  void set_endpoints(const std::vector<u32>&) override {}
  u32 pick(u64, u64) override { return 0; }
};

ServingParams one_engine() {
  ServingParams p;
  PoolParams& pool = p.pools.emplace_back();
  pool.engine.step_base = from_seconds(kStep);
  pool.engine.step_per_sequence = {};
  pool.engine.step_per_prompt_token = {};
  pool.engine.max_num_seqs = 1024;
  pool.engine.kv_blocks = 10'000'000;
  pool.front_end.cpu_per_request = {};
  return p;
}

// A region with one pod large enough that only log-ins wait; clients as the test has them.
struct Bench final : ClientPort, Component {
  explicit Bench(const ConnectionPoolParams& sessions)
      : id(world.scheduler.add(this)), region(world, 0, "eu", one_engine(), gateway(sessions)) {
    Region::Wiring wiring;
    wiring.clients = this;
    wiring.kv = &kv;
    wiring.safety = &safety;
    wiring.attempts = &attempts;
    wiring.choice = {&choice};
    region.connect(wiring);
    region.pod_started(0, 0);
    region.endpoints_changed(0, {0}, kNoIncident);
  }
  static GatewayParams gateway(const ConnectionPoolParams& sessions) {
    GatewayParams g;
    g.sessions = sessions;
    return g;
  }
  // One attempt of `customer` whose answer takes `hold` to generate.
  AttemptSlot offer(u32 customer, u64 key, double hold) {
    const AttemptSlot slot = attempts.take();
    Attempt& a = attempts[slot];
    a.session = customer;
    a.session_key = key;
    a.request = customer;
    a.prompt = 1;
    a.output = static_cast<u32>(hold / kStep + 0.5);
    a.logs_in = true;
    const Verdict v = region.offer(slot);
    last = v.code;
    if (v.accepted()) return slot;
    attempts.give_back(slot);
    return kNoSlot;
  }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  double mean_wait() const {
    return 1e-9 * static_cast<double>(region.counts().login_wait_ns - wait_before) /
           static_cast<double>(region.counts().logins - logins_before);
  }
  void forget() {
    wait_before = region.counts().login_wait_ns;
    logins_before = region.counts().logins;
  }

  void first_token(AttemptSlot, Instant) override {}
  bool finished(AttemptSlot slot, Instant) override {
    ended.push_back(attempts[slot].session);
    return true;
  }
  void broken(AttemptSlot slot, Outcome outcome, IncidentId) override {
    failed.push_back({attempts[slot].session, outcome, world.now()});
  }
  void released(SessionSlot customer) override {
    if (again) world.scheduler.after({}, Priority::kArrival, id, 0, customer);
  }
  void handle(const Event& event) override { again(event.subject); }

  struct Failure {
    u32 customer;
    Outcome outcome;
    Instant at;
  };
  World world{1};
  ComponentId id;
  AttemptPool attempts;
  NoKv kv;
  NoSafety safety;
  OnePod choice;
  Region region;
  std::function<void(u32)> again;
  std::vector<u32> ended;
  std::vector<Failure> failed;
  Outcome last = Outcome::kSucceeded;
  i64 wait_before = 0;
  u64 logins_before = 0;
};

// A key whose log-ins go to the given gateway replica of two.
u64 key_of(u32 customer, u32 replica) {
  u64 key = u64{customer} << 20;
  while (mix64(key) % 2 != replica) ++key;
  return key;
}

TEST(table_pool, two_replicas_share_the_databases_limit) {
  const HeldConnections held(published());
  EXPECT_EQ(held.free(0), 75);  // not the 100 of its own pool
  EXPECT_EQ(held.free(1), 75);
  ConnectionPoolParams large = published();
  large.database_limit = 1000;
  EXPECT_EQ(HeldConnections(large).free(0), 100);
}

// Zero think time: Wq = (N - C) H / C by Little's law. The four pairs that give the published 2.3
// s.
TEST(table_pool, closed_saturation_gives_the_published_wait_only_with_long_holds) {
  const struct {
    u32 customers;
    double hold;
  } rows[] = {{81, 28.8}, {85, 17.28}, {90, 11.52}, {100, 6.9}};
  for (const auto& row : rows) {
    ConnectionPoolParams p = published();
    p.wait_timeout = 10_min;
    Bench b(p);
    b.again = [&](u32 c) { b.offer(c, key_of(c, c % 2), row.hold); };
    for (u32 c = 0; c < 2 * row.customers; ++c) b.again(c);
    b.run(from_seconds(20 * row.hold));
    b.forget();
    b.run(from_seconds(200 * row.hold));
    const double oracle = (row.customers - 75.0) * row.hold / 75;
    EXPECT_NEAR(oracle, 2.3, 0.01);
    EXPECT_NEAR(b.mean_wait() / oracle, 1, 0.02) << row.customers << " customers a replica";
    EXPECT_EQ(b.region.holds(), b.attempts.live());
    EXPECT_TRUE(b.failed.empty());
  }
}

TEST(table_pool, milliseconds_of_hold_cannot_make_eighty_customers_wait) {
  Bench b(published());
  b.again = [&](u32 c) { b.offer(c, key_of(c, c % 2), 2 * kStep); };
  for (u32 c = 0; c < 162; ++c) b.again(c);
  b.run(60_s);
  EXPECT_LT(b.mean_wait(), 0.02);
  // And up to 75 a replica nobody waits at all.
  Bench few(published());
  few.again = [&](u32 c) { few.offer(c, key_of(c, c % 2), 28.8); };
  for (u32 c = 0; c < 150; ++c) few.again(c);
  few.run(300_s);
  EXPECT_EQ(few.region.counts().login_wait_ns, 0);
}

double erlang_b(double a, int c) {
  double b = 1;
  for (int k = 1; k <= c; ++k) b = a * b / (k + a * b);
  return b;
}
// Mean wait over mean hold of M/M/c at utilisation rho.
double open_wait(double rho, int c) {
  const double b = erlang_b(rho * c, c);
  const double waits = b / (1 - rho * (1 - b));
  return waits / (c * (1 - rho));
}

TEST(table_pool, open_arrivals_give_it_at_the_published_utilisations) {
  EXPECT_NEAR(30 * open_wait(0.928, 75), 2.3, 0.05);
  EXPECT_NEAR(10 * open_wait(0.962, 75), 2.3, 0.05);
  EXPECT_NEAR(1 * open_wait(0.9945, 75), 2.3, 0.06);
  EXPECT_NEAR(0.05 * open_wait(0.9997, 75), 2.3, 0.2);
}

// Poisson arrivals at one pool, exponential holds: mean wait over mean hold and the share refused.
struct Open {
  double wait = 0, deviation = 0, refused = 0;
};
Open open_run(double rho, i64 c, u64 arrivals, bool queue) {
  ConnectionPoolParams p = published();
  p.pools = 1;
  p.pool_size = p.database_limit = c;
  HeldConnections held(p);
  using Release = std::pair<i64, u32>;
  std::priority_queue<Release, std::vector<Release>, std::greater<>> releases;
  const StreamKey stream = stream_key(7, "table", "pool");
  constexpr double kHold = 1e9;
  constexpr u64 kBatches = 40;
  std::vector<double> batch(kBatches);
  std::vector<u32> free;
  u32 slots = 0;
  i64 now = 0;
  u64 refused = 0;
  std::vector<double> holds;
  const auto give_back = [&](u32 slot, i64 at, u64 done) {
    const u32 next = held.give_back(slot);
    free.push_back(slot);
    if (next == kNoSlot) return;
    held.take_up(next, held.ticket(next));
    batch[done * kBatches / arrivals] += static_cast<double>(held.waited(next, Instant{at}).ns);
    releases.push({at + static_cast<i64>(holds[next]), next});
  };
  for (u64 n = 0; n < arrivals; ++n) {
    const Words w = draw(stream, n);
    now += static_cast<i64>(kHold * exponential(uniform(w)) / (rho * static_cast<double>(c)));
    while (!releases.empty() && releases.top().first <= now) {
      const Release r = releases.top();
      releases.pop();
      give_back(r.second, r.first, n);
    }
    u32 slot = slots;
    if (free.empty()) {
      ++slots;
      holds.push_back(0);
    } else {
      slot = free.back();
      free.pop_back();
    }
    holds[slot] = kHold * exponential(uniform2(w));
    if (held.take(slot, n, Instant{now})) {
      releases.push({now + static_cast<i64>(holds[slot]), slot});
    } else if (!queue) {
      ++refused;
      held.give_back(slot);
      free.push_back(slot);
    }
  }
  Open out;
  const double each = static_cast<double>(arrivals / kBatches) * kHold;
  for (double& b : batch) out.wait += (b /= each) / kBatches;
  for (const double b : batch) out.deviation += (b - out.wait) * (b - out.wait);
  out.deviation = std::sqrt(out.deviation / (kBatches * (kBatches - 1)));
  out.refused = static_cast<double>(refused) / static_cast<double>(arrivals);
  return out;
}

TEST(table_pool, open_arrivals_wait_as_erlang_c_says) {
  const Open o = open_run(0.928, 75, 4'000'000, true);
  const double oracle = open_wait(0.928, 75);
  RecordProperty("ratio_to_oracle", std::to_string(o.wait / oracle));
  RecordProperty("standard_error", std::to_string(o.deviation / oracle));
  EXPECT_LT(o.deviation / oracle, 0.05);
  EXPECT_NEAR(o.wait, oracle, 3 * o.deviation);
}

// Without a line to stand in, half as much load again turns one busy error in 250 into one in five.
TEST(table_pool, small_load_lift_gives_a_large_error_lift) {
  const struct { double load, published; } rows[] = {{80, 0.004}, {100, 0.076}, {120, 0.20}};
  for (const auto& row : rows) {
    const double oracle = erlang_b(row.load, 100);
    EXPECT_NEAR(oracle, row.published, 0.005);
    const Open o = open_run(row.load / 100, 100, 1'000'000, false);
    EXPECT_NEAR(o.refused, oracle, 0.03 * oracle + 0.0004) << row.load;
  }
}

TEST(table_pool, the_wait_delays_the_attempt_in_order_of_arrival) {
  ConnectionPoolParams p = published();
  p.pools = 1;
  p.pool_size = 1;
  Bench b(p);
  for (u32 c = 0; c < 3; ++c) b.offer(c, 9, 6);
  b.run(5_s);
  EXPECT_TRUE(b.ended.empty());
  b.run(8_s);
  EXPECT_EQ(b.ended, (std::vector<u32>{0, 1}));
  b.run(6_s);
  EXPECT_EQ(b.ended, (std::vector<u32>{0, 1, 2}));
  EXPECT_NEAR(static_cast<double>(b.region.counts().login_wait_ns) * 1e-9, 6 + 12, 0.1);
  EXPECT_EQ(b.attempts.live(), 0u);
  EXPECT_EQ(b.region.holds(), 0u);
}

TEST(table_pool, a_log_in_that_waits_too_long_fails) {
  ConnectionPoolParams p = published();
  p.pools = 1;
  p.pool_size = 1;
  p.wait_timeout = 30_s;
  Bench b(p);
  b.offer(0, 9, 40);
  b.run(5_s);
  b.offer(1, 9, 6);  // would wait 35 s
  b.run(20_s);
  b.offer(2, 9, 6);  // waits 15 s
  b.run(60_s);
  ASSERT_EQ(b.failed.size(), 1u);
  EXPECT_EQ(b.failed[0].customer, 1u);
  EXPECT_EQ(b.failed[0].outcome, Outcome::kAuthFailed);
  EXPECT_EQ(b.failed[0].at, Instant{} + 35_s);
  EXPECT_EQ(b.ended, (std::vector<u32>{0, 2}));
  EXPECT_EQ(b.region.counts().auth_failed, 1u);
  p.wait_timeout = {};
  Bench none(p);
  none.offer(0, 9, 6);
  EXPECT_EQ(none.offer(1, 9, 6), kNoSlot);
  EXPECT_EQ(none.last, Outcome::kAuthFailed);
}

TEST(table_pool, who_cancels_leaves_the_line_or_hands_the_connection_on) {
  ConnectionPoolParams p = published();
  p.pools = 1;
  p.pool_size = 1;
  Bench b(p);
  const AttemptSlot first = b.offer(0, 9, 600);
  const AttemptSlot second = b.offer(1, 9, 6);
  b.offer(2, 9, 6);
  b.run(1_s);
  EXPECT_TRUE(b.region.cancel(second));
  EXPECT_TRUE(b.region.cancel(first));
  b.run(10_s);
  EXPECT_EQ(b.ended, (std::vector<u32>{2}));
  EXPECT_EQ(b.attempts.live(), 0u);
  EXPECT_EQ(b.region.holds(), 0u);
}

TEST(table_pool, a_refusal_behind_the_log_in_gives_the_connection_back) {
  ConnectionPoolParams p = published();
  p.pools = 1;
  p.pool_size = 1;
  Bench b(p);
  b.offer(0, 9, 6);
  b.offer(1, 9, 6);
  b.offer(2, 9, 6);
  b.region.endpoints_changed(0, {}, kNoIncident);
  b.run(20_s);
  ASSERT_EQ(b.failed.size(), 2u);  // one after the other, at the instant of the first one's end
  for (const Bench::Failure& f : b.failed) EXPECT_EQ(f.outcome, Outcome::kRejected503);
  EXPECT_EQ(b.offer(3, 9, 6), kNoSlot);
  b.region.endpoints_changed(0, {0}, kNoIncident);
  b.offer(4, 9, 6);
  b.run(10_s);
  EXPECT_EQ(b.ended, (std::vector<u32>{0, 4}));
}

}  // namespace test_table_pool
}  // namespace stampede
