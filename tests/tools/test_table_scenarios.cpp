// The small scenarios behind the published figures: each runs in seconds and shows its figure.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>

#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "models/cluster/cluster.h"
#include "models/kv_cache/kv_cache.h"
#include "models/network/network.h"
#include "models/ports/region_figures_port.h"
#include "tests/directories.h"
#include "tools/world/fleet.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_table_scenarios {

struct Played {
  explicit Played(const std::string& name, const std::vector<std::string>& sets = {},
                  Duration tick = 5_s, const std::function<void(Fleet&)>& each = {}) {
    std::vector<Override> overrides;
    for (const std::string& s : sets) overrides.push_back(parse_set(s));
    const std::string file = source_directory() + "/scenarios/table/" + name;
    fleet = std::make_unique<Fleet>(load_scenario(file + ".yaml", overrides).scenario.spec);
    fleet->start();
    const Instant end = Instant{} + fleet->spec.duration;
    while (fleet->world.now() < end) {
      fleet->world.scheduler.run_until(std::min(end, fleet->world.now() + tick));
      if (fleet->world.now().ns % (5_s).ns == 0) fleet->refresh_views();
      if (each) each(*fleet);
    }
    for (const auto& check : fleet->world.checks) check();
  }
  double ended(Outcome o) const {
    return static_cast<double>(
        fleet->observed().service.counts().ended[static_cast<std::size_t>(o)]);
  }
  double offered() const { return static_cast<double>(fleet->observed().service.counts().offered); }
  const RegionFiguresPort& region() const { return *fleet->observed().regions[0]; }
  double login_wait() const {
    return 1e-9 * static_cast<double>(region().counts().login_wait_ns) /
           static_cast<double>(region().counts().logins);
  }
  std::unique_ptr<Fleet> fleet;
};

double erlang_b(double a, int c) {
  double b = 1;
  for (int k = 1; k <= c; ++k) b = a * b / (k + a * b);
  return b;
}

// Every file loads, runs and meets what it expects of itself.
TEST(table_scenarios, meet_their_expectations) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_directory() + "/scenarios/table")) {
    const std::string name = entry.path().filename().string();
    const RunResults results = run_simulation(load_scenario(entry.path().string()).scenario, {});
    for (const std::string& wrong : results.failed_expectations)
      ADD_FAILURE() << name << ": " << wrong;
    // Each states its figure and prints it beside what was published.
    EXPECT_FALSE(results.reports.empty()) << name;
    for (const std::string& report : results.reports)
      EXPECT_NE(report.find("published"), std::string::npos) << report;
    ++files;
  }
  EXPECT_EQ(files, 15u);
}

TEST(table_scenarios, pods_leave_and_503s_rise_above_the_line) {
  std::map<int, std::pair<u64, double>> at;  // [minute] 503 so far, endpoints known
  double fewest = 10;
  const Played run("front-end-overload", {}, 5_s, [&](Fleet& f) {
    at[static_cast<int>(f.world.now().seconds() / 60)] = {
        f.observed().regions[0]->counts().refused_503,
        static_cast<double>(f.observed().regions[0]->known_endpoints(0))};
    fewest = std::min(fewest, static_cast<double>(f.observed().regions[0]->known_endpoints(0)));
  });
  RecordProperty("fewest_endpoints", std::to_string(fewest));
  EXPECT_EQ(at[9].first, 0u);
  EXPECT_EQ(at[9].second, 10);
  const u64 second = at[19].first - at[9].first, third = at[39].first - at[19].first;
  RecordProperty("refused_at_88_percent", std::to_string(second));
  RecordProperty("refused_at_95_percent", std::to_string(third));
  EXPECT_GT(third, 10 * (second + 1));
}

TEST(table_scenarios, the_decision_is_early_and_the_capacity_late) {
  double decided = -1, arrived = -1;
  const Played run("autoscaler-gap", {}, 1_s, [&](Fleet& f) {
    const double t = f.world.now().seconds() - 600;
    if (decided < 0 && f.observed().clusters[0]->desired(0) > 8) decided = t;
    if (arrived < 0 && f.observed().regions[0]->known_endpoints(0) > 8) arrived = t;
  });
  RecordProperty("decided_seconds", std::to_string(decided));
  RecordProperty("arrived_seconds", std::to_string(arrived));
  EXPECT_GT(decided, 0);
  EXPECT_LT(decided, 45);  // 30 s and a kubelet's window
  EXPECT_GT(arrived, decided + 60);
  // Below the target nothing happens; just under 88 % the noise of a window may decide.
  const Played calm("autoscaler-gap", {"spec.demand.stages[1].factor=1.5"});
  EXPECT_EQ(calm.fleet->observed().clusters[0]->desired(0), 8);
}

