// Requests that a gateway holds back: when, in which order, and how many get past it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "models/serving/flow_control.h"
#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_flow_control {

Attempt asked(i32 priority, u8 flow = 0) {
  Attempt a;
  a.rank = static_cast<u8>(8 + priority) & 0xf;
  a.asked_by = flow;
  return a;
}
PodGauges waits(u32 waiting) { return {waiting, 0, 0, 100, 0}; }
using Answer = FlowControl::Answer;

// The mean over pods of max(waiting / 5, use / 0.8) against 1.
TEST(flow_control, a_pool_is_saturated_when_the_mean_of_its_pods_is) {
  FlowControlParams p;
  p.count_sent = false;
  FlowControl flow(p, 1);
  EXPECT_EQ(flow.ask(0, asked(0)), Answer::kGo);
  flow.look(0, {waits(9), waits(0)});
  EXPECT_DOUBLE_EQ(flow.saturation(0), 0.9);
  flow.look(0, {waits(10), waits(0)});
  EXPECT_EQ(flow.ask(0, asked(0)), Answer::kHold);
  flow.look(0, {{0, 3, 80, 100, 0}, {0, 3, 79, 100, 0}});
  EXPECT_LT(flow.saturation(0), 1);
  flow.look(0, {{0, 3, 80, 100, 0}, {1, 3, 80, 100, 0}});
  EXPECT_GE(flow.saturation(0), 1);
}

// Of three pods with 4 waiting in all, 3 x 5 - 4 more may be sent until the next look.
TEST(flow_control, what_was_sent_since_the_look_counts_as_waiting) {
  const FlowControlParams p;
  FlowControl flow(p, 1);
  flow.look(0, {waits(2), waits(2), waits(0)});
  u32 sent = 0;
  for (; flow.ask(0, asked(0)) == Answer::kGo; ++sent) flow.sent(0);
  EXPECT_EQ(sent, 11U);
}

TEST(flow_control, priorities_are_strict_and_flows_take_turns) {
  FlowControlParams p;
  FlowControl flow(p, 2);
  flow.hold(0, 10, asked(1, 0));
  flow.hold(0, 11, asked(0, 0));
  flow.hold(0, 12, asked(0, 0));
  flow.hold(0, 13, asked(0, 3));
  flow.hold(1, 14, asked(-8, 0));
  EXPECT_EQ(flow.held(0), 4U);
  EXPECT_EQ(flow.held(), 5U);
  EXPECT_EQ(flow.next(0), 11U);
  EXPECT_EQ(flow.next(0), 13U);
  EXPECT_EQ(flow.next(0), 12U);
  EXPECT_EQ(flow.next(0), 10U);
  EXPECT_EQ(flow.next(0), kNoSlot);
  EXPECT_EQ(flow.next(1), 14U);
  p.order = FlowOrder::kFcfs;
  for (u32 slot = 0; slot < 4; ++slot) flow.hold(0, slot, asked(0, slot == 3 ? 1 : 0));
  for (u32 slot = 0; slot < 4; ++slot) EXPECT_EQ(flow.next(0), slot);
}

TEST(flow_control, who_leaves_is_passed_over_and_its_slot_is_another_s) {
  const FlowControlParams p;
  FlowControl flow(p, 1);
  const u32 first = flow.hold(0, 5, asked(0));
  flow.hold(0, 6, asked(0));
  EXPECT_TRUE(flow.leave(5));
  EXPECT_FALSE(flow.leave(5));
  const u32 second = flow.hold(0, 5, asked(0));
  EXPECT_FALSE(flow.holds(5, first));
  EXPECT_TRUE(flow.holds(5, second));
  EXPECT_EQ(flow.next(0), 6U);
  EXPECT_EQ(flow.next(0), 5U);
  EXPECT_EQ(flow.held(), 0U);
}

