// The KV of a prompt on its way from a prefill to a decode pod: when the client hears its first
// token, who holds memory meanwhile, and what happens when nobody comes for it.
#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_handover {

ServingParams split(KvTransferMode mode, double bandwidth) {
  ServingParams p = pools({EngineRole::kPrefill, EngineRole::kDecode});
  p.kv_transfer.mode = mode;
  p.kv_transfer.bandwidth.bytes_per_second = bandwidth;
  p.pools[0].engine.step_base = 2_ms;
  p.pools[0].engine.step_per_prompt_token = 100_us;
  return p;
}

double ttft(const Service& s) { return s.clients.ttft().mean() * 1e-9; }
u64 prefilled(const Service& s) { return s.region.counts().prompt_tokens; }

TEST(handover, the_first_token_comes_after_the_transfer) {
  for (const KvTransferMode mode : {KvTransferMode::kPush, KvTransferMode::kPull}) {
    std::vector<double> means;
    for (const FirstTokenFrom from : {FirstTokenFrom::kPrefill, FirstTokenFrom::kDecode}) {
      ServingParams serving = split(mode, 100e6);
      serving.kv_transfer.first_token = from;
      Service s(Clients::single_turn(), serving, {}, 0.1);  // nobody queues
      s.run_out();
      ASSERT_EQ(s.ended(Outcome::kSucceeded), s.offered());
      EXPECT_EQ(s.region.counts().first_tokens, s.offered());
      means.push_back(ttft(s));
    }
    Service s(Clients::single_turn(), split(mode, 0), {}, 0.1);
    s.run_out();
    const double prompt =
        static_cast<double>(s.clients.counts().prompt_tokens) / static_cast<double>(s.offered());
    EXPECT_NEAR(means[1] - means[0], prompt * 70'272 / 100e6, 0.05);
  }
}

// One place to decode in: whoever waits for it has no first token yet.
TEST(handover, a_full_decode_pool_shows_in_the_first_token) {
  for (const KvTransferMode mode : {KvTransferMode::kPush, KvTransferMode::kPull}) {
    std::vector<double> means;
    for (const u32 places : {32U, 1U}) {
      ServingParams serving = split(mode, 0);
      serving.pools[1].engine.max_num_seqs = places;
      Service s(Clients::single_turn(), serving, {}, 1);
      s.run_out();
      ASSERT_EQ(s.ended(Outcome::kSucceeded), s.offered());
      means.push_back(ttft(s));
    }
    EXPECT_LT(means[0], 1);
    EXPECT_GT(means[1], 100);
  }
}

// Decode has memory for a few; with pull the prompts of the others fill the prefill pods, which
// then compute no more.
TEST(handover, a_full_decode_pool_stops_prefill_where_it_pulls) {
  for (const KvTransferMode mode : {KvTransferMode::kPush, KvTransferMode::kPull}) {
    ServingParams serving = split(mode, 0);
    serving.pools[0].engine.kv_blocks = serving.pools[1].engine.kv_blocks = 1000;
    ClientClassParams p = Clients::single_turn();
    p.first_prompt = {800, 0, 800, 800};
    p.answer = {1000, 0, 1000, 1000};  // 19 at once have memory to the end
    p.cancel_on_timeout = {0};
    p.total_timeout = 10'000_s;
    Service s(p, serving, {}, 10);
    s.run(40_s);  // 10 to 22 sequences run in each decode pod
    const u64 told = s.region.counts().first_tokens;
    EXPECT_LT(told, 60U);
    const u64 waiting = s.region.waiting();
    s.run(50_s);
    EXPECT_GT(s.region.waiting(), waiting + 300);
    const double done = s.region.engine_time(0).busy;
    if (mode == KvTransferMode::kPush)
      EXPECT_GT(done, 60);  // prefill runs on
    else
      EXPECT_LT(done, 12);  // two pods of 20 prompts each, and those that decode
    s.run_out();
    EXPECT_EQ(s.ended(Outcome::kSucceeded), s.offered());
  }
}

// A slow link: its pod can only compute what it has memory for, if it holds what it hands over.
TEST(handover, blocks_are_held_until_the_prompt_has_been_fetched) {
  for (const KvTransferMode mode : {KvTransferMode::kPush, KvTransferMode::kPull}) {
    ServingParams serving = split(mode, 20e6);
    serving.pools[0].engine.kv_blocks = 200;
    ClientClassParams p = Clients::single_turn();
    p.first_prompt = {800, 0, 800, 800};  // 50 blocks, 2.8 s on the link
    Service s(p, serving, {}, 5);
    s.run(90_s);
    const double busy = s.region.engine_time(0).busy;
    if (mode == KvTransferMode::kPush)
      EXPECT_GT(busy, 25);
    else
      EXPECT_LT(busy, 8);
    s.run_out();
    EXPECT_EQ(s.ended(Outcome::kSucceeded) + s.ended(Outcome::kTimeout), s.offered());
  }
}

TEST(handover, a_prompt_that_nobody_fetches_is_held_as_long_as_its_lease) {
  for (const Duration lease : {5_s, 10'000_s}) {
    ServingParams serving = split(KvTransferMode::kPull, 0);
    serving.kv_transfer.lease = lease;
    serving.pools[1].engine.max_num_seqs = 1;
    Service s(Clients::single_turn(), serving, {}, 2);
    s.run_out();
    EXPECT_EQ(s.region.counts().leases_over > 0, lease == 5_s);
    EXPECT_EQ(s.ended(Outcome::kTruncated), s.region.counts().leases_over);
    EXPECT_EQ(s.ended(Outcome::kSucceeded) + s.ended(Outcome::kTruncated), s.offered());
  }
}

// Who leaves before its prompt was fetched leaves the memory to the lease. With a long one prefill
// pods soon hold nothing but prompts that nobody wants.
TEST(handover, cancelled_requests_hold_prefill_memory_until_their_lease_is_over) {
  std::vector<u64> answered;
  for (const Duration lease : {3_s, 1000_s}) {
    ServingParams serving = split(KvTransferMode::kPull, 0);
    serving.kv_transfer.lease = lease;
    serving.pools[0].engine.kv_blocks = 2000;
    serving.pools[1].engine.max_num_seqs = 4;
    ClientClassParams p = Clients::single_turn();
    p.first_prompt = {800, 0, 800, 800};
    p.answer = {60, 0, 60, 60};
    p.total_timeout = 8_s;
    p.cancel_on_timeout = {1};
    Service s(p, serving, {}, 10);
    s.run_out();
    answered.push_back(s.ended(Outcome::kSucceeded));
  }
  EXPECT_GT(answered[0], 2 * answered[1]);
}

TEST(handover, a_dead_prefill_pod_has_no_prompts_any_more) {
  for (const bool dies : {false, true}) {
    ServingParams serving = split(KvTransferMode::kPull, 5e6);  // about 10 s a prompt
    Service s(Clients::single_turn(), serving, {}, 1);
    s.run(60_s);
    if (dies) {
      s.region.endpoints_changed(0, {1}, kNoIncident);
      s.region.pod_killed(0, 0, 7);
    }
    s.run_out();
    EXPECT_EQ(s.ended(Outcome::kTruncated) > 0, dies);
    EXPECT_EQ(s.ended(Outcome::kSucceeded) + s.ended(Outcome::kTruncated), s.offered());
  }
}

// A terminating prefill pod stays until its prompts have been fetched, within its grace.
TEST(handover, a_terminating_prefill_pod_waits_for_its_prompts) {
  for (const Duration grace : {10'000_s, 1_s}) {
    ServingParams serving = split(KvTransferMode::kPull, 5e6);
    serving.termination_grace = grace;
    Service s(Clients::single_turn(), serving, {}, 1);
    s.run(60_s);
    s.region.endpoints_changed(0, {1}, kNoIncident);
    s.region.pod_stopped(0, 0, kNoIncident);
    EXPECT_FALSE(s.region.ended(0));
    s.run_out();
    EXPECT_TRUE(s.region.ended(0));
    EXPECT_EQ(s.ended(Outcome::kTruncated) > 0, grace == 1_s);
  }
}

TEST(handover, conserves_requests_when_pods_die_and_clients_leave) {
  for (const double bandwidth : {0.0, 50e6}) {
    ClientClassParams p = Clients::single_turn();
    p.total_timeout = 30_s;
    p.cancel_on_timeout = {0.5};
    p.retry.policy = RetryKind::kFullJitter;
    ServingParams serving = split(KvTransferMode::kPull, bandwidth);
    serving.kv_transfer.lease = 20_s;
    serving.pools[1].engine.kv_blocks = 3000;
    Service s(p, serving, {}, 20);
    s.run(30_s);
    s.region.pod_stopped(2, 1, kNoIncident);  // its endpoint stays: stale
    s.run(40_s);
    s.region.pod_killed(0, 0, kNoIncident);
    s.region.endpoints_changed(0, {1}, 9);
    s.run(20_s);
    s.region.pod_started(4, 1);
    s.pods.push_back(4);
    s.region.endpoints_changed(1, {3, 4}, kNoIncident);
    s.run_out();
    EXPECT_GT(s.ended(Outcome::kSucceeded), 0U);
    EXPECT_GT(s.clients.counts().attempts_ended[static_cast<std::size_t>(Outcome::kTruncated)], 0U);
  }
}

}  // namespace test_handover
}  // namespace stampede::test
