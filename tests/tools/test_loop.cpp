// The loop of a scenario's clients and their server: read as it is written, refused where it is
// another one, solved as the formulas for its parts say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>

#include "sim/random.h"
#include "tests/directories.h"
#include "tools/experiments/headroom.h"
#include "tools/experiments/loop.h"
#include "tools/experiments/loop_chain.h"
#include "tools/experiments/loop_fluid.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_loop {

constexpr const char* kRetries = "table/metastable-retries.yaml";
using Sets = std::vector<std::string>;

Spec spec_of(const std::string& file, const Sets& sets = {}) {
  std::vector<Override> overrides{parse_set("spec.expect=[]")};
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  return load_scenario(source_directory() + "/scenarios/" + file, overrides).scenario.spec;
}

std::string refused(const Sets& sets) try {
  loop_of(spec_of(kRetries, sets));
  return "";
} catch (const ScenarioError& error) {
  return error.path;
}

// One kind of clients before a station.
Loop plain(double rate, double servers, double service, double patience, int retries,
           double places = std::numeric_limits<double>::infinity()) {
  Loop loop;
  loop.rate = rate;
  loop.servers = servers;
  loop.service = service;
  loop.places = places;
  loop.clients.push_back(
      {1, patience, service, 0, std::vector<double>(static_cast<std::size_t>(retries), 0.0)});
  return loop;
}

TEST(loop, is_what_the_scenario_says) {
  const Loop loop = loop_of(spec_of(kRetries));
  EXPECT_EQ(loop.server, "service server");
  EXPECT_DOUBLE_EQ(loop.rate, 80);
  EXPECT_DOUBLE_EQ(loop.capacity(), 100);
  EXPECT_DOUBLE_EQ(loop.places, 1e7);
  ASSERT_EQ(loop.clients.size(), 1U);
  EXPECT_DOUBLE_EQ(loop.clients[0].patience, 1);
  EXPECT_DOUBLE_EQ(loop.clients[0].attempts(), 4);
  EXPECT_DOUBLE_EQ(loop.hidden_capacity(), 25);
  EXPECT_TRUE(loop.outlasts_patience());
  EXPECT_FALSE(loop_of(spec_of(kRetries, {"spec.services[0].queue=80"})).outlasts_patience());
  EXPECT_DOUBLE_EQ(loop_of(spec_of(kRetries, {"spec.scale=1/10"})).rate, 8);
}

// A gateway that tries three times before its clients come again.
TEST(loop, tries_of_a_gateway_multiply_those_of_its_clients) {
  const Loop loop = loop_of(spec_of("templates/database.yaml"));
  EXPECT_EQ(loop.server, "service database");
  EXPECT_DOUBLE_EQ(loop.clients[0].attempts(), 9);
  EXPECT_DOUBLE_EQ(loop.clients[0].patience, 5);
  EXPECT_NEAR(loop.clients[0].delays[0], 0.1, 0.01);  // full jitter of 200 ms
  EXPECT_DOUBLE_EQ(loop.capacity(), 80);
  const Loop open = loop_of(spec_of("templates/database.yaml", {"spec.uses[0].on_failure=open"}));
  EXPECT_DOUBLE_EQ(open.clients[0].attempts(), 3);
}

TEST(loop, pods_are_a_station_whose_clients_may_tell_it_that_they_leave) {
  const Sets sets{"spec.services=[]",
                  "spec.uses=[]",
                  "spec.clients[0].total_timeout=20s",
                  "spec.clients[0].cancel_on_timeout=25%",
                  "spec.timeline=[]",
                  "spec.operations.steps=[]"};
  const Loop loop = loop_of(spec_of("templates/database.yaml", sets));
  EXPECT_EQ(loop.server, "pods of chat");
  EXPECT_DOUBLE_EQ(loop.calls_in_failure(), 3 * 0.75);
  EXPECT_DOUBLE_EQ(loop.attempts_in_failure(), 3);
  EXPECT_DOUBLE_EQ(loop.places, 64 * 8);
}

// Four tries of a library, and by hand up to twice again, each with a probability of a half.
TEST(loop, who_sends_it_again_by_hand_is_a_kind_of_clients) {
  const Loop loop = loop_of(
      spec_of(kRetries, {"spec.clients[0].resubmit={probability: 50%, maximum: 2, delay: 3s}"}));
  ASSERT_EQ(loop.clients.size(), 3U);
  const double attempts[] = {4, 8, 12}, shares[] = {0.5, 0.25, 0.25};
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_DOUBLE_EQ(loop.clients[k].attempts(), attempts[k]);
    EXPECT_DOUBLE_EQ(loop.clients[k].share, shares[k]);
  }
  EXPECT_DOUBLE_EQ(loop.clients[1].delays[3], 3);
  EXPECT_DOUBLE_EQ(loop.attempts_in_failure(), 4 * 1.75);
}