TEST(flow_control, a_full_line_refuses_and_shedding_is_by_priority) {
  FlowControlParams p;
  p.max_held = 1;
  FlowControl flow(p, 1);
  flow.look(0, {waits(99)});
  flow.hold(0, 1, asked(0));
  EXPECT_EQ(flow.ask(0, asked(0)), Answer::kRefuse);
  EXPECT_EQ(flow.ask(0, asked(1)), Answer::kHold);  // a bound of its own
  p.when_saturated = WhenSaturated::kShed;
  EXPECT_EQ(flow.ask(0, asked(0)), Answer::kGo);
  EXPECT_EQ(flow.ask(0, asked(1)), Answer::kRefuse);
}

// Two pods that run two requests each, asked for more than they can do.
ServingParams small_pods() {
  ServingParams p = pools({EngineRole::kMixed});
  p.pools[0].engine.max_num_seqs = 2;
  return p;
}
ClientClassParams patient() {
  ClientClassParams c = Clients::single_turn();
  c.total_timeout = c.first_token_timeout = 0_s;
  c.answer = {100, 0.3, 1, 1000};
  return c;
}

// Never more than pods x queue_depth wait in pods: until the next look no more are sent than that
// leaves. Without flow control all of the excess waits there.
TEST(flow_control, no_more_wait_in_pods_than_their_depth) {
  const auto most_waiting = [](const GatewayParams& gateway, u64& held) {
    Service s(patient(), small_pods(), gateway, 20);
    u64 most = 0;
    for (int second = 0; second < 60; ++second) {
      s.run(1_s);
      most = std::max(most, s.region.waiting());
    }
    held = s.region.holds() - s.region.active().total;
    s.run_out();
    EXPECT_EQ(s.ended(Outcome::kSucceeded), s.offered());
    return most;
  };
  GatewayParams held_back;
  held_back.flow_control.emplace();
  held_back.flow_control->hold_timeout = 864'000_s;
  u64 held = 0;
  const u64 pods = 2, depth = 5;
  EXPECT_LE(most_waiting(held_back, held), pods * depth);
  EXPECT_GT(held, 10 * pods * depth);
  EXPECT_GT(most_waiting({}, held), 10 * pods * depth);
  EXPECT_EQ(held, 0U);
}

// Who is held for longer than the time-out gets 503, who comes to a full line 429.
TEST(flow_control, held_requests_time_out_and_full_lines_refuse) {
  GatewayParams gateway;
  gateway.flow_control.emplace();
  gateway.flow_control->hold_timeout = 5_s;
  gateway.flow_control->max_held = 30;
  Service s(patient(), small_pods(), gateway, 20);
  s.run(100_s);
  EXPECT_LE(s.region.holds() - s.region.active().total, 30U);
  s.run_out();
  EXPECT_GT(s.region.counts().flow_expired, 0U);
  EXPECT_GT(s.region.counts().flow_shed, 0U);
  EXPECT_EQ(s.ended(Outcome::kRejected503), s.region.counts().flow_expired);
  EXPECT_EQ(s.ended(Outcome::kRejected429), s.region.counts().flow_shed);
  EXPECT_EQ(s.ended(Outcome::kSucceeded) + s.ended(Outcome::kRejected503) +
                s.ended(Outcome::kRejected429),
            s.offered());
}

// Clients that give up while they are held or before a worker has their prompt leave nothing
// behind.
TEST(flow_control, clients_leave_the_gateway_and_the_front_end) {
  ClientClassParams c = patient();
  c.total_timeout = 3_s;
  c.answer = {20, 0.1, 1, 100};
  c.cancel_on_timeout = Share{1};
  GatewayParams gateway;
  gateway.flow_control.emplace();
  ServingParams serving = small_pods();
  serving.pools[0].front_end.workers = 1;
  serving.pools[0].front_end.cpu_per_request = 120_ms;  // 8.3 a second and pod
  serving.pools[0].front_end.accept_timeout = 1000_s;
  for (const bool flow : {true, false}) {
    Service s(c, serving, flow ? gateway : GatewayParams{}, 40);
    s.run(100_s);
    s.run_out();
    EXPECT_GT(s.ended(Outcome::kTimeout), 0U);
    EXPECT_GT(s.ended(Outcome::kSucceeded), 0U);
  }
}

