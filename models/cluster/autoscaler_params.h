// A HorizontalPodAutoscaler as parameters: bounds, metrics, behaviour.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class ScalingSelect : u8 { kMax, kMin, kDisabled };

// Where a metric comes from, and what its target is of.
enum class MetricSource : u8 { kResource, kPods, kObject, kExternal };
enum class MetricTarget : u8 { kUtilization, kAverageValue, kValue };

namespace cluster {

// One `policies` entry; exactly one of pods and percent is positive.
struct ScalingPolicyParams {
  i32 pods = 0, percent = 0;
  Duration period = 15_s;
  static void describe(Schema<ScalingPolicyParams>& s);
};

// `behavior.scaleUp` or `behavior.scaleDown`. Absent parts take the API's defaults.
struct ScalingRulesParams {
  std::optional<Duration> stabilization_window;
  ScalingSelect select_policy = ScalingSelect::kMax;
  std::vector<ScalingPolicyParams> policies;
  std::optional<double> tolerance;
  static void describe(Schema<ScalingRulesParams>& s);
};

// The query of a metric that nobody answers.
inline constexpr const char* kUnreadable = "unreadable";

// One entry of `metrics`.
struct MetricParams {
  std::string name;  // as the manifest has it
  MetricSource source = MetricSource::kPods;
  std::string query;
  MetricTarget target = MetricTarget::kAverageValue;
  double value = 5;
  bool zero_if_absent = false;
  double activation = 0;
  static void describe(Schema<MetricParams>& s);
};

// What a ScaledObject says beyond the HorizontalPodAutoscaler that KEDA makes of it.
enum class FallbackReplicas : u8 { kStatic, kCurrent, kCurrentIfHigher, kCurrentIfLower };
struct KedaParams {
  Duration polling_interval = 30_s;
  Duration cooldown = 300_s, initial_cooldown{};
  i32 min_replicas = 0;
  std::optional<i32> idle_replicas;
  i32 fallback_failures = 0, fallback_replicas = 0;
  FallbackReplicas fallback = FallbackReplicas::kStatic;
  static void describe(Schema<KedaParams>& s);
};

struct AutoscalerParams {
  bool enabled = true;
  i32 min_replicas = 1, max_replicas = 10;
  i32 cpu_utilization_percent = 80;  // 0: no such metric
  double waiting_requests = 5;       // average a pod; 0: no such metric
  Duration waiting_window = 0_s;     // its scrapes are averaged over so long; 0: the last one
  std::vector<MetricParams> metrics;
  std::optional<ScalingRulesParams> scale_up, scale_down;
  std::optional<KedaParams> keda;
  Duration sync_period = 15_s;
  double tolerance = 0.1;
  Duration downscale_stabilization = 300_s, cpu_initialization = 300_s, readiness_delay = 30_s;
  static void describe(Schema<AutoscalerParams>& s);
};

}  // namespace cluster
}  // namespace stampede
