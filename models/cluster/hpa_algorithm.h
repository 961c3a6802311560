// The arithmetic of the Kubernetes HorizontalPodAutoscaler, without events: from pods, samples and
// history to a number of replicas, bit for bit as the controller computes it.
// State: recommendation log and scale events, each entry kept until it is older than its window.
// Source: kubernetes pkg/controller/podautoscaler (horizontal.go, replica_calculator.go,
// metrics/utilization.go), v1.28 and the newer tolerance and overflow rules; KEP-4951.
// Limits: one selector and one container scope a metric; a pod's sample is already summed over its
// containers; conversions that Go leaves undefined saturate under both releases.
#pragma once
#include <optional>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede::hpa {

// Which tree's behaviour is meant where they differ.
enum class Release : u8 {
  kUpTo132,  // tolerance |1-r| <= t in doubles (r = 1.10 is outside 0.1); Succeeded pods count
  kCurrent   // interval form 1-t_down <= r <= 1+t_up; Succeeded pods are ignored
};

enum class PodPhase : u8 { kPending, kRunning, kSucceeded, kFailed, kUnknown };

// A pod of the selector as the controller's cache shows it.
struct Pod {
  PodPhase phase = PodPhase::kRunning;
  bool deleted = false;              // deletionTimestamp is set
  std::optional<bool> ready;         // status of the Ready condition; absent = no such condition
  Instant ready_transition{};        // its lastTransitionTime
  std::optional<Instant> start;      // status.startTime
  std::optional<i64> request_milli;  // of the scaled resource; absent = some container lacks it
};

// One pod's sample of one metric [milli-units], the window it averages over ending at `at`.
struct Sample {
  i64 milli = 0;
  Instant at{};
  Duration window{};
};

enum class MetricType : u8 { kResource, kContainerResource, kPods, kObject, kExternal };
enum class TargetType : u8 {
  kUtilization,   // percent of the request (kResource, kContainerResource)
  kAverageValue,  // milli-units a pod (any type)
  kValue          // milli-units in all (kObject, kExternal)
};

struct MetricSpec {
  MetricType type = MetricType::kPods;
  TargetType target_type = TargetType::kAverageValue;
  i64 target = 1;    // [%] or [milli-units], > 0
  bool cpu = false;  // kResource, kContainerResource: the resource is cpu (start-up rules apply)
};

// What the metrics API returned for one metric in this pass.
struct MetricReading {
  bool available = true;  // false: the call failed; the metric counts as invalid
  std::vector<std::optional<Sample>> samples;  // [pod], per-pod metrics; absent = missing
  std::vector<i64> extra_milli;   // samples of pods that are not among the pods (old names)
  std::vector<i64> values_milli;  // kObject: one; kExternal: one a series
  // Of each pod for this metric's resource, where metrics are of several; absent: the pods' own.
  std::optional<i64> request_milli{};
};

enum class PolicyType : u8 { kPods, kPercent };
enum class SelectPolicy : u8 { kMax, kMin, kDisabled };

struct Policy {
  PolicyType type = PolicyType::kPods;
  i32 value = 4;
  Duration period = 15_s;
};

struct Rules {
  SelectPolicy select = SelectPolicy::kMax;
  Duration stabilization{};  // [0 s, 1 h]
  std::vector<Policy> policies;
  std::optional<double> tolerance;  // absent = the controller's flag
};
Rules default_scale_up();                         // max(4 pods, 100 %) / 15 s, no window
Rules default_scale_down(Duration flag = 300_s);  // 100 % / 15 s, window `flag`

// `spec.behavior`; without the optional the legacy path of v2beta2 and v1 applies.
struct Behavior {
  Rules up = default_scale_up();
  Rules down = default_scale_down();
};

// Flags of kube-controller-manager, in their defaults.
struct Flags {
  double tolerance_up = 0.1, tolerance_down = 0.1;
  Duration cpu_initialization_period = 300_s;
  Duration initial_readiness_delay = 30_s;
  Duration downscale_stabilization = 300_s;  // legacy path; default of behaviour's down window
  double scale_up_limit_factor = 2;          // legacy path
  double scale_up_limit_minimum = 4;
  Release release = Release::kCurrent;
};

struct Spec {
  i32 min_replicas = 1, max_replicas = 10;
  std::vector<MetricSpec> metrics;
  std::optional<Behavior> behavior;
};

