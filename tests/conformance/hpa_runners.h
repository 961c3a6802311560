// Runs one case of hpa_vectors.json by its kind.
#pragma once
#include <set>

#include "tests/conformance/hpa_reader.h"

namespace stampede::hpa::vectors {

// Each runner returns what was computed, in the words of `expected`.
inline json run_metric(const json& c, MetricType type, TargetType target) {
  only(c, {"name",
           "source",
           "kind",
           "note",
           "derived",
           "requires_version",
           "expected",
           "current_replicas",
           "tolerance_up",
           "tolerance_down",
           "cpu_init_period_s",
           "initial_readiness_delay_s",
           "pods",
           "extra_metrics",
           "resource",
           "container",
           "target_utilization_pct",
           "target_value_milli",
           "metric_age_s",
           "metric_window_s",
           "metric_values_milli",
           "container_metric_missing"});
  const bool relative = target == TargetType::kUtilization;
  const Pods pods = pods_of(c);
  MetricSpec spec;
  spec.type = type;
  spec.target_type = target;
  spec.target = c.at(relative ? "target_utilization_pct" : "target_value_milli").get<i64>();
  spec.cpu = relative && c.at("resource").get<std::string>() == "cpu";
  MetricReading reading;
  reading.samples = pods.samples;
  for (const json& e : c.at("extra_metrics")) {
    only(e, {"name", "metric_milli"});
    reading.extra_milli.push_back(e.at("metric_milli").get<i64>());
  }
  if (type == MetricType::kObject || type == MetricType::kExternal)
    reading.values_milli = c.at("metric_values_milli").get<std::vector<i64>>();
  if (present(c, "container_metric_missing"))
    reading.available = !c.at("container_metric_missing").get<bool>();
  const i32 current = c.at("current_replicas").get<i32>();
  const Proposal p = propose(spec, reading, pods.pods, current, current, kNow, flags_of(c));
  if (p.error != nullptr) return {{"error", true}};
  json got{{"replicas", p.replicas}};
  if (relative) {
    got["utilization_pct"] = p.utilization_pct;
    got["raw_value_milli"] = p.usage_milli;
  } else {
    got["usage_milli"] = p.usage_milli;
  }
  return got;
}

inline json run_group(const json& c) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected", "resource",
           "cpu_init_period_s", "initial_readiness_delay_s", "pods", "metric_age_s",
           "metric_window_s"});
  const Pods pods = pods_of(c);
  const bool cpu = c.at("resource").get<std::string>() == "cpu";
  int ready = 0;
  std::set<std::string> unready, missing, ignored;
  for (std::size_t i = 0; i < pods.pods.size(); ++i) {
    switch (classify(pods.pods[i], pods.samples[i], cpu, kNow, flags_of(c))) {
      case PodClass::kReady:
        ++ready;
        break;
      case PodClass::kUnready:
        unready.insert(pods.names[i]);
        break;
      case PodClass::kMissing:
        missing.insert(pods.names[i]);
        break;
      case PodClass::kIgnored:
        ignored.insert(pods.names[i]);
        break;
    }
  }
  return {{"ready_count", ready}, {"unready", unready}, {"missing", missing}, {"ignored", ignored}};
}

inline json run_legacy_clamp(const json& c) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected",
           "current_replicas", "desired_replicas", "min_replicas", "max_replicas",
           "scale_up_limit_factor", "scale_up_limit_minimum"});
  const Limited l =
      clamp_legacy(c.at("current_replicas").get<i32>(), c.at("desired_replicas").get<i32>(),
                   c.at("min_replicas").get<i32>(), c.at("max_replicas").get<i32>(), flags_of(c));
  return {{"replicas", l.replicas}, {"condition", name_of(l.limit)}};
}

inline json run_stabilize_default(const json& c) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected",
           "downscale_stabilization_s", "recommendations", "desired_replicas"});
  auto log = log_of(c.at("recommendations"));
  const i32 n = stabilize_legacy(log, c.at("desired_replicas").get<i32>(), kNow,
                                 seconds(c.at("downscale_stabilization_s")));
  return {{"replicas", n}, {"log_length", log.size()}};
}

inline json run_behavior_rate(const json& c) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected",
           "current_replicas", "desired_replicas", "min_replicas", "max_replicas", "scale_up_rules",
           "scale_down_rules", "scale_up_events", "scale_down_events"});
  Behavior b;
  if (present(c, "scale_up_rules")) b.up = rules_of(c.at("scale_up_rules"), b.up);
  if (present(c, "scale_down_rules")) b.down = rules_of(c.at("scale_down_rules"), b.down);
  const Limited l =
      clamp(c.at("current_replicas").get<i32>(), c.at("desired_replicas").get<i32>(),
            c.at("min_replicas").get<i32>(), c.at("max_replicas").get<i32>(),
            events_of(c.at("scale_up_events")), events_of(c.at("scale_down_events")), b, kNow);
  return {{"replicas", l.replicas}, {"condition", name_of(l.limit)}};
}

inline json run_behavior_stabilize(const json& c) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected",
           "current_replicas", "desired_replicas", "recommendations", "scale_up_stabilization_s",
           "scale_down_stabilization_s"});
  auto log = log_of(c.at("recommendations"));
  const i32 n = stabilize(
      log, c.at("current_replicas").get<i32>(), c.at("desired_replicas").get<i32>(), kNow,
      seconds(c.at("scale_up_stabilization_s")), seconds(c.at("scale_down_stabilization_s")));
  json values = json::array();
  for (const Recommendation& r : log) values.push_back(r.replicas);
  return {{"replicas", n}, {"log_values", values}, {"log_length", log.size()}};
}

