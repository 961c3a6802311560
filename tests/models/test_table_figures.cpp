// Figures of the published accounts, each produced by the mechanism that could have made it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/balancing/replica_choice.h"
#include "models/serving/front_end.h"
#include "tests/models/cluster_fixture.h"
#include "tests/models/kv_fixture.h"

namespace stampede::test {
namespace test_table_figures {

const StreamKey kDraws = stream_key(3, "table", "figures");

// --- CPU above 85 % for 30 s: failures rise exponentially

// Share of probes without an answer at one utilisation, the work arriving evenly.
double unanswered(double rho, const FrontEndParams& p, u32 probes) {
  FrontEnd front;
  Instant now{};
  front.measure(now, 0, 0, p);
  for (int ms = 0; ms < 10'000; ++ms) {
    now += 1_ms;
    front.delay(now, p);
    front.charge(rho * 0.001);
  }
  EXPECT_NEAR(front.measure(now, 0, 0, p), rho, 1e-6);
  u64 failed = 0;
  for (u32 k = 0; k < probes; ++k) failed += !front.answers(uniform(draw(kDraws, k)), p);
  return static_cast<double>(failed) / probes;
}

double slope(const std::vector<double>& x, const std::vector<double>& y) {
  double mx = 0, my = 0, xy = 0, xx = 0;
  const auto n = static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    mx += x[i] / n;
    my += y[i] / n;
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
  }
  return xy / xx;
}

TEST(table_figures, failures_rise_exponentially_with_utilisation) {
  for (const double mu_tau : {20.0, 30.0}) {
    FrontEndParams p;
    p.slice = from_seconds(1 / mu_tau);
    p.probe_timeout = 1_s;
    std::vector<double> rho, log_f;
    for (double r = 0.85; r < 0.965; r += 0.01) {  // saturates above 30 %
      rho.push_back(r);
      log_f.push_back(std::log(unanswered(r, p, 400'000)));
    }
    RecordProperty("slope_at_" + std::to_string(static_cast<int>(mu_tau)),
                   std::to_string(slope(rho, log_f)));
    EXPECT_NEAR(slope(rho, log_f) / mu_tau, 1, 0.03) << mu_tau;
  }
  FrontEndParams p;
  p.slice = from_seconds(1.0 / 30);
  p.probe_timeout = 1_s;
  EXPECT_NEAR(unanswered(0.85, p, 400'000), 0.011, 0.001);
  EXPECT_NEAR(unanswered(0.90, p, 400'000), 0.050, 0.002);
  EXPECT_NEAR(unanswered(0.95, p, 400'000), 0.223, 0.004);
  EXPECT_NEAR(unanswered(0.98, p, 400'000), 0.549, 0.005);
}

// The same from customers one by one: P(T > tau) of an M/M/1 queue by Lindley's recursion.
TEST(table_figures, the_front_end_agrees_with_a_queue_of_single_customers) {
  FrontEndParams p;
  p.slice = from_seconds(1.0 / 30);
  p.probe_timeout = 1_s;
  for (const double rho : {0.85, 0.90, 0.95}) {
    double wait = 0;
    u64 late = 0;
    constexpr u32 kCustomers = 4'000'000;
    for (u32 k = 0; k < kCustomers; ++k) {
      const Words w = draw(kDraws, k, 1);
      const double service = exponential(uniform(w)) / 30;
      late += wait + service > 1;
      wait = std::max(0.0, wait + service - exponential(uniform2(w)) / (30 * rho));
    }
    const double f = static_cast<double>(late) / kCustomers;
    EXPECT_NEAR(f / unanswered(rho, p, 400'000), 1, 0.12) << rho;
  }
}

// Requests that cost much CPU at once queue up themselves, and a probe's window of ten seconds
// holds few of them: far more probes fail than those of evenly arriving work.
TEST(table_figures, coarse_requests_fail_more_probes_than_the_formula) {
  FrontEndParams p;
  p.cpu_per_request = 165_ms;
  const auto failed = [&](double rho, double cost) {
    FrontEnd front;
    Instant now{}, probe = now + 10_s;
    u64 lost = 0, probes = 0;
    const u64 requests = static_cast<u64>(20'000 / cost);
    for (u64 k = 0; k < requests; ++k) {
      now += from_seconds(exponential(uniform(draw(kDraws, k, 2))) * cost / rho);
      for (; probe <= now; probe += 10_s) {
        front.measure(probe, 0, 0, p);
        lost += !front.answers(uniform(draw(kDraws, probes, 3)), p);
        ++probes;
      }
      front.delay(now, p);
      front.charge(cost);
    }
    return static_cast<double>(lost) / static_cast<double>(probes);
  };
  for (const double rho : {0.70, 0.80, 0.85, 0.90}) {
    const double formula = std::exp(-(1 - rho) / p.slice.seconds());
    RecordProperty("at_" + std::to_string(static_cast<int>(rho * 100 + 0.5)),
                   std::to_string(failed(rho, 0.005)) + " fine, " +
                       std::to_string(failed(rho, 0.165)) + " coarse, " + std::to_string(formula) +
                       " formula");
    EXPECT_NEAR(failed(rho, 0.005), formula, 0.01 + 0.15 * formula);
    EXPECT_GT(failed(rho, 0.165), 2 * formula);
  }
}

// --- The autoscaler's blind gap

ClusterParams scaled_on_cpu() {
  ClusterParams p = small_cluster(10, 8);
  p.workloads[0].autoscaler.emplace();
  p.workloads[0].autoscaler->min_replicas = 8;
  p.workloads[0].autoscaler->max_replicas = 80;
  p.workloads[0].autoscaler->waiting_requests = 0;
  return p;
}
PodSample cpu(double share) { return {static_cast<i64>(share * 4000), 0}; }

struct Gap {
  double decision = -1, capacity = -1;  // seconds after the step
};
Gap gap_after_step(u64 seed, Duration sampling, double after, Duration watch) {
  ClusterParams p = scaled_on_cpu();
  p.kubelet.probe_period = sampling;
  Fixture f(p, seed);
  bool high = false;
  f.runtime.usage = [&](PodId) { return cpu(high ? after : 0.5); };
  Gap gap;
  const Instant step = Instant{} + 60_s;
  f.api.log = [&](const ApiCall& c) {
    if (c.object == ApiObject::kScale && c.verb == ApiVerb::kUpdate && gap.decision < 0)
      gap.decision = (f.world.now() - step).seconds();
  };
  f.world.scheduler.run_until(step);
  high = true;
  const Instant end = step + watch;
  while (f.world.now() < end) {
    f.world.scheduler.run_until(f.world.now() + 1_s);
    if (gap.capacity < 0 && f.counts().routable > 8)
      gap.capacity = (f.world.now() - step).seconds();
  }
  return gap;
}

TEST(table_figures, the_decision_comes_triangularly_within_thirty_seconds) {
  std::vector<double> delays;
  for (u64 seed = 1; seed <= 400; ++seed)
    delays.push_back(gap_after_step(seed, 200_ms, 1.0, 35_s).decision);
  std::sort(delays.begin(), delays.end());
  double mean = 0, square = 0, distance = 0;
  for (std::size_t i = 0; i < delays.size(); ++i) {
    const double d = delays[i];
    mean += d / 400;
    square += d * d / 400;
    const double x = std::clamp(d / 15, 0.0, 2.0);
    const double cdf = x < 1 ? x * x / 2 : 1 - (2 - x) * (2 - x) / 2;
    distance = std::max(distance, std::abs(cdf - (static_cast<double>(i) + 0.5) / 400));
  }
  EXPECT_GT(delays.front(), 0);
  EXPECT_LT(delays.back(), 30.5);
  EXPECT_NEAR(mean, 15.1, 3 * 6.1 / 20);  // 0.1 s of sampling
  EXPECT_NEAR(std::sqrt(square - mean * mean), 15 / std::sqrt(6.0), 0.6);
  EXPECT_LT(distance, 1.36 / 20);  // Kolmogorov's 5 %
  RecordProperty("mean_seconds", std::to_string(mean));
  RecordProperty("distance", std::to_string(distance));
}

TEST(table_figures, kubelets_add_their_own_age_and_capacity_comes_minutes_later) {
  double decision = 0, capacity = 0;
  constexpr int kSeeds = 60;
  for (u64 seed = 1; seed <= kSeeds; ++seed) {
    const Gap gap = gap_after_step(seed, 10_s, 1.0, 10_min);
    ASSERT_GT(gap.decision, 0);
    ASSERT_GT(gap.capacity, gap.decision + 60);
    decision += gap.decision / kSeeds;
    capacity += gap.capacity / kSeeds;
  }
  EXPECT_GT(decision, 15);
  EXPECT_LT(decision, 27);
  EXPECT_GT(capacity, 60);
  RecordProperty("decision_seconds", std::to_string(decision));
  RecordProperty("capacity_seconds", std::to_string(capacity));
}

TEST(table_figures, no_action_up_to_eighty_eight_percent) {
  EXPECT_LT(gap_after_step(1, 10_s, 0.88, 10_min).decision, 0);
  EXPECT_GT(gap_after_step(1, 10_s, 0.892, 2_min).decision, 0);
}

// --- Round robin over long connections

// Share of the attempts that the first fifth of the pods takes, after the fleet grew fivefold.
std::vector<double> shares_by_pod(Duration life, Duration since) {
  World world(5);
  ActiveCounts active;
  ReplicaChoiceParams p;
  p.policy = ChoiceKind::kRoundRobinConnections;
  p.connections = 20'000;
  p.connection_life = life;
  const auto choice =
      make_live_choice(std::make_shared<const ReplicaChoiceParams>(p), world, "eu/choice", active);
  std::vector<u32> pods;
  for (u32 k = 0; k < 20; ++k) pods.push_back(k);
  choice->set_endpoints(pods);
  constexpr u64 kSessions = 200'000;
  const auto pass = [&](std::vector<double>* by_pod) {
    for (u64 s = 0; s < kSessions; ++s) {
      const u32 pod = choice->pick(mix64(s), s);
      if (by_pod != nullptr) (*by_pod)[pod] += 1.0 / kSessions;
    }
  };
  pass(nullptr);
  for (u32 k = 20; k < 100; ++k) pods.push_back(k);
  choice->set_endpoints(pods);
  world.scheduler.run_until(world.now() + since);
  std::vector<double> by_pod(100);
  pass(&by_pod);
  return by_pod;
}
double first_fifth(const std::vector<double>& by_pod) {
  double sum = 0;
  for (std::size_t k = 0; k < 20; ++k) sum += by_pod[k];
  return sum;
}

TEST(table_figures, a_fifth_of_the_pods_carries_sixty_five_percent) {
  const double pinned = std::exp(-0.575);
  EXPECT_NEAR(pinned + (1 - pinned) / 5, 0.65, 0.001);
  EXPECT_NEAR(first_fifth(shares_by_pod(1000_s, 575_s)), 0.65, 0.015);
  EXPECT_NEAR(first_fifth(shares_by_pod(1000_s, 0_s)), 1.0, 0.001);
  EXPECT_NEAR(first_fifth(shares_by_pod(1000_s, 8000_s)), 0.2, 0.015);
  EXPECT_NEAR(first_fifth(shares_by_pod({}, 8000_s)), 1.0, 0.001);  // they live for ever
}

TEST(table_figures, hot_pods_saturate_while_the_mean_sees_nothing) {
  const std::vector<double> share = shares_by_pod(1000_s, 575_s);
  const double hot = first_fifth(share) / 20, cold = (1 - first_fifth(share)) / 80;
  RecordProperty("hot_cold", std::to_string(100 * hot) + " " + std::to_string(100 * cold));
  EXPECT_NEAR(100 * hot, 3.25, 0.08);
  EXPECT_NEAR(100 * cold, 0.44, 0.02);
  EXPECT_NEAR(1 / (100 * hot), 0.31, 0.01);  // mean demand at which they saturate
  const auto mean_cpu = [&](double demand) {
    double sum = 0;
    for (std::size_t k = 0; k < 100; ++k) sum += std::min(1.0, demand * 100 * share[k]) / 100;
    return sum;
  };
  double at_target = 0;
  while (mean_cpu(at_target) < 0.8) at_target += 0.001;
  RecordProperty("demand_at_target", std::to_string(at_target));
  EXPECT_NEAR(at_target, 1.71, 0.05);

  // The autoscaler itself on those pods: blind at demands for which the hot ones are lost.
  const auto grows_at = [&](double demand) {
    ClusterParams p = small_cluster(30, 100);
    p.workloads[0].autoscaler.emplace();
    p.workloads[0].autoscaler->min_replicas = 100;
    p.workloads[0].autoscaler->max_replicas = 240;
    p.workloads[0].autoscaler->waiting_requests = 0;
    Fixture f(p);
    f.runtime.usage = [&](PodId id) {
      return id < 100 ? cpu(std::min(1.0, demand * 100 * share[id])) : cpu(0);
    };
    f.run_for(120_s);
    return f.cluster->desired(0) > 100;
  };
  EXPECT_FALSE(grows_at(0.31));
  EXPECT_FALSE(grows_at(1.0));
  EXPECT_FALSE(grows_at(1.71));
  EXPECT_TRUE(grows_at(2.2));  // beyond the tolerance, at more than twice the fleet's capacity
}

// --- Flush of 4 PB in four hours

double flush_seconds(double bytes_per_second, double operations_per_second) {
  KvCacheParams p = plain();
  p.initial_sessions = 11'400'000;
  p.initial_bytes = {4'000'000'000'000'000};
  p.scrub_bandwidth = {bytes_per_second};
  p.delete_rate = p.session_rate = {1e12};
  p.index_rate = {operations_per_second};
  Store t(p);
  t.kv.start_flush(kNoIncident);
  while (t.kv.flushing() && t.world.now() < Instant{} + 48_h) t.run(10_s);
  return t.kv.flush_seconds();
}

TEST(table_figures, a_flush_takes_the_longer_of_bytes_and_operations) {
  const double blocks = 4e15 / (64 * 70272.0);
  EXPECT_NEAR(blocks / 14'400, 61'800, 200);
  for (const double bytes : {277.8e9, 555.6e9, 7256.8e9})
    for (const double operations : {30'900.0, 61'800.0, 1.43e6}) {
      const double oracle = std::max(4e15 / bytes, blocks / operations);
      EXPECT_NEAR(flush_seconds(bytes, operations) / oracle, 1, 0.01) << bytes << " " << operations;
    }
  EXPECT_NEAR(flush_seconds(277.8e9, 1e9), 14'400, 150);
  EXPECT_NEAR(flush_seconds(1e15, 61'800), 14'400, 150);
  EXPECT_NEAR(flush_seconds(7256.8e9, 1e9) / 60, 9.2, 0.1);  // 6.6 TiB/s: bytes alone do not bind
}

// --- 40 % of the busy errors in peak windows

TEST(table_figures, lift_of_errors_in_a_window) {
  // share s of the errors in a share w of the time: rate there over the mean rate is s / w.
  EXPECT_NEAR(0.40 / (2.0 / 24), 4.8, 0.01);
  EXPECT_NEAR(0.40 / (3.0 / 24), 3.2, 0.01);
  EXPECT_NEAR(0.40 / (4.0 / 24), 2.4, 0.01);
}

}  // namespace test_table_figures
}  // namespace stampede::test