TEST(loop, what_is_another_loop_is_refused_where_it_is_written) {
  const std::pair<const char*, const char*> cases[] = {
      {"spec.services[0].discipline=lifo", "spec.services[0].discipline"},
      {"spec.services[0].contention=1", "spec.services[0].contention"},
      {"spec.services[0].queue_delay={}", "spec.services[0].queue_delay"},
      {"spec.services[0].deadline_margin=1s", "spec.services[0].deadline_margin"},
      {"spec.uses[0].cache.size=10", "spec.uses[0].cache.size"},
      {"spec.uses[0].for.regions=[here]", "spec.uses[0].for.regions"},
      {"spec.uses[0].timeout=50ms", "spec.uses[0].timeout"},
      {"spec.clients[0].retry.budget=token_bucket", "spec.clients[0].retry.budget"},
      {"spec.clients[0].breaker.policy=hystrix", "spec.clients[0].breaker.policy"},
  };
  EXPECT_EQ(refused({}), "");
  for (const auto& [set, path] : cases) EXPECT_EQ(refused({set}), path) << set;
  // Its clients leave amid the gateway's tries.
  EXPECT_EQ(refused({"spec.uses[0].timeout=400ms",
                     "spec.uses[0].retry={policy: immediate, max_attempts: 3}"}),
            "spec.clients[0]");
  EXPECT_EQ(refused({"spec.uses[0].timeout=300ms",
                     "spec.uses[0].retry={policy: immediate, max_attempts: 3}"}),
            "");
}

// Bronson et al.: capacity 300, patience 1 s, one retry, ten seconds of standstill.
TEST(loop_fluid, recovers_as_the_formula_says_below_the_hidden_capacity) {
  for (const double rate : {100.0, 120.0, 140.0}) {
    const FluidRun run = fluid_run(plain(rate, 30, 0.1, 1, 1), 10);
    const double published = (rate * 10 + rate * 9 - 300) / (300 - 2 * rate);
    EXPECT_TRUE(run.recovers);
    EXPECT_NEAR(run.after, published, std::max(1.0, 0.05 * published)) << rate;
  }
  for (const double rate : {160.0, 200.0, 280.0})
    EXPECT_FALSE(fluid_run(plain(rate, 30, 0.1, 1, 1), 10).recovers) << rate;
  EXPECT_TRUE(fluid_run(plain(280, 30, 0.1, 1, 0), 10).recovers);  // nobody comes again
}

TEST(loop_fluid, a_standstill_is_survived_that_is_shorter_than_patience) {
  EXPECT_NEAR(longest_standstill(plain(280, 30, 0.1, 1, 1)).value(), 0.9, 0.03);
  EXPECT_EQ(longest_standstill(plain(140, 30, 0.1, 1, 1)), std::nullopt);
  EXPECT_EQ(longest_standstill(plain(280, 30, 0.1, 1, 1, 200)), std::nullopt);  // a short line
  EXPECT_NEAR(longest_backlog(plain(280, 30, 0.1, 1, 1)).value(), 270, 10);     // 0.9 s of work
}

TEST(loop_chain, without_retries_it_is_the_queue_of_the_formulas) {
  // M/M/1: P(sojourn > t) = exp(-(mu - lambda) t).
  const auto single = solve_chain(plain(7, 1, 0.1, 1, 0, 60), {16});
  EXPECT_NEAR(single->stationary->in_time, 1 - std::exp(-3.0), 0.004);
  // M/M/c: Erlang's C(10, 8) = 0.409180.
  const auto many = solve_chain(plain(8, 10, 1, 20, 0, 150), {1});
  EXPECT_NEAR(many->stationary->calls, 8 + 0.409180 * 0.8 / 0.2, 1e-3);
  // M/M/c/K: c = 10, K = 20, 12 a second: 0.179666 of those that come find it full.
  const auto full = solve_chain(plain(12, 10, 1, 40, 0, 10), {1});
  ASSERT_EQ(full->stationary->line.size(), 11U);
  EXPECT_NEAR(full->stationary->line.back(), 0.179666, 1e-6);
  EXPECT_EQ(full->to_collapse, std::nullopt);
}

