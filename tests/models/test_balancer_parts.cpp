// The balancer's pure parts: probe machine, splits, answer history.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "models/balancing/answer_history.h"
#include "models/balancing/probe_fsm.h"
#include "models/balancing/traffic_split.h"

namespace stampede {
namespace test_balancer_parts {

TEST(balancer_parts, probe_machine_walks_through_its_states) {
  ProbeFsm fsm({2, 3, 60_s});
  Instant t{};
  const auto see = [&](bool ok) {
    t += 10_s;
    fsm.observe(ok, t);
    return fsm.health();
  };
  EXPECT_EQ(see(true), Health::kUnknown);
  EXPECT_EQ(see(true), Health::kHealthy);
  EXPECT_EQ(see(false), Health::kSuspect);
  EXPECT_EQ(see(true), Health::kHealthy);
  EXPECT_EQ(see(false), Health::kSuspect);
  EXPECT_EQ(see(false), Health::kSuspect);
  EXPECT_EQ(see(false), Health::kUnhealthy);
  EXPECT_EQ(fsm.ramp(t), 0);
  EXPECT_EQ(see(true), Health::kUnhealthy);
  EXPECT_EQ(see(true), Health::kProbation);
  EXPECT_EQ(fsm.ramp(t), 0.1);
  EXPECT_DOUBLE_EQ(fsm.ramp(t + 30_s), 0.5);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(see(true), Health::kProbation);
  EXPECT_EQ(see(true), Health::kHealthy);
}

TEST(balancer_parts, priority_split_reproduces_envoys_table) {
  using V = std::vector<u32>;
  EXPECT_EQ(priority_split({{80, 100}, {100, 100}}), (V{100, 0}));
  EXPECT_EQ(priority_split({{5, 7}, {7, 7}}), (V{100, 0}));  // 71.4 %
  EXPECT_EQ(priority_split({{71, 100}, {100, 100}}), (V{99, 1}));
  EXPECT_EQ(priority_split({{50, 100}, {100, 100}}), (V{70, 30}));
  EXPECT_EQ(priority_split({{25, 100}, {100, 100}}), (V{35, 65}));
  EXPECT_EQ(priority_split({{25, 100}, {25, 100}}), (V{50, 50}));
  EXPECT_EQ(priority_split({{25, 100}, {25, 100}, {20, 100}}), (V{36, 36, 28}));
  EXPECT_EQ(priority_split({{0, 100}, {0, 100}}), (V{0, 0}));
}

TEST(balancer_parts, proportional_split_needs_capacity) {
  EXPECT_EQ(proportional_split({0, 0}), (Shares{0, 0}));
  EXPECT_EQ(proportional_split({0, 1, 3}), (Shares{0, 0.25, 0.75}));
}

TEST(balancer_parts, waterfall_fills_near_regions_first) {
  Waterfall in;
  in.demand = {60, 25, 15};
  in.capacity = {0, 50, 100};
  in.order = {{0, 1, 2}, {1, 2, 0}, {2, 1, 0}};
  const auto split = waterfall_split(in);
  EXPECT_NEAR(split[0][1], 25.0 / 60, 1e-12);  // what NA has left
  EXPECT_NEAR(split[0][2], 35.0 / 60, 1e-12);
  EXPECT_NEAR(split[1][1], 1, 1e-12);
  EXPECT_NEAR(split[2][2], 1, 1e-12);
}

TEST(balancer_parts, waterfall_overload_spreads_in_proportion_and_keeps_every_request) {
  Waterfall in;
  in.demand = {60, 25, 15};
  in.capacity = {0, 30, 20};
  in.order = {{0, 1, 2}, {1, 2, 0}, {2, 1, 0}};
  const auto split = waterfall_split(in);
  double total = 0, na = 0;
  for (std::size_t h = 0; h < 3; ++h) {
    double sum = 0;
    for (double s : split[h]) sum += s;
    EXPECT_NEAR(sum, 1, 1e-12);
    total += sum * in.demand[h];
    na += split[h][1] * in.demand[h];
  }
  EXPECT_NEAR(total, 100, 1e-9);
  EXPECT_NEAR(na, 60, 1e-9);  // 100 over 50 of capacity: everybody at twice it
}

TEST(balancer_parts, waterfall_spill_cap_bounds_foreign_fill) {
  Waterfall in;
  in.demand = {40, 0, 0};
  in.capacity = {0, 100, 100};
  in.order = {{0, 1, 2}, {1, 2, 0}, {2, 1, 0}};
  in.spill_cap = 0.3;
  const auto split = waterfall_split(in);
  EXPECT_NEAR(split[0][1], 30.0 / 40, 1e-12);
  EXPECT_NEAR(split[0][2], 10.0 / 40, 1e-12);
}

TEST(balancer_parts, waterfall_keeps_clients_away_from_a_closed_home) {
  Waterfall in;
  in.demand = {40, 10, 10};
  in.capacity = {100, 30, 100};
  in.order = {{0, 1, 2}, {1, 2, 0}, {2, 1, 0}};
  in.away = {1, 0, 0};
  auto split = waterfall_split(in);
  EXPECT_EQ(split[0][0], 0);
  EXPECT_NEAR(split[0][1], 20.0 / 40, 1e-12);  // nearest first
  EXPECT_NEAR(split[0][2], 20.0 / 40, 1e-12);
  in.capacity = {100, 0, 10};
  split = waterfall_split(in);
  EXPECT_EQ(split[0][0], 0);
  EXPECT_NEAR(split[0][2], 1, 1e-12);
  EXPECT_NEAR(split[1][2] + split[1][0], 1, 1e-12);
}

// As the waterfall is told: at every rank, every region, its own clients first, then everybody
// else.
std::vector<Shares> told_waterfall(const Waterfall& in) {
  const std::size_t n = in.demand.size();
  std::vector<Shares> placed(n, Shares(n, 0.0));
  Shares left = in.demand, room(n), foreign(n);
  for (std::size_t r = 0; r < n; ++r) {
    room[r] = in.capacity[r] * in.target_utilization;
    foreign[r] = in.capacity[r] * in.spill_cap;
  }
  const auto comes = [&](std::size_t h, std::size_t r, std::size_t rank, bool own) {
    return in.order[h][rank] == r && (h == r) == own && (!own || in.away[h] == 0);
  };
  for (std::size_t rank = 0; rank < n; ++rank)
    for (const bool own : {true, false})
      for (std::size_t r = 0; r < n; ++r) {
        double wanted = 0;
        for (std::size_t h = 0; h < n; ++h)
          if (comes(h, r, rank, own)) wanted += left[h];
        if (wanted <= 0) continue;
        const double limit = own ? room[r] : std::min(room[r], foreign[r]);
        const double share = std::min(1.0, std::max(0.0, limit) / wanted);
        for (std::size_t h = 0; h < n; ++h) {
          if (!comes(h, r, rank, own)) continue;
          const double sent = left[h] * share;
          placed[h][r] += sent;
          left[h] -= sent;
          room[r] -= sent;
          if (!own) foreign[r] -= sent;
        }
      }
  for (std::size_t h = 0; h < n; ++h) {
    Shares usable = in.capacity;
    if (in.away[h] != 0) usable[h] = 0;
    const Shares overload = proportional_split(usable);
    for (std::size_t r = 0; r < n; ++r)
      placed[h][r] = (placed[h][r] + left[h] * overload[r]) / in.demand[h];
  }
  return placed;
}

TEST(balancer_parts, waterfall_of_64_regions_is_as_told_to_the_last_bit) {
  Sequence random(stream_key(1, "test", "waterfall"));
  for (const std::size_t n : {1u, 2u, 3u, 17u, 64u})
    for (int run = 0; run < 10; ++run) {
      Waterfall in;
      in.target_utilization = 0.9;
      in.spill_cap = run % 2 == 0 ? 1 : 0.3;
      for (std::size_t h = 0; h < n; ++h) {
        in.demand.push_back(0.1 + 10 * random.next());
        in.capacity.push_back(random.next() < 0.2 ? 0 : 12 * random.next());
        in.away.push_back(random.next() < 0.1);
        std::vector<u32> order(n);
        for (std::size_t r = 0; r < n; ++r) order[r] = static_cast<u32>(r);
        for (std::size_t r = n; r-- > 1;)
          std::swap(order[r], order[static_cast<std::size_t>(random.next() * double(r + 1))]);
        in.order.push_back(order);
      }
      EXPECT_EQ(waterfall_split(in), told_waterfall(in)) << n << " regions, run " << run;
    }
}

TEST(balancer_parts, answer_history_holds_64_regions) {
  AnswerHistory answers({60_s, 0, {}}, 64, stream_key(1, "balancer", "ttl_phase"));
  for (u32 k = 0; k < 200; ++k) {  // more decisions than it remembers
    Shares shares(64, 0.0);
    shares[k % 64] = 0.25;
    shares[63 - k % 32] += 0.75;
    answers.publish(Instant{} + Duration{(k + 1) * i64{100'000'000'000}}, 7, shares, k);
  }
  const Answer& last = answers.newest(7);
  EXPECT_EQ(last.moved_by, 199u);
  EXPECT_EQ(answers.pick(last, 7, 0), 199 % 64);
  EXPECT_EQ(answers.pick(last, 7, UINT32_MAX), 63 - 199 % 32);
  const Instant before = Instant{} + Duration{i64{200} * 100'000'000'000};
  EXPECT_EQ(answers.in_force(7, before, 1).moved_by, 198u) << "still cached";
}

TEST(balancer_parts, answer_history_follows_a_sequence_of_decisions) {
  AnswerHistory answers({60_s, 0, {}}, 3, stream_key(1, "balancer", "ttl_phase"));
  answers.publish(Instant{}, 0, {1, 0, 0}, 0);
  const Instant t1 = Instant{} + 1000_s, t2 = t1 + 20_s;
  answers.publish(t1, 0, {0, 1, 0}, 1);
  answers.publish(t2, 0, {0, 0, 1}, 2);
  // 30 s after the first change, 10 s after the second: 1/2 old, 1/3 first, 1/6 second.
  double count[3] = {0, 0, 0};
  for (u64 k = 0; k < 60'000; ++k) ++count[answers.pick(answers.in_force(0, t1 + 30_s, k), 0, 0)];
  EXPECT_NEAR(count[0] / 60'000, 1.0 / 2, 0.01);
  EXPECT_NEAR(count[1] / 60'000, 1.0 / 3, 0.01);
  EXPECT_NEAR(count[2] / 60'000, 1.0 / 6, 0.01);
  EXPECT_EQ(answers.in_force(0, t2 + 60_s, 1).moved_by, 2U);
}

TEST(balancer_parts, rounding_leaves_no_sliver_for_a_region_without_a_share) {
  AnswerHistory answers({}, 3, {});
  answers.publish(Instant{} + 1_s, 0, {0.1 + 0.2, 0.7 - 1e-12, 0}, 0);
  EXPECT_EQ(answers.pick(answers.newest(0), 0, UINT32_MAX), 1);
}

}  // namespace test_balancer_parts
}  // namespace stampede
