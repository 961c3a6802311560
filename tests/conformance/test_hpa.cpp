// The autoscaler's arithmetic against Kubernetes' own test tables, exactly. Works on any file of
// the format that `meta.conventions` describes; what it does not know fails, it is never skipped.
#include <gtest/gtest.h>

#include <fstream>
#include <initializer_list>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "models/cluster/hpa_algorithm.h"
#include "tests/support.h"

namespace stampede {
namespace {

using nlohmann::json;
using namespace hpa;

const Instant kNow{};

void only(const json& object, std::initializer_list<const char*> known) {
  for (const auto& [key, value] : object.items()) {
    (void)value;
    bool found = false;
    for (const char* k : known) found = found || key == k;
    if (!found) throw std::runtime_error("unknown field '" + key + "'");
  }
}
bool present(const json& o, const char* key) { return o.contains(key) && !o.at(key).is_null(); }
Duration seconds(const json& v) { return from_seconds(v.get<double>()); }
Instant ago(const json& v) { return kNow - seconds(v); }
std::optional<i64> maybe(const json& o, const char* key) {
  return present(o, key) ? std::optional<i64>(o.at(key).get<i64>()) : std::nullopt;
}

Release release_of(const json& c) {
  if (!c.contains("requires_version")) return Release::kCurrent;
  const auto text = c.at("requires_version").get<std::string>();
  if (text.rfind(">=", 0) == 0) return Release::kCurrent;
  if (text.rfind("<", 0) == 0) return Release::kUpTo132;
  throw std::runtime_error("unknown requires_version '" + text + "'");
}

Flags flags_of(const json& c) {
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

PodPhase phase_of(const std::string& s) {
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

Pods pods_of(const json& c) {
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

Rules rules_of(const json& r, Rules defaults) {
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

std::vector<Recommendation> log_of(const json& list) {
  std::vector<Recommendation> log;
  for (const json& r : list) {
    only(r, {"value", "age_s"});
    log.push_back({r.at("value").get<i32>(), ago(r.at("age_s"))});
  }
  return log;
}
std::vector<ScaleEvent> events_of(const json& list) {
  std::vector<ScaleEvent> events;
  for (const json& e : list) {
    only(e, {"change", "age_s"});
    events.push_back({e.at("change").get<i32>(), ago(e.at("age_s"))});
  }
  return events;
}

const char* name_of(Limit limit) {
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

// Each runner returns what was computed, in the words of `expected`.
json run_metric(const json& c, MetricType type, TargetType target) {
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

json run_group(const json& c) {
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

json run_legacy_clamp(const json& c) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected",
           "current_replicas", "desired_replicas", "min_replicas", "max_replicas",
           "scale_up_limit_factor", "scale_up_limit_minimum"});
  const Limited l =
      clamp_legacy(c.at("current_replicas").get<i32>(), c.at("desired_replicas").get<i32>(),
                   c.at("min_replicas").get<i32>(), c.at("max_replicas").get<i32>(), flags_of(c));
  return {{"replicas", l.replicas}, {"condition", name_of(l.limit)}};
}

json run_stabilize_default(const json& c) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected",
           "downscale_stabilization_s", "recommendations", "desired_replicas"});
  auto log = log_of(c.at("recommendations"));
  const i32 n = stabilize_legacy(log, c.at("desired_replicas").get<i32>(), kNow,
                                 seconds(c.at("downscale_stabilization_s")));
  return {{"replicas", n}, {"log_length", log.size()}};
}

json run_behavior_rate(const json& c) {
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

json run_behavior_stabilize(const json& c) {
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

json run_limit(const json& c, bool up) {
  only(c, {"name", "source", "kind", "note", "derived", "requires_version", "expected",
           "current_replicas", "scale_up_events", "scale_down_events", "rules"});
  const Rules rules = rules_of(c.at("rules"), up ? default_scale_up() : default_scale_down());
  const auto limit = up ? scale_up_limit : scale_down_limit;
  return {{"limit", limit(c.at("current_replicas").get<i32>(), events_of(c.at("scale_up_events")),
                          events_of(c.at("scale_down_events")), rules, kNow)}};
}

// What the reconcile tables say of one metric: `levels` are shared by all of them.
void add_metric(const json& m, const json& c, std::size_t pods, Spec& spec, Observation& seen) {
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

json run_reconcile(const json& c) {
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

json run_case(const json& c) {
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

// Empty if every expected figure was computed, else what differs.
std::string difference(const json& expected, json got) {
  json want = expected;
  for (const char* set : {"unready", "missing", "ignored"})  // sets: the order says nothing
    if (want.contains(set)) want[set] = want[set].get<std::set<std::string>>();
  const bool error = want.value("error", false);
  if (error) want.erase("error_hint");
  if (want.empty()) return "expected says nothing";
  if (!error) got.erase("error_hint");
  for (const auto& [key, value] : want.items())
    if (!got.contains(key) || got.at(key) != value)
      return "expected " + want.dump() + ", got " + got.dump();
  return "";
}

json load() {
  const auto path = test::shared_dir() / "vectors" / "hpa_vectors.json";
  std::ifstream in(path);
  if (!in) return nullptr;
  return json::parse(in);
}

TEST(hpa_vectors, hpa_all_cases_exact) {
  const json file = load();
  if (file.is_null()) {
    std::cout << "SKIPPED: no vectors/hpa_vectors.json under " << test::shared_dir() << "\n";
    return;
  }
  ASSERT_NO_THROW(only(file, {"meta", "count", "cases"}));
  const json& cases = file.at("cases");
  ASSERT_FALSE(cases.empty());
  EXPECT_EQ(file.value("count", cases.size()), cases.size());
  std::size_t passed = 0;
  for (const json& c : cases) {
    const std::string name = c.value("name", std::string("(unnamed)"));
    std::string wrong;
    try {
      wrong = difference(c.at("expected"), run_case(c));
    } catch (const std::exception& e) {
      wrong = "expected " + c.value("expected", json()).dump() + ", got exception: " + e.what();
    }
    if (wrong.empty())
      ++passed;
    else
      ADD_FAILURE() << "case '" << name << "': " << wrong;
  }
  std::cout << passed << " of " << cases.size() << " cases reproduced\n";
}

TEST(hpa_vectors, hpa_unknown_fields_and_kinds_fail) {
  EXPECT_THROW(run_case(json{{"kind", "vertical"}}), std::exception);
  json c{{"kind", "stabilize_default"},
         {"downscale_stabilization_s", 300},
         {"recommendations", json::array()},
         {"desired_replicas", 5}};
  EXPECT_EQ(difference({{"replicas", 5}}, run_case(c)), "");
  EXPECT_NE(difference({{"replicas", 6}}, run_case(c)), "");
  EXPECT_NE(difference({{"surprise", 6}}, run_case(c)), "");
  c["surprise"] = 1;
  EXPECT_THROW(run_case(c), std::exception);
}

TEST(hpa_release, hpa_tolerance_edge_differs_between_releases) {
  Flags flags;
  EXPECT_TRUE(within_tolerance(1.1, flags));
  EXPECT_TRUE(within_tolerance(0.9, flags));
  flags.release = Release::kUpTo132;
  EXPECT_FALSE(within_tolerance(1.1, flags));
  EXPECT_TRUE(within_tolerance(1.0999, flags));
}

// 10 -> 1000 under unlimited demand: doubling per 15 s sync, 7 syncs.
TEST(hpa_growth, hpa_doubles_to_the_maximum_in_seven_syncs) {
  Spec spec;
  spec.max_replicas = 1000;
  spec.metrics = {MetricSpec{MetricType::kExternal, TargetType::kAverageValue, 1000, false}};
  spec.behavior.emplace();
  Autoscaler a(spec, {});
  i32 replicas = 10;
  std::vector<i32> sizes;
  for (int sync = 0; sync < 8; ++sync) {
    Observation seen;
    seen.now = Instant{} + 15_s * sync;
    seen.spec_replicas = seen.status_replicas = replicas;
    seen.readings = {MetricReading{true, {}, {}, {10'000'000}}};
    const Decision d = a.reconcile(seen);
    a.scaled(seen.now, replicas, d.want);
    sizes.push_back(replicas = d.want);
  }
  EXPECT_EQ(sizes, (std::vector<i32>{20, 40, 80, 160, 320, 640, 1000, 1000}));
}

// A Value target counts ready pods only: zombies make the answer shrink; AverageValue does not.
TEST(hpa_zombies, hpa_value_target_shrinks_with_unready_pods) {
  std::vector<Pod> pods(40);
  for (std::size_t i = 0; i < pods.size(); ++i) pods[i].ready = i < 4;
  MetricReading reading;
  reading.values_milli = {300'000};
  const MetricSpec value{MetricType::kExternal, TargetType::kValue, 100'000, false};
  EXPECT_EQ(propose(value, reading, pods, 40, 40, kNow, {}).replicas, 12);
  const MetricSpec average{MetricType::kExternal, TargetType::kAverageValue, 2'500, false};
  EXPECT_EQ(propose(average, reading, pods, 40, 40, kNow, {}).replicas, 120);
}

TEST(hpa_failure, hpa_partial_metric_failure_only_scales_up) {
  Spec spec;
  spec.max_replicas = 100;
  spec.metrics = {MetricSpec{MetricType::kExternal, TargetType::kAverageValue, 1000, false},
                  MetricSpec{MetricType::kExternal, TargetType::kAverageValue, 1000, false}};
  const auto pass = [&](i64 first, bool second_available, i64 second) {
    Autoscaler a(spec, {});
    a.restore({});
    Observation seen;
    seen.spec_replicas = seen.status_replicas = 10;
    seen.readings = {MetricReading{true, {}, {}, {first}},
                     MetricReading{second_available, {}, {}, {second}}};
    return a.reconcile(seen);
  };
  EXPECT_EQ(pass(15'000, false, 0).want, 15);
  EXPECT_EQ(pass(5'000, false, 0).action, Action::kNoMetrics);
  EXPECT_EQ(pass(5'000, false, 0).want, 10);
  EXPECT_EQ(pass(5'000, true, 6'000).want, 6);
}

}  // namespace
}  // namespace stampede
