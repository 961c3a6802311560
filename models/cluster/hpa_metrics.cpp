// Replica calculator of the horizontal autoscaler: pod classes and the proposal of one metric.
#include <algorithm>
#include <cmath>

#include "models/cluster/hpa_algorithm.h"

namespace stampede::hpa {
namespace {

constexpr i64 kMaxI64 = INT64_MAX;

i64 saturating_add(i64 a, i64 b) {
  i64 sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? kMaxI64 : INT64_MIN;
  return sum;
}
i64 saturating_mul(i64 a, i64 b) {
  i64 product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return (a > 0) == (b > 0) ? kMaxI64 : INT64_MIN;
  return product;
}
// NaN becomes 0: 0/0 of an empty target asks for no replica.
i32 to_replicas(double x) {
  if (!(x == x)) return 0;
  return x >= 2147483647.0 ? INT32_MAX : x <= -2147483648.0 ? INT32_MIN : static_cast<i32>(x);
}
i32 to_i32(i64 x) { return static_cast<i32>(std::clamp<i64>(x, INT32_MIN, INT32_MAX)); }
i64 to_usage(double x) {
  if (!(x == x)) return 0;
  return x >= 9223372036854775807.0 ? kMaxI64 : static_cast<i64>(x);
}
Proposal failed(const char* why) {
  Proposal p;
  p.error = why;
  return p;
}

// The samples that count, each with its pod's request (absent for pods that are not in the list).
struct Counted {
  std::vector<i64> milli;
  std::vector<std::optional<i64>> request;
  void add(i64 value, std::optional<i64> pod_request) {
    milli.push_back(value);
    request.push_back(pod_request);
  }
};

struct Usage {
  bool valid = true;
  double ratio = 0;
  i32 utilization_pct = 0;
  i64 average_milli = 0;
};

// Integers are truncated before the division by the target: 110.6 % of 100 % is 1.10.
Usage utilization(const Counted& m, i64 target_pct) {
  i64 used = 0, requested = 0, entries = 0;
  for (std::size_t i = 0; i < m.milli.size(); ++i) {
    if (!m.request[i]) continue;
    used = saturating_add(used, m.milli[i]);
    requested = saturating_add(requested, *m.request[i]);
    ++entries;
  }
  Usage u;
  if (requested == 0) {
    u.valid = false;
    return u;
  }
  u.utilization_pct = to_i32(saturating_mul(used, 100) / requested);
  u.ratio = static_cast<double>(u.utilization_pct) / static_cast<double>(target_pct);
  u.average_milli = used / entries;
  return u;
}

Usage average(const Counted& m, i64 target_milli) {
  i64 sum = 0;
  for (i64 v : m.milli) sum = saturating_add(sum, v);
  Usage u;
  u.average_milli = sum / static_cast<i64>(m.milli.size());
  u.ratio = static_cast<double>(u.average_milli) / static_cast<double>(target_milli);
  return u;
}

std::optional<i64> request_of(const MetricReading& reading, const Pod& pod) {
  return reading.request_milli ? reading.request_milli : pod.request_milli;
}

Proposal propose_per_pod(const MetricSpec& metric, const MetricReading& reading,
                         const std::vector<Pod>& pods, i32 current, Instant now,
                         const Flags& flags) {
  const bool relative = metric.target_type == TargetType::kUtilization;
  if (pods.empty()) return failed("no pods returned by selector");
  STAMPEDE_CHECK(reading.samples.size() == pods.size(), "one sample slot a pod");
  Counted counted;
  std::vector<std::size_t> unready, missing;
  i32 ready = 0;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    switch (classify(pods[i], reading.samples[i], metric.cpu, now, flags)) {
      case PodClass::kReady:
        ++ready;
        counted.add(reading.samples[i]->milli, request_of(reading, pods[i]));
        break;
      case PodClass::kUnready:
        unready.push_back(i);
        break;
      case PodClass::kMissing:
        missing.push_back(i);
        break;
      case PodClass::kIgnored:
        break;
    }
  }
  for (i64 extra : reading.extra_milli) counted.add(extra, std::nullopt);
  if (counted.milli.empty()) return failed("no metrics for targeted pods (unready?)");
  if (relative)
    for (std::size_t i = 0; i < pods.size(); ++i)
      if (!request_of(reading, pods[i])) return failed("a pod has no request for the resource");

  const auto usage_of = [&](const Counted& m) {
    return relative ? utilization(m, metric.target) : average(m, metric.target);
  };
  const Usage first = usage_of(counted);
  if (!first.valid) return failed("no metrics returned matched known pods");
  Proposal answer;
  answer.utilization_pct = first.utilization_pct;
  answer.usage_milli = first.average_milli;
  answer.replicas = current;