TEST(table_scenarios, the_mean_hides_the_hot_pods) {
  struct Late {
    double success = 0;  // of the last five minutes
    i32 desired = 0;
  };
  const auto play = [](const std::string& policy, const std::string& failures) {
    double offered = 0, succeeded = 0;
    const Played run(
        "long-connections",
        {"spec.replica_choice.policy=" + policy, "spec.cluster.kubelet.probe_failures=" + failures},
        5_s, [&](Fleet& f) {
          if (f.world.now() > Instant{} + 25_min) return;
          offered = static_cast<double>(f.observed().service.counts().offered);
          succeeded = static_cast<double>(f.observed().service.counts().ended[0]);
        });
    return Late{(run.ended(Outcome::kSucceeded) - succeeded) / (run.offered() - offered),
                run.fleet->observed().clusters[0]->desired(0)};
  };
  const Late pinned = play("round_robin_connections", "1000"), even = play("round_robin", "1000");
  RecordProperty("pinned", std::to_string(pinned.success) + " " + std::to_string(pinned.desired));
  RecordProperty("even", std::to_string(even.success) + " " + std::to_string(even.desired));
  EXPECT_GE(even.desired, 34);  // 30 pods' worth of work at 80 to 88 %
  EXPECT_LT(pinned.desired, 30);
  EXPECT_GT(even.success, 0.99);
  EXPECT_NEAR(pinned.success, 20.0 / 30, 0.03);
  // Where probes may fail, saturated pods lose their endpoints now and then, and with them their
  // connections: a little is spread, at the price of capacity.
  const Late probed = play("round_robin_connections", "3"), probed_even = play("round_robin", "3");
  RecordProperty("probed",
                 std::to_string(probed.success) + " and " + std::to_string(probed_even.success));
  EXPECT_LT(probed.success, probed_even.success - 0.1);
}

TEST(table_scenarios, connections_held_while_streaming_run_out) {
  const Played held("pool-held-while-streaming");
  RecordProperty("wait_seconds", std::to_string(held.login_wait()));
  RecordProperty("auth_failed_ratio",
                 std::to_string(held.ended(Outcome::kAuthFailed) / held.offered()));
  RecordProperty("ttft_seconds",
                 std::to_string(held.fleet->observed().clients.ttft().mean() * 1e-9));
  EXPECT_GT(held.login_wait(), 1.2);  // 2.3 s, with few independent queues in half a day
  EXPECT_LT(held.login_wait(), 3.6);
  EXPECT_GT(held.fleet->observed().clients.ttft().mean() * 1e-9, held.login_wait());
  const Played brief("pool-held-while-streaming",
                     {"spec.gateway.sessions.hold_during_inference=false", "spec.duration=1h"});
  EXPECT_LT(brief.fleet->observed().clients.ttft().mean() * 1e-9, 0.2);
  EXPECT_EQ(brief.ended(Outcome::kAuthFailed), 0);
}

TEST(table_scenarios, a_refused_burst_comes_back_in_waves) {
  std::vector<double> per_tenth;
  u64 before = 0;
  const Played run("retry-waves", {}, 100_ms, [&](Fleet& f) {
    per_tenth.push_back(static_cast<double>(f.observed().clients.counts().attempts - before));
    before = f.observed().clients.counts().attempts;
  });
  double round_trip = 0;  // after which a refusal is heard
  for (ClientNetwork c = 0; c < run.fleet->observed().network.client_networks(); ++c)
    round_trip += run.fleet->observed().network.weight(c) *
                  run.fleet->observed().network.path(c, 0).round_trip.seconds();
  RecordProperty("round_trip", std::to_string(round_trip));
  double background = 0;  // attempts of everybody else in a tenth of a second
  for (std::size_t i = 300; i < 600; ++i) background += per_tenth[i] / 300;
  struct Wave {
    double size = 0, mean = 0, deviation = 0;
  };
  const auto between = [&](double from, double to) {
    Wave wave;
    double sum = 0, square = 0;
    const auto first = static_cast<std::size_t>((60 + from) * 10 + 0.5),
               last = static_cast<std::size_t>((60 + to) * 10 + 0.5);
    for (std::size_t i = first; i < last; ++i) {
      const double at = (static_cast<double>(i) + 0.5) / 10 - 60, n = per_tenth[i] - background;
      wave.size += n;
      sum += n * at;
      square += n * at * at;
    }
    wave.mean = sum / wave.size;
    wave.deviation = std::sqrt(square / wave.size - wave.mean * wave.mean);
    return wave;
  };
  const Wave burst = between(0, 0.6);
  const struct {
    double from, to, at, deviation;
  } rows[] = {{1, 2.8, 1.5, 0.29}, {3, 5.8, 4, 0.41}, {7, 10.8, 8.5, 0.50}, {15, 19.8, 17, 0.58}};
  double heard = 0;
  for (const auto& row : rows) {
    heard += round_trip;
    const Wave wave = between(row.from, row.to);
    const double own =  // the burst itself lasts half a second
        std::sqrt(wave.deviation * wave.deviation - burst.deviation * burst.deviation);
    RecordProperty("wave_at_" + std::to_string(static_cast<int>(row.at)),
                   std::to_string(wave.size / burst.size) + " after " +
                       std::to_string(wave.mean - burst.mean) + " sd " + std::to_string(own));
    EXPECT_NEAR(wave.size / burst.size, 1, 0.06) << row.at;  // nobody gives up before the fifth
    EXPECT_NEAR(wave.mean - burst.mean, row.at + heard, 0.06) << row.at;
    EXPECT_NEAR(own, row.deviation, 0.08) << row.at;
  }
  EXPECT_NEAR(between(11.5, 14.5).size / burst.size, 0, 0.05);  // silence between the waves
}