// ---- pod classes ---------------------------------------------------------------------------
enum class PodClass : u8 { kReady, kUnready, kMissing, kIgnored };
PodClass classify(const Pod& pod, const std::optional<Sample>& sample, bool cpu, Instant now,
                  const Flags& flags);

// ---- one metric ----------------------------------------------------------------------------
struct Proposal {
  const char* error = nullptr;  // absent = `replicas` is valid
  i32 replicas = 0;
  i32 utilization_pct = 0;  // kUtilization: the truncated percentage
  i64 usage_milli = 0;      // average a pod, or the value
};
bool within_tolerance(double ratio, const Flags& flags);
// `current`: scale.spec.replicas; `status`: scale.status.replicas.
Proposal propose(const MetricSpec& metric, const MetricReading& reading,
                 const std::vector<Pod>& pods, i32 current, i32 status, Instant now,
                 const Flags& flags);

// ---- history and limits --------------------------------------------------------------------
struct Recommendation {
  i32 replicas = 0;
  Instant at{};
};
struct ScaleEvent {
  i32 change = 0;  // > 0 in both directions
  Instant at{};
};
enum class Limit : u8 {
  kWithinRange,
  kTooFewReplicas,
  kTooManyReplicas,
  kScaleUpLimit,
  kScaleDownLimit
};
struct Limited {
  i32 replicas = 0;
  Limit limit = Limit::kWithinRange;
};

// Legacy path: highest recommendation within the window; logs `desired`.
i32 stabilize_legacy(std::vector<Recommendation>& log, i32 desired, Instant now, Duration window);
Limited clamp_legacy(i32 current, i32 desired, i32 min, i32 max, const Flags& flags);
// `behavior` path: moves only as far as both windows agree; logs `desired`.
i32 stabilize(std::vector<Recommendation>& log, i32 current, i32 desired, Instant now,
              Duration up_window, Duration down_window);
i32 scale_up_limit(i32 current, const std::vector<ScaleEvent>& ups,
                   const std::vector<ScaleEvent>& downs, const Rules& rules, Instant now);
i32 scale_down_limit(i32 current, const std::vector<ScaleEvent>& ups,
                     const std::vector<ScaleEvent>& downs, const Rules& rules, Instant now);
Limited clamp(i32 current, i32 desired, i32 min, i32 max, const std::vector<ScaleEvent>& ups,
              const std::vector<ScaleEvent>& downs, const Behavior& behavior, Instant now);

// ---- one autoscaler ------------------------------------------------------------------------
enum class Action : u8 {
  kHold,      // want = current
  kScale,     // PUT scale with `want`; on success call scaled()
  kDisabled,  // current is 0 and min is not
  kNoMetrics  // all metrics invalid, or some and the rest would scale down: hold, no history
};

struct Observation {
  Instant now{};
  i32 spec_replicas = 0, status_replicas = 0;
  std::vector<Pod> pods;
  std::vector<MetricReading> readings;  // [metric of the spec]
};

struct Decision {
  Action action = Action::kHold;
  i32 want = 0;
  i32 proposed = -1;  // highest valid proposal before normalisation; -1 = none asked for
  u32 invalid_metrics = 0;
  Limit limit = Limit::kWithinRange;
};

class Autoscaler {
 public:
  Autoscaler(Spec spec, Flags flags);
  // One pass of the controller. Records recommendations, not the scaling itself.
  Decision reconcile(const Observation& seen);
  // Another spec or other flags; what it recommended and did before is remembered.
  void respec(Spec spec, Flags flags);
  // The PUT of a decision was accepted by the API server at `now`.
  void scaled(Instant now, i32 from, i32 to);

  const Spec& spec() const { return spec_; }
  const Flags& flags() const { return flags_; }
  const std::vector<Recommendation>& recommendations() const { return log_; }
  // A restarted controller has no history; restore gives it one (tests, warm start).
  void forget();
  void restore(std::vector<Recommendation> log);

 private:
  Limited normalise(i32 current, i32 desired, Instant now);
  void store(std::vector<ScaleEvent>& events, const Rules& rules, i32 change, Instant now);

  Spec spec_;
  Flags flags_, up_down_flags_;  // the second with the behaviour's own tolerances
  bool seen_before_ = false;
  std::vector<Recommendation> log_;
  std::vector<ScaleEvent> ups_, downs_;
};

}  // namespace stampede::hpa
