// The autoscaler on every kind of metric, and KEDA around it.
#include <gtest/gtest.h>

#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_autoscaler_metrics {

using cluster::MetricParams;

MetricParams metric(MetricSource source, const std::string& query, MetricTarget target,
                    double value) {
  MetricParams m;
  m.source = source;
  m.query = query;
  m.target = target;
  m.value = value;
  return m;
}

// Ten pods, scaled by these metrics alone.
ClusterParams on(std::vector<MetricParams> metrics) {
  ClusterParams p = small_cluster(40, 10);
  p.controllers.controller_limit = p.controllers.scheduler_limit = Rate{300};
  p.controllers.controller_burst = p.controllers.scheduler_burst = 450;
  cluster::AutoscalerParams& scaler = p.workloads[0].autoscaler.emplace();
  scaler.min_replicas = 1;
  scaler.max_replicas = 300;
  scaler.cpu_utilization_percent = 0;
  scaler.waiting_requests = 0;
  scaler.downscale_stabilization = 0_s;
  scaler.metrics = std::move(metrics);
  return p;
}

PodExports exported(double waiting, double running, double kv_use) {
  PodExports out;
  out.waiting = waiting;
  out.running = running;
  out.kv_use = kv_use;
  return out;
}

// The size that the first passes ask for.
i32 size(const ClusterParams& params, const PodExports& each, i64 memory = 0) {
  Fixture f(params);
  f.runtime.exports = [&](PodId) { return each; };
  f.runtime.usage = [&](PodId) {
    PodSample sample;
    sample.cpu_milli = 2000;  // half of the request
    sample.memory_bytes = memory;
    return sample;
  };
  f.run_for(55_s);
  return f.cluster->autoscalers().wanted(0);
}

constexpr MetricSource kPods = MetricSource::kPods, kObject = MetricSource::kObject,
                       kExternal = MetricSource::kExternal, kResource = MetricSource::kResource;
constexpr MetricTarget kAverage = MetricTarget::kAverageValue, kValue = MetricTarget::kValue,
                       kPercent = MetricTarget::kUtilization;

// Kubernetes rounds quantities up to thousandths, so that the smallest target is one of them. Ten
// pods become 40 at most within the time.
TEST(autoscaler_metrics, a_tiny_target_counts_as_a_thousandth) {
  for (const double target : {0.001, 1e-5, 1e-300})
    for (const i64 waiting : {0, 6}) {
      const i32 wanted = waiting == 0 ? 1 : 40;
      ClusterParams own = on({});
      own.workloads[0].autoscaler->waiting_requests = target;
      Fixture f(own);
      f.runtime.usage = [&](PodId) {
        PodSample sample;
        sample.waiting_milli = 1000 * waiting;
        return sample;
      };
      f.run_for(55_s);
      EXPECT_EQ(f.cluster->autoscalers().wanted(0), wanted) << target;
      EXPECT_EQ(size(on({metric(kPods, "waiting_requests", kAverage, target)}),
                     exported(static_cast<double>(waiting), 0, 0)),
                wanted)
          << target;
    }
}

// Kubernetes grows to at most twice the size in a pass, so targets ask for less.
TEST(autoscaler_metrics, each_source_and_target) {
  const PodExports each = exported(6, 30, 0.9);
  EXPECT_EQ(size(on({metric(kPods, "waiting_requests", kAverage, 4)}), each), 15);
  EXPECT_EQ(size(on({metric(kPods, "kv_use", kAverage, 0.6)}), each), 15);
  EXPECT_EQ(size(on({metric(kPods, "running_requests", kAverage, 60)}), each), 5);
  EXPECT_EQ(size(on({metric(kExternal, "sum(waiting_requests)", kAverage, 4)}), each), 15);
  EXPECT_EQ(size(on({metric(kExternal, "sum(waiting_requests)", kValue, 50)}), each), 12);
  EXPECT_EQ(size(on({metric(kObject, "avg(kv_use)", kValue, 0.6)}), each), 15);
  EXPECT_EQ(size(on({metric(kObject, "sum(waiting_requests)", kAverage, 5)}), each), 12);
  EXPECT_EQ(size(on({metric(kResource, "cpu", kPercent, 40)}), each), 13);  // 50 % for 40 %
  EXPECT_EQ(size(on({metric(kResource, "cpu", kAverage, 1.6)}), each), 13);
  const i64 gib = i64{1} << 30;
  EXPECT_EQ(size(on({metric(kResource, "memory", kPercent, 50)}), each, 12 * gib), 15);  // of 16
  EXPECT_EQ(size(on({metric(kResource, "memory", kAverage, 8.0 * static_cast<double>(gib))}), each,
                 12 * gib),
            15);
}

TEST(autoscaler_metrics, the_largest_of_several_wins_with_requests_of_their_own) {
  const i64 gib = i64{1} << 30;
  const auto both = [&](double cpu, double memory) {
    return size(on({metric(kResource, "cpu", kPercent, cpu),
                    metric(kResource, "memory", kPercent, memory)}),
                exported(0, 0, 0), 12 * gib);
  };
  EXPECT_EQ(both(40, 75), 13);  // cpu 50 % of 4 cores, memory 75 % of 16 GiB
  EXPECT_EQ(both(50, 50), 15);
  EXPECT_EQ(both(100, 150), 5);
}