TEST(table_scenarios, forty_percent_of_the_busy_errors_in_the_peak) {
  double before = 0, after = 0;
  const Played run("market-open", {}, 60_s, [&](Fleet& f) {
    const auto errors = static_cast<double>(f.observed().regions[0]->counts().auth_failed);
    if (f.world.now() <= Instant{} + 9_h) before = errors;
    if (f.world.now() <= Instant{} + 11_h) after = errors;
  });
  const double all = run.ended(Outcome::kAuthFailed), share = (after - before) / all;
  const double peak = 1.25 * erlang_b(112.5, 100) * 2, rest = erlang_b(90, 100) * 22;
  RecordProperty("share", std::to_string(share));
  RecordProperty("oracle", std::to_string(peak / (peak + rest)));
  EXPECT_NEAR(peak / (peak + rest), 0.40, 0.02);
  EXPECT_NEAR(share, peak / (peak + rest), 0.04);
  EXPECT_NEAR(share / (2.0 / 24), 4.8, 0.6);
}

TEST(table_scenarios, the_flush_takes_the_slower_of_bytes_and_index) {
  const Played operations("flush-limits");
  RecordProperty("index_bound_seconds",
                 std::to_string(operations.fleet->observed().kv.flush_seconds()));
  EXPECT_NEAR(operations.fleet->observed().kv.flush_seconds() / 14'400, 1, 0.01);
  const Played bytes("flush-limits", {"spec.kv_cache.index_rate=10000000/s"});
  RecordProperty("rest_seconds", std::to_string(bytes.fleet->observed().kv.flush_seconds()));
  EXPECT_LT(bytes.fleet->observed().kv.flush_seconds(), 1000);
}

// A fixed window admits its first 6,000 and refuses until it resets; obeyed, Retry-After gathers.
TEST(table_scenarios, refused_until_the_window_resets) {
  const auto second_of_window = [](const char* honour) {
    std::vector<double> by_second(60);
    u64 before = 0;
    const Played run(
        "rate-limit-window", {std::string("spec.clients[0].retry.honour_retry_after=") + honour},
        1_s, [&](Fleet& f) {
          const auto t = static_cast<std::size_t>(f.world.now().seconds() - 1);
          if (t >= 120)
            by_second[t % 60] +=
                static_cast<double>(f.observed().clients.counts().attempts - before) / 18;
          before = f.observed().clients.counts().attempts;
        });
    EXPECT_GT(run.ended(Outcome::kRejected429), 0);
    by_second.push_back(run.ended(Outcome::kSucceeded) / run.offered());
    return by_second;
  };
  const auto obey = second_of_window("100%"), half = second_of_window("50%"),
             ignore = second_of_window("0%");
  RecordProperty("first_second_obeyed", std::to_string(obey[0]));
  RecordProperty("first_second_half", std::to_string(half[0]));
  RecordProperty("first_second_ignored", std::to_string(ignore[0]));
  RecordProperty("success", std::to_string(obey[60]) + " " + std::to_string(half[60]) + " " +
                                std::to_string(ignore[60]));
  EXPECT_GT(obey[0], 5 * 130);
  EXPECT_LT(ignore[0], 2.5 * 130);
  EXPECT_GT(half[0], ignore[0]);
  EXPECT_LT(half[0], obey[0]);
}

TEST(table_scenarios, reasoning_and_loops_consume_the_budget) {
  const Played run("reasoning-budget");
  // 70 % of a lognormal length of mean 2,000 and variation 1.2 reaches 4,096; or a loop.
  const double sigma2 = std::log(1 + 1.2 * 1.2), mu = std::log(2000) - sigma2 / 2;
  const double long_ones = 0.5 * std::erfc((std::log(4096 / 0.7) - mu) / std::sqrt(2 * sigma2));
  const double oracle = 1 - 0.99 * (1 - long_ones);
  const double all = run.ended(Outcome::kBudget) + run.ended(Outcome::kSucceeded);
  const double share = run.ended(Outcome::kBudget) / all;
  RecordProperty("share", std::to_string(share));
  RecordProperty("oracle", std::to_string(oracle));
  // Long answers are still under way at the end; the rest is three standard errors.
  EXPECT_NEAR(share, oracle, 3 * std::sqrt(oracle / all) + 0.001);
}

TEST(table_scenarios, another_provider_takes_what_it_can) {
  const Played run("fallback-provider");
  const double elsewhere = run.ended(Outcome::kServedElsewhere) / 3600;
  RecordProperty("elsewhere_per_second", std::to_string(elsewhere));
  // Its capacity, less what cannot be parsed: in the three seconds of a minute in which this
  // service answers, nobody asks it, but it keeps a second's worth of room for then.
  EXPECT_NEAR(elsewhere, 0.8 * (5 * 57 + 5) / 60, 0.06);
  // Unlimited, it takes half of the failures, one in five of them for nothing.
  const Played large("fallback-provider", {"spec.clients[0].fallback.capacity=1000/s"});
  const double failed = large.offered() - large.ended(Outcome::kSucceeded);
  EXPECT_NEAR(large.ended(Outcome::kServedElsewhere) / failed, 0.5 * 0.8, 0.01);
}

TEST(table_scenarios, conversations_come_back_with_a_cold_part) {
  const Played cold("fallback-cold-sessions");
  const Played forgotten("fallback-cold-sessions",
                         {"spec.clients[0].fallback.keeps_conversation=false"});
  const Played alone("fallback-cold-sessions", {"spec.gateway.rate_limit.requests=0"});
  const auto hit = [](const Played& p) {
    const RegionCounts& c = p.region().counts();
    return static_cast<double>(c.cached_tokens) / static_cast<double>(c.prompt_tokens);
  };
  const auto computed = [](const Played& p) {  // prompt tokens computed an attempt
    const RegionCounts& c = p.region().counts();
    return static_cast<double>(c.prompt_tokens - c.cached_tokens) /
           static_cast<double>(c.first_tokens);
  };
  RecordProperty("hit_ratio", std::to_string(hit(alone)) + " alone, " + std::to_string(hit(cold)) +
                                  " cold, " + std::to_string(hit(forgotten)) + " forgotten");
  RecordProperty("computed", std::to_string(computed(alone)) + " alone, " +
                                 std::to_string(computed(cold)) + " cold, " +
                                 std::to_string(computed(forgotten)) + " forgotten");
  EXPECT_GT(cold.ended(Outcome::kServedElsewhere), 0.4 * cold.offered());
  EXPECT_LT(hit(cold), hit(alone) - 0.1);
  EXPECT_GT(computed(cold), 1.3 * computed(alone));
  EXPECT_GT(computed(cold), 1.2 * computed(forgotten));
}

TEST(table_scenarios, deferred_work_returns_at_reopening) {
  double most = 0, most_at = 0, done_at = 0;
  const Played run("deferred-batch", {}, 5_s, [&](Fleet& f) {
    const auto deferred = static_cast<double>(f.observed().clients.deferred());
    if (deferred > most) {
      most = deferred;
      most_at = f.world.now().seconds();
    }
    if (deferred > 0) done_at = f.world.now().seconds();
  });
  RecordProperty("most_deferred", std::to_string(most));
  RecordProperty("most_at_seconds", std::to_string(most_at));
  RecordProperty("worked_off_at_seconds", std::to_string(done_at));
  EXPECT_GT(most, 0.9 * 10 * 1200);
  EXPECT_GE(most_at, 2395);
  EXPECT_LT(done_at, 7200);
  EXPECT_EQ(run.fleet->observed().clients.deferred(), 0u);
}

}  // namespace test_table_scenarios
}  // namespace stampede