// A pod that is killed takes with it what its workers have.
TEST(flow_control, a_killed_pod_loses_what_its_workers_have) {
  ServingParams serving = pools({EngineRole::kMixed});
  serving.pools[0].front_end.workers = 1;
  serving.pools[0].front_end.cpu_per_request = 1_s;
  serving.pools[0].front_end.accept_timeout = 1000_s;
  Service s(patient(), serving, {}, 10);
  s.run(10_s);
  ASSERT_EQ(s.region.waiting(), 0U);
  const u32 there = s.region.active().of(0);
  ASSERT_GT(there, 20U);
  s.region.pod_killed(0, 0, kNoIncident);
  s.region.endpoints_changed(0, {1}, kNoIncident);
  EXPECT_EQ(s.region.active().of(0), 0U);
  EXPECT_EQ(s.ended(Outcome::kTruncated), there);
  s.run(10_s);
}

// ---- workers -----------------------------------------------------------------------------------
struct FrontEndTimes final : StagePort {
  std::map<AttemptSlot, Instant> admitted;
  std::vector<double> waits;  // [s]
  void reached(AttemptSlot attempt, Stage stage, Instant at) override {
    if (stage == Stage::kAdmitted) admitted[attempt] = at;
    if (stage == Stage::kQueued) waits.push_back((at - admitted[attempt]).seconds());
  }
  void prefilled_by(AttemptSlot, u32, u32) override {}
  void preempted(AttemptSlot) override {}
};

// A hundred seconds of a thousand requests each.
std::vector<double> front_end_waits(u32 workers, Duration each) {
  ServingParams serving = pools({EngineRole::kMixed});
  serving.pools[0].engine.max_num_seqs = 1000;
  serving.pools[0].engine.step_base = 1_us;
  serving.pools[0].engine.step_per_prompt_token = 1_ns;
  serving.pools[0].engine.step_per_sequence = 1_ns;
  serving.pools[0].front_end.workers = workers;
  serving.pools[0].front_end.cores = 8;
  serving.pools[0].front_end.cpu_per_request = each;
  FrontEndTimes times;
  Slots slots;
  slots.region = [&](World&, Region::Wiring& wiring) { wiring.stages = &times; };
  Service s(patient(), serving, {}, 1000, slots);
  s.region.endpoints_changed(0, {0}, kNoIncident);  // one pod
  s.run(101_s);
  return times.waits;
}

// Poisson arrivals and one worker with a constant time s: M/D/1, mean s + rho s / (2 (1 - rho)).
TEST(flow_control, one_worker_is_a_queue_with_a_constant_service_time) {
  const double s = 0.0007, rho = s * 1000;
  const std::vector<double> waits = front_end_waits(1, 700_us);
  constexpr std::size_t kBatches = 25;
  std::vector<double> means(kBatches);
  const std::size_t size = waits.size() / kBatches;
  ASSERT_GT(size, 1000U);
  double mean = 0, squares = 0;
  for (std::size_t b = 0; b < kBatches; ++b) {
    for (std::size_t i = 0; i < size; ++i)
      means[b] += waits[b * size + i] / static_cast<double>(size);
    mean += means[b] / kBatches;
  }
  for (const double m : means) squares += (m - mean) * (m - mean);
  const double error = std::sqrt(squares / (kBatches - 1) / kBatches);
  const double expected = s + rho * s / (2 * (1 - rho));
  EXPECT_NEAR(mean, expected, 4 * error);
  EXPECT_LT(error, 0.05 * expected);
}

TEST(flow_control, enough_workers_leave_the_service_time_alone) {
  for (const double wait : front_end_waits(64, 700_us)) ASSERT_DOUBLE_EQ(wait, 0.0007);
  EXPECT_EQ(front_end_waits(0, 700_us).back(), 0);
}

}  // namespace test_flow_control
}  // namespace stampede::test