TEST(autoscaler_metrics, what_cannot_be_read_stops_shrinking_but_not_growing) {
  const MetricParams blind = metric(kExternal, cluster::kUnreadable, kAverage, 1);
  const auto with = [&](double target) {
    return size(on({blind, metric(kPods, "running_requests", kAverage, target)}),
                exported(0, 30, 0));
  };
  EXPECT_EQ(with(20), 15);
  EXPECT_EQ(with(60), 10);  // alone it would shrink to 5
  EXPECT_EQ(size(on({blind}), exported(0, 30, 0)), 10);
  // No series at all: the same, unless the absence counts as zero.
  MetricParams absent = metric(kExternal, "sum(waiting_requests > 1000)", kAverage, 1);
  EXPECT_EQ(size(on({absent}), exported(0, 30, 0)), 10);
  absent.zero_if_absent = true;
  EXPECT_EQ(size(on({absent}), exported(0, 30, 0)), 1);
}

// ---- KEDA ------------------------------------------------------------------------------------
ClusterParams keda(i32 least, std::optional<i32> idle, const std::string& query, double target) {
  MetricParams m = metric(kExternal, query, kAverage, target);
  m.zero_if_absent = true;
  m.activation = 2;
  ClusterParams p = on({m});
  cluster::KedaParams& k = p.workloads[0].autoscaler->keda.emplace();
  k.min_replicas = least;
  p.workloads[0].autoscaler->min_replicas = std::max(1, least);
  k.idle_replicas = idle;
  k.cooldown = 300_s;
  return p;
}

TEST(keda, takes_the_last_pod_away_after_the_cool_down_only) {
  Fixture f(keda(0, std::nullopt, "max(running_requests)", 5));
  double running = 5;  // each pod; the largest is at its target
  f.runtime.exports = [&](PodId) { return exported(0, running, 0); };
  f.run_for(5_min);
  EXPECT_EQ(f.cluster->desired(0), 1);  // five for five: the autoscaler's own answer
  running = 1;                          // below the activation
  f.run_for(4_min);
  EXPECT_EQ(f.cluster->desired(0), 1);
  f.run_for(2_min);
  EXPECT_EQ(f.cluster->desired(0), 0);
  EXPECT_EQ(f.counts().active, 0);
  f.run_for(10_min);  // nobody exports anything: it stays asleep
  EXPECT_EQ(f.cluster->desired(0), 0);
}

TEST(keda, wakes_the_first_pod_and_leaves_the_rest_to_the_autoscaler) {
  ClusterParams p = keda(0, std::nullopt, "vector(12) or max(running_requests)", 5);
  p.workloads[0].replicas = 0;
  Fixture f(p);
  f.runtime.exports = [&](PodId) { return exported(0, 0, 0); };
  std::vector<i32> sizes;
  f.api.log = [&](const ApiCall& c) {
    if (c.object == ApiObject::kScale && c.verb == ApiVerb::kUpdate)
      sizes.push_back(std::get<ScaleValue>(c.value).replicas);
  };
  f.run_for(6_min);
  EXPECT_EQ(sizes, (std::vector<i32>{1, 3}));  // 12 for 5
}

TEST(keda, idle_replicas) {
  Fixture f(keda(4, 2, "max(running_requests)", 5));
  double running = 1;
  f.runtime.exports = [&](PodId) { return exported(0, running, 0); };
  f.run_for(10_min);
  EXPECT_EQ(f.cluster->desired(0), 2);
  running = 3;  // above the activation
  f.run_for(2_min);
  EXPECT_EQ(f.cluster->desired(0), 4);
}

TEST(keda, falls_back_after_failures_in_a_row) {
  ClusterParams p = keda(1, std::nullopt, cluster::kUnreadable, 5);
  p.workloads[0].autoscaler->keda->fallback_failures = 3;
  p.workloads[0].autoscaler->keda->fallback_replicas = 16;
  const auto after = [&](cluster::FallbackReplicas kind, Duration span) {
    p.workloads[0].autoscaler->keda->fallback = kind;
    Fixture f(p);
    f.run_for(span);
    return f.cluster->desired(0);
  };
  EXPECT_EQ(after(cluster::FallbackReplicas::kStatic, 60_s), 10);  // at most three readings
  EXPECT_EQ(after(cluster::FallbackReplicas::kStatic, 2_min), 16);
  EXPECT_EQ(after(cluster::FallbackReplicas::kCurrent, 2_min), 10);
  EXPECT_EQ(after(cluster::FallbackReplicas::kCurrentIfHigher, 2_min), 16);
  EXPECT_EQ(after(cluster::FallbackReplicas::kCurrentIfLower, 2_min), 10);
}

}  // namespace test_autoscaler_metrics
}  // namespace stampede::test