// One server, 0.1 s a call; who is late after 3 s comes again at once, four times, and leaves its
// call behind. Until 45 calls are there, half as many again as anybody waits for [s].
double time_to_collapse(double rate, u64 run) {
  u64 drawn = 0;
  const auto exponential = [&](double mean) {
    const u64 bits = mix64(mix64(run + 1) + ++drawn);
    return -mean * std::log((static_cast<double>(bits >> 11) + 0.5) * 0x1p-53);
  };
  struct Attempt {
    double late_at;
    int tries;
    bool answered;
  };
  std::vector<Attempt> all;
  std::deque<std::size_t> there, patient;  // indices of `all`
  double now = 0, next = exponential(1 / rate), done = 0;
  const auto join = [&](int tries) {
    all.push_back({now + 3, tries, false});
    if (there.empty()) done = now + exponential(0.1);
    there.push_back(all.size() - 1);
    patient.push_back(all.size() - 1);
  };
  while (there.size() < 45) {
    while (!patient.empty() && all[patient.front()].answered) patient.pop_front();
    const double late = patient.empty() ? 1e300 : all[patient.front()].late_at;
    const double end = there.empty() ? 1e300 : done;
    now = std::min({next, late, end});
    if (now == end) {
      all[there.front()].answered = true;
      there.pop_front();
      if (!there.empty()) done = now + exponential(0.1);
    } else if (now == late) {
      const int tries = all[patient.front()].tries;
      patient.pop_front();
      if (tries < 5) join(tries + 1);
    } else {
      next = now + exponential(1 / rate);
      join(1);
    }
  }
  return now;
}

TEST(loop_chain, collapses_by_itself_after_the_time_that_a_simulation_takes) {
  for (const double rate : {8.0, 9.0}) {
    constexpr int kRuns = 400;
    double sum = 0, squares = 0;
    for (u64 run = 0; run < kRuns; ++run) {
      const double time = time_to_collapse(rate, run);
      sum += time;
      squares += time * time;
    }
    const double mean = sum / kRuns;
    const double error = std::sqrt((squares / kRuns - mean * mean) / kRuns);
    const auto answer = solve_chain(plain(rate, 1, 0.1, 3, 4, 99), {8});
    EXPECT_NEAR(answer->to_collapse.value(), mean, 3 * error + 0.05 * mean) << rate;
    std::printf("at %g/s: simulated %.0f +- %.0f s, chain %.0f s\n", rate, mean, error,
                answer->to_collapse.value());
  }
}

TEST(loop_chain, a_line_without_a_bound_has_no_way_back) {
  const auto answer = solve_chain(plain(9, 1, 0.1, 3, 4), {1});
  EXPECT_TRUE(answer->to_collapse.has_value());
  EXPECT_EQ(answer->back, std::nullopt);
  EXPECT_FALSE(answer->stationary.has_value());
  // Below the hidden capacity it comes back.
  const auto well = solve_chain(plain(1.8, 1, 0.1, 3, 4), {1});
  EXPECT_LT(well->stationary->collapsed, 1e-3);
}

// Two states that last: how often it is which, and how fast it forgets, follow from how long.
TEST(loop_chain, the_long_run_agrees_with_the_ways_there_and_back) {
  const auto answer = solve_chain(plain(7, 1, 0.1, 3, 1, 99), {1});
  const double there = answer->to_collapse.value(), back = answer->back.value();
  EXPECT_NEAR(answer->stationary->collapsed, back / (there + back), 0.01);
  EXPECT_NEAR(answer->stationary->relaxation / (there * back / (there + back)), 1, 0.03);
  // It never comes back in practice.
  const auto long_lived = solve_chain(plain(9, 1, 0.1, 3, 4, 99), {1});
  EXPECT_EQ(long_lived->back, kLongestTime);
  EXPECT_NEAR(long_lived->stationary->collapsed, 1, 1e-9);
}

TEST(loop_chain, more_states_than_planned_are_not_solved) {
  const Loop loop = plain(8, 1, 0.1, 3, 4, 99);
  EXPECT_EQ(solve_chain(loop, {1, chain_states(loop, 1) - 1}), std::nullopt);
  EXPECT_EQ(solve_chain(loop, {1, chain_states(loop, 1)})->states, chain_states(loop, 1));
}

// Pods that take 2 a second each, and more asked than either region's pods take.
TEST(headroom, is_what_the_others_lack) {
  const Spec spec =
      spec_of("templates/init.yaml",
              {"spec.serving.pools[0].max_rate_per_endpoint=2/s", "spec.demand.rate=30/s"});
  const auto rows = headroom(spec);
  ASSERT_EQ(rows.size(), 2U);
  for (std::size_t k = 0; k < 2; ++k) {
    const double pods = spec.regions[1 - k].pools[0].replicas;
    const double gpus = pods * spec.gpus_per_pod(1 - k, 0);
    EXPECT_DOUBLE_EQ(rows[k].left, 2 * pods);
    EXPECT_EQ(rows[k].more_gpus, std::ceil(30 / (2 * pods) * gpus - gpus));
    EXPECT_GT(rows[k].more_gpus, 0);
    EXPECT_EQ(rows[k].more_a_day(), 24 * rows[k].more_gpus);
  }
  const auto small = headroom(spec_of("templates/init.yaml", {"spec.demand.rate=1/s"}));
  for (const Headroom& h : small) EXPECT_EQ(h.more_gpus, 0);
}

}  // namespace test_loop
}  // namespace stampede