inline json run_limit(const json& c, bool up) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected",
           "current_replicas", "scale_up_events", "scale_down_events", "rules"});
  const Rules rules = rules_of(c.at("rules"), up ? default_scale_up() : default_scale_down());
  const auto limit = up ? scale_up_limit : scale_down_limit;
  return {{"limit", limit(c.at("current_replicas").get<i32>(), events_of(c.at("scale_up_events")),
                          events_of(c.at("scale_down_events")), rules, kNow)}};
}

// What the reconcile tables say of one metric: `levels` are shared by all of them.
inline void add_metric(const json& m, const json& c, std::size_t pods, Spec& spec,
                       Observation& seen) {
  only(m, {"type", "resource", "container", "target_utilization_pct", "target_average_value_milli",
           "target_value_milli"});
  const auto type = m.at("type").get<std::string>();
  const auto levels = c.at("reported_levels_milli").get<std::vector<i64>>();
  MetricSpec metric;
  MetricReading reading;
  reading.samples.resize(pods);
  const bool resource = type == "Resource" || type == "ContainerResource";
  if (resource || type == "Pods") {
    metric.type = type == "Resource" ? MetricType::kResource
                  : resource         ? MetricType::kContainerResource
                                     : MetricType::kPods;
    metric.cpu = resource && m.at("resource").get<std::string>() == "cpu";
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const i64 value = resource ? levels[i] / 2 * 2 : levels[i];
      if (i < pods)
        reading.samples[i] =
            Sample{value, ago(c.at("metric_age_s")), seconds(c.at("metric_window_s"))};
      else
        reading.extra_milli.push_back(value);
    }
  } else if (type == "Object" || type == "External") {
    metric.type = type == "Object" ? MetricType::kObject : MetricType::kExternal;
    reading.values_milli = levels;
  } else if (type.rfind("invalid:", 0) == 0) {
    reading.available = false;
  } else {
    throw std::runtime_error("unknown metric type '" + type + "'");
  }
  if (const auto pct = maybe(m, "target_utilization_pct")) {
    metric.target_type = TargetType::kUtilization;
    metric.target = *pct;
  } else if (const auto average = maybe(m, "target_average_value_milli")) {
    metric.target = *average;
  } else if (const auto value = maybe(m, "target_value_milli")) {
    metric.target_type = TargetType::kValue;
    metric.target = *value;
  } else {
    reading.available = false;  // no target: the controller calls the metric invalid
  }
  spec.metrics.push_back(metric);
  seen.readings.push_back(reading);
}

inline json run_reconcile(const json& c) {
  only(c, {"name",
           "source",
           "kind",
           "note",
           "derived",
           "requires_version",
           "expected",
           "min_replicas",
           "max_replicas",
           "spec_replicas",
           "status_replicas",
           "tolerance_up",
           "tolerance_down",
           "cpu_init_period_s",
           "initial_readiness_delay_s",
           "downscale_stabilization_s",
           "scale_up_limit_factor",
           "scale_up_limit_minimum",
           "metrics",
           "pods",
           "reported_levels_milli",
           "metric_age_s",
           "metric_window_s",
           "recommendations",
           "scale_up_rules",
           "scale_down_rules"});
  const Flags flags = flags_of(c);
  Spec spec;
  spec.min_replicas = c.at("min_replicas").get<i32>();
  spec.max_replicas = c.at("max_replicas").get<i32>();
  if (present(c, "scale_up_rules") || present(c, "scale_down_rules")) {
    spec.behavior.emplace();
    spec.behavior->down = default_scale_down(flags.downscale_stabilization);
    Behavior& b = *spec.behavior;
    if (present(c, "scale_up_rules")) b.up = rules_of(c.at("scale_up_rules"), b.up);
    if (present(c, "scale_down_rules")) b.down = rules_of(c.at("scale_down_rules"), b.down);
  }
  Observation seen;
  seen.now = kNow;
  seen.spec_replicas = c.at("spec_replicas").get<i32>();
  seen.status_replicas = c.at("status_replicas").get<i32>();
  seen.pods = pods_of(c).pods;
  for (const json& m : c.at("metrics")) add_metric(m, c, seen.pods.size(), spec, seen);
  Autoscaler autoscaler(spec, flags);
  if (present(c, "recommendations")) autoscaler.restore(log_of(c.at("recommendations")));
  return {{"replicas", autoscaler.reconcile(seen).want}};
}

inline json run_case(const json& c) {
  const auto kind = c.at("kind").get<std::string>();
  if (kind == "resource_utilization")
    return run_metric(c,
                      c.at("container").get<std::string>().empty() ? MetricType::kResource
                                                                   : MetricType::kContainerResource,
                      TargetType::kUtilization);
  if (kind == "pods_metric") return run_metric(c, MetricType::kPods, TargetType::kAverageValue);
  if (kind == "object_value") return run_metric(c, MetricType::kObject, TargetType::kValue);
  if (kind == "object_per_pod")
    return run_metric(c, MetricType::kObject, TargetType::kAverageValue);
  if (kind == "external_value") return run_metric(c, MetricType::kExternal, TargetType::kValue);
  if (kind == "external_per_pod")
    return run_metric(c, MetricType::kExternal, TargetType::kAverageValue);
  if (kind == "group_pods") return run_group(c);
  if (kind == "no_behavior_rules") return run_legacy_clamp(c);
  if (kind == "stabilize_default") return run_stabilize_default(c);
  if (kind == "behavior_rate") return run_behavior_rate(c);
  if (kind == "behavior_stabilize") return run_behavior_stabilize(c);
  if (kind == "scale_up_limit") return run_limit(c, true);
  if (kind == "scale_down_limit") return run_limit(c, false);
  if (kind == "reconcile") return run_reconcile(c);
  throw std::runtime_error("unknown kind '" + kind + "'");
}

}  // namespace stampede::hpa::vectors