  const bool up_with_unready = !unready.empty() && first.ratio > 1.0;
  if (!up_with_unready && missing.empty()) {
    if (!within_tolerance(first.ratio, flags))
      answer.replicas = to_replicas(std::ceil(first.ratio * static_cast<double>(ready)));
    return answer;
  }
  // Pods without a sample count against the move: at their full share when scaling down, idle when
  // scaling up.
  const i64 fallback_pct = std::max<i64>(100, metric.target);
  for (std::size_t i : missing) {
    const std::optional<i64> request = request_of(reading, pods[i]);
    if (first.ratio < 1.0)
      counted.add(relative ? saturating_mul(*request, fallback_pct) / 100 : metric.target, request);
    else if (first.ratio > 1.0)
      counted.add(0, request);
  }
  if (up_with_unready)
    for (std::size_t i : unready) counted.add(0, request_of(reading, pods[i]));
  const Usage second = usage_of(counted);
  if (!second.valid) return failed("no metrics returned matched known pods");
  const double r = first.ratio, r2 = second.ratio;
  if (within_tolerance(r2, flags) || (r < 1.0 && r2 > 1.0) || (r > 1.0 && r2 < 1.0)) return answer;
  const i32 n = to_replicas(std::ceil(r2 * static_cast<double>(counted.milli.size())));
  if ((r2 < 1.0 && n > current) || (r2 > 1.0 && n < current)) return answer;
  answer.replicas = n;
  return answer;
}

Proposal propose_for_value(const MetricSpec& metric, i64 usage, const std::vector<Pod>& pods,
                           i32 current, const Flags& flags) {
  Proposal answer;
  answer.usage_milli = usage;
  const double ratio = static_cast<double>(usage) / static_cast<double>(metric.target);
  if (current == 0) {
    answer.replicas = to_replicas(std::ceil(ratio));
    return answer;
  }
  answer.replicas = current;
  if (within_tolerance(ratio, flags)) return answer;
  if (pods.empty()) return failed("no pods returned by selector");
  i32 ready = 0;
  for (const Pod& pod : pods)
    if (pod.phase == PodPhase::kRunning && pod.ready.value_or(false)) ++ready;
  answer.replicas = to_replicas(std::ceil(ratio * static_cast<double>(ready)));
  return answer;
}

Proposal propose_for_average(const MetricSpec& metric, i64 usage, i32 status, const Flags& flags) {
  Proposal answer;
  const double value = static_cast<double>(usage), target = static_cast<double>(metric.target);
  answer.replicas = status;
  if (!within_tolerance(value / (target * static_cast<double>(status)), flags))
    answer.replicas = to_replicas(std::ceil(value / target));
  answer.usage_milli = status == 0 ? 0 : to_usage(std::ceil(value / static_cast<double>(status)));
  return answer;
}

}  // namespace

bool within_tolerance(double ratio, const Flags& flags) {
  if (flags.release == Release::kUpTo132) {
    const double off = 1.0 - ratio;
    return (off < 0 ? -off : off) <= (off < 0 ? flags.tolerance_up : flags.tolerance_down);
  }
  return 1.0 - flags.tolerance_down <= ratio && ratio <= 1.0 + flags.tolerance_up;
}

PodClass classify(const Pod& pod, const std::optional<Sample>& sample, bool cpu, Instant now,
                  const Flags& flags) {
  const bool over = pod.phase == PodPhase::kFailed ||
                    (pod.phase == PodPhase::kSucceeded && flags.release == Release::kCurrent);
  if (pod.deleted || over) return PodClass::kIgnored;
  if (pod.phase == PodPhase::kPending) return PodClass::kUnready;
  if (!sample) return PodClass::kMissing;
  if (!cpu) return PodClass::kReady;
  if (!pod.ready || !pod.start) return PodClass::kUnready;
  bool unready = !*pod.ready;
  if (*pod.start + flags.cpu_initialization_period > now)
    unready = unready || sample->at < pod.ready_transition + sample->window;
  else
    unready = unready && *pod.start + flags.initial_readiness_delay > pod.ready_transition;
  return unready ? PodClass::kUnready : PodClass::kReady;
}

Proposal propose(const MetricSpec& metric, const MetricReading& reading,
                 const std::vector<Pod>& pods, i32 current, i32 status, Instant now,
                 const Flags& flags) {
  if (!reading.available) return failed("the metrics API gave no answer");
  STAMPEDE_CHECK(metric.target > 0, "an autoscaler's target is positive");
  const bool whole = metric.type == MetricType::kObject || metric.type == MetricType::kExternal;
  if (!whole) {
    const bool resource = metric.type != MetricType::kPods;
    STAMPEDE_CHECK(metric.target_type == TargetType::kAverageValue ||
                       (resource && metric.target_type == TargetType::kUtilization),
                   "a target type that this metric type does not take");
    return propose_per_pod(metric, reading, pods, current, now, flags);
  }
  STAMPEDE_CHECK(metric.target_type != TargetType::kUtilization,
                 "only resource metrics have a utilisation target");
  if (reading.values_milli.empty()) return failed("the metric has no series");
  i64 usage = 0;
  if (metric.type == MetricType::kObject)
    usage = reading.values_milli.front();
  else
    for (i64 v : reading.values_milli) usage = saturating_add(usage, v);
  return metric.target_type == TargetType::kValue
             ? propose_for_value(metric, usage, pods, current, flags)
             : propose_for_average(metric, usage, status, flags);
}

}  // namespace stampede::hpa
