// An autoscaling/v2 HorizontalPodAutoscaler as parameters: bounds, metrics, behaviour.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class ScalingSelect : u8 { kMax, kMin, kDisabled };

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

struct AutoscalerParams {
  bool enabled = true;
  i32 min_replicas = 1, max_replicas = 10;
  i32 cpu_utilization_percent = 80;  // 0: no such metric
  double waiting_requests = 5;       // average a pod; 0: no such metric
  Duration waiting_window = 0_s;     // its scrapes are averaged over so long; 0: the last one
  std::optional<ScalingRulesParams> scale_up, scale_down;
  Duration sync_period = 15_s;
  double tolerance = 0.1;
  Duration downscale_stabilization = 300_s, cpu_initialization = 300_s, readiness_delay = 30_s;
  static void describe(Schema<AutoscalerParams>& s);
};

}  // namespace cluster
}  // namespace stampede
