// Reads the records of hpa_vectors.json; every field it does not know is an error.
#pragma once
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "models/cluster/hpa_algorithm.h"

namespace stampede::hpa::vectors {

using nlohmann::json;

inline const Instant kNow{};

inline void only(const json& object, std::initializer_list<const char*> known) {
  for (const auto& [key, value] : object.items()) {
    (void)value;
    bool found = false;
    for (const char* k : known) found = found || key == k;
    if (!found) throw std::runtime_error("unknown field '" + key + "'");
  }
}
inline bool present(const json& o, const char* key) {
  return o.contains(key) && !o.at(key).is_null();
}
inline Duration seconds(const json& v) { return from_seconds(v.get<double>()); }
inline Instant ago(const json& v) { return kNow - seconds(v); }
inline std::optional<i64> maybe(const json& o, const char* key) {
  return present(o, key) ? std::optional<i64>(o.at(key).get<i64>()) : std::nullopt;
}

inline Release release_of(const json& c) {
  if (!c.contains("requires_version")) return Release::kCurrent;
  const auto text = c.at("requires_version").get<std::string>();
  if (text.rfind(">=", 0) == 0) return Release::kCurrent;
  if (text.rfind("<", 0) == 0) return Release::kUpTo132;
  throw std::runtime_error("unknown requires_version '" + text + "'");
}

inline Flags flags_of(const json& c) {
  Flags f;
  f.release = release_of(c);
  if (c.contains("tolerance_up")) f.tolerance_up = c.at("tolerance_up").get<double>();
  if (c.contains("tolerance_down")) f.tolerance_down = c.at("tolerance_down").get<double>();
  if (c.contains("cpu_init_period_s"))
    f.cpu_initialization_period = seconds(c.at("cpu_init_period_s"));
  if (c.contains("initial_readiness_delay_s"))
    f.initial_readiness_delay = seconds(c.at("initial_readiness_delay_s"));
  if (c.contains("downscale_stabilization_s"))
    f.downscale_stabilization = seconds(c.at("downscale_stabilization_s"));
  if (c.contains("scale_up_limit_factor"))
    f.scale_up_limit_factor = c.at("scale_up_limit_factor").get<double>();
  if (c.contains("scale_up_limit_minimum"))
    f.scale_up_limit_minimum = c.at("scale_up_limit_minimum").get<double>();
  return f;
}

inline PodPhase phase_of(const std::string& s) {
  if (s == "Pending") return PodPhase::kPending;
  if (s == "Running") return PodPhase::kRunning;
  if (s == "Succeeded") return PodPhase::kSucceeded;
  if (s == "Failed") return PodPhase::kFailed;
  if (s == "Unknown") return PodPhase::kUnknown;
  throw std::runtime_error("unknown phase '" + s + "'");
}

struct Pods {
  std::vector<Pod> pods;
  std::vector<std::string> names;
  std::vector<std::optional<Sample>> samples;
};

inline Pods pods_of(const json& c) {
  Pods all;
  for (const json& p : c.at("pods")) {
    only(p, {"name", "phase", "deleted", "ready", "start_age_s", "ready_transition_age_s",
             "request_milli", "metric_milli", "metric_age_s", "metric_window_s"});
    Pod pod;
    pod.phase = phase_of(p.at("phase").get<std::string>());
    pod.deleted = p.at("deleted").get<bool>();
    if (present(p, "ready")) pod.ready = p.at("ready").get<bool>();
    if (present(p, "ready_transition_age_s"))
      pod.ready_transition = ago(p.at("ready_transition_age_s"));
    if (present(p, "start_age_s")) pod.start = ago(p.at("start_age_s"));
    pod.request_milli = maybe(p, "request_milli");
    std::optional<Sample> sample;
    if (present(p, "metric_milli")) {
      sample = Sample{p.at("metric_milli").get<i64>(), kNow, {}};
      const json& where = present(p, "metric_age_s") ? p : c;
      if (present(where, "metric_age_s")) sample->at = ago(where.at("metric_age_s"));
      const json& width = present(p, "metric_window_s") ? p : c;
      if (present(width, "metric_window_s")) sample->window = seconds(width.at("metric_window_s"));
    }
    all.pods.push_back(pod);
    all.names.push_back(p.at("name").get<std::string>());
    all.samples.push_back(sample);
  }
  return all;
}

inline Rules rules_of(const json& r, Rules defaults) {
  only(r, {"select", "stabilization_s", "policies", "tolerance"});
  Rules rules = std::move(defaults);
  if (present(r, "select")) {
    const auto s = r.at("select").get<std::string>();
    if (s != "Max" && s != "Min" && s != "Disabled")
      throw std::runtime_error("unknown select '" + s + "'");
    rules.select = s == "Max"   ? SelectPolicy::kMax
                   : s == "Min" ? SelectPolicy::kMin
                                : SelectPolicy::kDisabled;
  }
  if (present(r, "stabilization_s")) rules.stabilization = seconds(r.at("stabilization_s"));
  if (present(r, "tolerance")) rules.tolerance = r.at("tolerance").get<double>();
  if (present(r, "policies")) {
    rules.policies.clear();
    for (const json& p : r.at("policies")) {
      only(p, {"type", "value", "period_s"});
      const auto type = p.at("type").get<std::string>();
      if (type != "Pods" && type != "Percent")
        throw std::runtime_error("unknown policy type '" + type + "'");
      rules.policies.push_back({type == "Pods" ? PolicyType::kPods : PolicyType::kPercent,
                                p.at("value").get<i32>(), seconds(p.at("period_s"))});
    }
  }
  return rules;
}

inline std::vector<Recommendation> log_of(const json& list) {
  std::vector<Recommendation> log;
  for (const json& r : list) {
    only(r, {"value", "age_s"});
    log.push_back({r.at("value").get<i32>(), ago(r.at("age_s"))});
  }
  return log;
}
inline std::vector<ScaleEvent> events_of(const json& list) {
  std::vector<ScaleEvent> events;
  for (const json& e : list) {
    only(e, {"change", "age_s"});
    events.push_back({e.at("change").get<i32>(), ago(e.at("age_s"))});
  }
  return events;
}

inline const char* name_of(Limit limit) {
  switch (limit) {
    case Limit::kWithinRange:
      return "DesiredWithinRange";
    case Limit::kTooFewReplicas:
      return "TooFewReplicas";
    case Limit::kTooManyReplicas:
      return "TooManyReplicas";
    case Limit::kScaleUpLimit:
      return "ScaleUpLimit";
    case Limit::kScaleDownLimit:
      return "ScaleDownLimit";
  }
  return "?";
}

}  // namespace stampede::hpa::vectors
