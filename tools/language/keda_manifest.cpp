// A ScaledObject as the HorizontalPodAutoscaler that KEDA makes of it, and what KEDA does itself.
// Source: keda apis/keda/v1alpha1/scaledobject_types.go, pkg/scalers (2.17): every trigger but cpu
// and memory becomes an External metric s<index>-<type> with its threshold as the average value.
#include <fmt/format.h>

#include <algorithm>

#include "models/cluster/cron_schedule.h"
#include "sim/units.h"
#include "sim/value_text.h"
#include "tools/language/hpa_manifest.h"
#include "tools/language/keda_formula.h"
#include "tools/language/keda_pauses.h"
#include "tools/language/keda_triggers.h"
#include "tools/language/metric_names.h"

namespace stampede {
namespace {

using Kind = YamlNode::Kind;

constexpr i32 kDefaultMaximum = 100;
constexpr i32 kLongest = 86'400;  // [s]

class ScaledObject {
 public:
  ScaledObject(ManifestReader& reader, YamlNode& out, const KedaPauses& pauses)
      : reader_(reader), out_(out), pauses_(pauses) {}

  void write(const YamlNode& spec) {
    const ManifestFields in =
        reader_.fields(spec, "spec",
                       {"scaleTargetRef", "pollingInterval", "cooldownPeriod",
                        "initialCooldownPeriod", "idleReplicaCount", "minReplicaCount",
                        "maxReplicaCount", "fallback", "advanced", "triggers"},
                       {"scaleTargetRef", "triggers"});
    if (const auto it = in.find("scaleTargetRef"); it != in.end())
      reader_.fields(*it->second, "spec.scaleTargetRef",
                     {"apiVersion", "kind", "name", "envSourceContainerName"}, {"name"});
    metrics_ = reader_.node(spec, Kind::kSequence);
    if (const auto it = in.find("triggers"); it != in.end()) read_triggers(it->second);
    if (const auto it = in.find("advanced"); it != in.end()) read_advanced(*it->second);
    write_bounds(in, spec);
    reader_.put(out_, spec, "cpu_utilization_percent", std::to_string(cpu_));
    reader_.put(out_, spec, "waiting_requests", std::string("0"));
    if (!metrics_->items.empty()) reader_.put(out_, *metrics_->items[0], "metrics", metrics_);
    disable_directions(pauses_, reader_, out_);
    if (wakes_ && !pauses_.replicas) write_keda(in, spec);
    write_pauses();
  }

 private:
  i32 seconds(const ManifestFields& in, const char* key, i32 least, i32 otherwise) {
    return reader_.integer(in, "spec", key, least, kLongest).value_or(otherwise);
  }

  void write_pauses() {
    const auto told = [&](const std::string& what) {
      reader_.note(*pauses_.at, "metadata.annotations", "the ScaledObject is paused: " + what);
    };
    if (pauses_.replicas.value_or(1) == 0 || (pauses_.all && !pauses_.replicas))
      reader_.put(out_, *pauses_.at, "enabled", std::string("false"));
    if (pauses_.replicas)
      return told(*pauses_.replicas > 0
                      ? fmt::format("it keeps {} replicas", *pauses_.replicas)
                      : "it keeps no replicas; nothing is scaled here, so take those of the "
                        "scenario's pool away as well");
    if (pauses_.all) return told("it scales nothing");
    if (pauses_.scale_in) told("it takes no replicas away");
    if (pauses_.scale_out) told("it adds no replicas");
  }

  void write_bounds(const ManifestFields& in, const YamlNode& spec) {
    const auto at = [&](const char* key) -> const YamlNode& {
      const auto it = in.find(key);
      return it == in.end() ? spec : *it->second;
    };
    least_ = reader_.integer(in, "spec", "minReplicaCount", 0, kMostReplicas).value_or(0);
    const i32 most =
        reader_.integer(in, "spec", "maxReplicaCount", 1, kMostReplicas).value_or(kDefaultMaximum);
    if (most < least_)
      reader_.fault(at("maxReplicaCount"), "spec.maxReplicaCount",
                    fmt::format("is below minReplicaCount, {}", least_));
    idle_ = reader_.integer(in, "spec", "idleReplicaCount", 0, kMostReplicas);
    if (idle_ && *idle_ >= least_)
      reader_.fault(at("idleReplicaCount"), "spec.idleReplicaCount",
                    fmt::format("must be below minReplicaCount, {}", least_));
    if (least_ == 0 && only_resources_)
      reader_.fault(at("minReplicaCount"), "spec.minReplicaCount",
                    "KEDA refuses cpu and memory triggers alone with 0, which is the default: they "
                    "cannot wake the first pod; write `minReplicaCount: 1`");
    const i32 pinned = pauses_.replicas.value_or(0);
    reader_.put(out_, pinned > 0 ? *pauses_.at : at("minReplicaCount"), "min_replicas",
                std::to_string(pinned > 0 ? pinned : std::max(1, least_)));
    reader_.put(out_, pinned > 0 ? *pauses_.at : at("maxReplicaCount"), "max_replicas",
                std::to_string(pinned > 0 ? pinned : most));
    if (least_ == 0 && wakes_)
      reader_.note(at("minReplicaCount"), "spec.minReplicaCount",
                   "without pods nobody exports anything: what only pods export cannot wake the "
                   "first one");
  }

  void write_keda(const ManifestFields& in, const YamlNode& spec) {
    const auto keda = reader_.mapping(spec);
    const auto put = [&](const char* key, const std::string& text) {
      reader_.put(*keda, spec, key, text);
    };
    put("polling_interval", fmt::format("{}s", seconds(in, "pollingInterval", 1, 30)));
    put("cooldown", fmt::format("{}s", seconds(in, "cooldownPeriod", 0, 300)));
    put("initial_cooldown", fmt::format("{}s", seconds(in, "initialCooldownPeriod", 0, 0)));
    put("min_replicas", std::to_string(pauses_.scale_in ? std::max(1, least_) : least_));
    if (idle_ && !pauses_.scale_in) put("idle_replicas", std::to_string(*idle_));
    if (const auto it = in.find("fallback"); it != in.end()) {
      const std::string path = "spec.fallback";
      const ManifestFields fallback =
          reader_.fields(*it->second, path, {"failureThreshold", "replicas", "behavior"},
                         {"failureThreshold", "replicas"});
      // The threshold is passed when it is exceeded; 0 is the first failure.
      const auto failures = reader_.integer(fallback, path, "failureThreshold", 0, kMostReplicas);
      const auto replicas = reader_.integer(fallback, path, "replicas", 0, kMostReplicas);
      if (failures) put("fallback_failures", std::to_string(std::max(1, *failures)));
      if (replicas) put("fallback_replicas", std::to_string(*replicas));
      static const std::map<std::string, std::string> kBehaviors{
          {"static", "static"},
          {"currentReplicas", "current"},
          {"currentReplicasIfHigher", "current_if_higher"},
          {"currentReplicasIfLower", "current_if_lower"}};
      const std::string behavior = reader_.expect(
          fallback, path, "behavior",
          {"static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"});
      if (!behavior.empty()) put("fallback", kBehaviors.at(behavior));
    }
    reader_.put(out_, spec, "keda", keda);
  }

  void read_advanced(const YamlNode& advanced) {
    const std::string path = "spec.advanced";
    const ManifestFields in = reader_.fields(
        advanced, path,
        {"restoreToOriginalReplicaCount", "horizontalPodAutoscalerConfig", "scalingModifiers"});
    if (const auto it = in.find("horizontalPodAutoscalerConfig"); it != in.end()) {
      const std::string config = path + ".horizontalPodAutoscalerConfig";
      const ManifestFields hpa = reader_.fields(*it->second, config, {"name", "behavior"});
      if (const auto behavior = hpa.find("behavior"); behavior != hpa.end())
        reader_.behavior(*behavior->second, config + ".behavior", out_);
    }
    if (const auto it = in.find("scalingModifiers"); it != in.end() && !it->second->entries.empty())
      read_modifiers(*it->second, path + ".scalingModifiers");
  }

  // One External metric from a formula over the triggers by their names.
  void read_modifiers(const YamlNode& modifiers, const std::string& path) {
    const ManifestFields in =
        reader_.fields(modifiers, path, {"target", "activationTarget", "metricType", "formula"},
                       {"target", "formula"});
    const auto formula = reader_.text(in, path, "formula");
    ReadMetric metric;
    metric.name = "composite-metric";
    metric.source = "external";
    metric.value = number(in, path, "target").value_or(0);
    metric.activation = number(in, path, "activationTarget").value_or(0);
    if (reader_.expect(in, path, "metricType", {"AverageValue", "Value"}) == "Value")
      metric.target = "value";
    if (!formula || metric.value <= 0) return;
    const auto own = reader_.metric_names().find(metric.name);
    if (own != reader_.metric_names().end()) {
      if (!find_query(metric, *in.at("formula"), path + ".formula", reader_)) return;
      wakes_ = true;
    } else {
      const DashboardQuery query = keda_formula(*formula, by_name_);
      if (!query.error.empty())
        return reader_.fault(*in.at("formula"), path + ".formula",
                             fmt::format("{}; {}", query.error, way_out(metric.name)));
      metric.query = query.text;
    }
    metrics_->items.clear();
    put_metric(*metrics_, *in.at("formula"), metric, reader_);
  }

  // ---- triggers --------------------------------------------------------------------------------
  void read_triggers(const YamlPtr& triggers) {
    const std::vector<YamlPtr> items = reader_.list(triggers, "spec.triggers");
    if (triggers->kind == Kind::kSequence && items.empty())
      reader_.fault(*triggers, "spec.triggers", "at least one trigger is wanted");
    only_resources_ = !items.empty();
    for (std::size_t i = 0; i < items.size(); ++i)
      read_trigger(*items[i], i, fmt::format("spec.triggers[{}]", i));
  }

  void read_trigger(const YamlNode& trigger, std::size_t index, const std::string& path) {
    const ManifestFields in = reader_.fields(
        trigger, path,
        {"type", "name", "useCachedMetrics", "metadata", "authenticationRef", "metricType"},
        {"type", "metadata"});
    const auto type = reader_.text(in, path, "type");
    const auto name = reader_.text(in, path, "name");
    const auto data = in.find("metadata");
    if (!type || data == in.end()) return;
    if (data->second->kind != Kind::kMapping)
      return reader_.fault(*data->second, path + ".metadata", "a mapping is wanted");
    ManifestFields metadata;
    for (const auto& [key, value] : data->second->entries)
      if (value->kind != Kind::kNull) metadata.emplace(key->text, value);
    const std::string below = path + ".metadata";
    for (const auto& [key, value] : metadata) reader_.text(metadata, below, key);
    only_resources_ &= *type == "cpu" || *type == "memory";
    if (*type == "cpu" || *type == "memory")
      return read_resource(*type, trigger, in, metadata, path);
    ReadMetric metric;
    metric.name = fmt::format("s{}-{}", index, *type);
    metric.source = "external";
    metric.zero_if_absent = *type == "prometheus" && !is_false(metadata, "ignoreNullValues");
    if (reader_.expect(in, path, "metricType", {"AverageValue", "Value"}) == "Value")
      metric.target = "value";
    std::string target_key = "threshold";
    for (const std::string& key : target_keys())
      if (*type != "prometheus" && metadata.contains(key)) {
        target_key = key;
        break;
      }
    // These ask for their replicas one by one: `vector(10)` is ten of them.
    if (*type == "cron" || (tells_its_target(*type) && !metadata.contains(target_key)))
      metadata[target_key = "desired"] = reader_.node(trigger, Kind::kScalar, "1");
    if (!metadata.contains(target_key))
      return reader_.fault(*data->second, below + "." + target_key,
                           *type == "prometheus"
                               ? "the field is required"
                               : fmt::format("a trigger of type '{}' wants a number to aim at, "
                                             "such as `value`; KEDA's default is not known here",
                                             type->substr(0, 60)));
    metric.value = number(metadata, below, target_key).value_or(0);
    std::string active_key = target_key;
    active_key[0] = static_cast<char>(active_key[0] - 'a' + 'A');
    metric.activation = number(metadata, below, "activation" + active_key).value_or(0);
    if (metric.value <= 0 ||
        !find_trigger_query(metric, name.value_or(""), *type, metadata, trigger, path))
      return;
    wakes_ = true;
    if (name) by_name_[*name] = metric.query;
    put_metric(*metrics_, trigger, metric, reader_);
  }

  static bool is_false(const ManifestFields& metadata, const char* key) {
    const auto found = metadata.find(key);
    return found != metadata.end() && found->second->text == "false";
  }
  // A number in a text, above 0 unless it says when a trigger is active.
  std::optional<double> number(const ManifestFields& in, const std::string& path,
                               const std::string& key) {
    const auto found = in.find(key);
    if (found == in.end()) return std::nullopt;
    double value = 0;
    if (!parse_number(found->second->text, value).empty() || value < 0 ||
        (value <= 0 && !key.starts_with("activation"))) {
      reader_.fault(*found->second, path + "." + key, "a number above 0 is wanted");
      return std::nullopt;
    }
    return value;
  }

  void read_resource(const std::string& type, const YamlNode& trigger, const ManifestFields& in,
                     const ManifestFields& metadata, const std::string& path) {
    ReadMetric metric;
    metric.name = metric.query = type;
    metric.source = "resource";
    const std::string below = path + ".metadata";
    const bool old = !in.contains("metricType");  // it stood in metadata.type once
    const std::string goal =
        old ? reader_.expect(metadata, below, "type", {"Utilization", "AverageValue"})
            : reader_.expect(in, path, "metricType", {"Utilization", "AverageValue"});
    if (goal.empty())
      return reader_.fault(trigger, path + ".metricType", "Utilization or AverageValue is wanted");
    if (!metadata.contains("value"))
      return reader_.fault(trigger, below + ".value", "the field is required");
    metric.target = goal == "Utilization" ? "utilization" : "average_value";
    metric.value = reader_.quantity(metadata, below, "value", 0).value_or(0);
    if (metric.value <= 0) return;
    if (type == "cpu" && goal == "Utilization" && cpu_ == 0)
      cpu_ = static_cast<i32>(metric.value);
    else
      put_metric(*metrics_, trigger, metric, reader_);
  }

  bool find_trigger_query(ReadMetric& metric, const std::string& name, const std::string& type,
                          const ManifestFields& metadata, const YamlNode& trigger,
                          const std::string& path) {
    const auto of = [&](const char* key) {
      const auto found = metadata.find(key);
      return found == metadata.end() ? std::string() : found->second->text;
    };
    const MetricNames& more = reader_.metric_names();
    for (const std::string& own : {metric.name, name, of("metricName"), of("valueLocation")})
      if (const auto told = more.find(own); !own.empty() && told != more.end()) {
        const DashboardQuery query = dashboard_query(told->second, {});
        metric.query = query.error.empty() ? whole(query, trigger, path) : told->second;
        return true;
      }
    if (type == "metrics-api") {
      std::string location = of("valueLocation");
      location = location.substr(location.find_last_of(".]") + 1);
      metric.query = named_metric(location, false, more).query;
      if (!metric.query.empty()) return true;
    }
    if (type == "cron") return find_cron(metric, metadata, trigger, path);
    if (type != "prometheus") {
      if (tells_its_target(type))
        reader_.fault(trigger, path,
                      fmt::format("what a trigger of type '{}' measures, and its target, only its "
                                  "scaler knows; say how many replicas it asks for beside "
                                  "`manifest:`, such as `metric_names: {{\"{}\": "
                                  "sum(waiting_requests) / 10}}`",
                                  type, metric.name));
      else
        reader_.fault(trigger, path,
                      fmt::format("what a trigger of type '{}' measures is not simulated; {}",
                                  type.substr(0, 60), way_out(metric.name)));
      return false;
    }
    if (of("query").empty()) {
      reader_.fault(trigger, path + ".metadata.query", "the field is required");
      return false;
    }
    const DashboardQuery query = dashboard_query(of("query"), more);
    if (!query.error.empty()) {
      reader_.fault(*metadata.at("query"), path + ".metadata.query",
                    fmt::format("{}; {}", query.error, way_out(metric.name)));
      return false;
    }
    metric.query = whole(query, trigger, path);
    return true;
  }

  bool find_cron(ReadMetric& metric, const ManifestFields& metadata, const YamlNode& trigger,
                 const std::string& path) {
    const std::string below = path + ".metadata";
    cluster::CronWindow window;
    for (const auto& [key, into] : {std::pair<const char*, std::string*>{"start", &window.start},
                                    {"end", &window.end},
                                    {"timezone", &window.zone}}) {
      const auto told = metadata.find(key);
      if (told == metadata.end()) {
        reader_.fault(trigger, below + "." + key, "the field is required");
        return false;
      }
      *into = told->second->text;
    }
    const auto replicas = number(metadata, below, "desiredReplicas");
    if (!metadata.contains("desiredReplicas"))
      reader_.fault(trigger, below + ".desiredReplicas", "the field is required");
    if (const std::string wrong = window.error(); !wrong.empty())
      reader_.fault(trigger, below, wrong);
    else if (replicas)
      metric.query = fmt::format("{} * cron(\"{}\", \"{}\", \"{}\")", *replicas, window.start,
                                 window.end, window.zone);
    return !metric.query.empty();
  }

  // KEDA wants one series.
  std::string whole(const DashboardQuery& query, const YamlNode& at, const std::string& path) {
    if (!query.by_pod) return query.text;
    reader_.note(at, path,
                 "the query has a series for each pod, which KEDA refuses from the second pod on; "
                 "taken as their sum");
    return "sum(" + query.text + ")";
  }

  ManifestReader& reader_;
  YamlNode& out_;
  std::shared_ptr<YamlNode> metrics_;
  std::map<std::string, std::string> by_name_;  // queries of triggers
  const KedaPauses& pauses_;
  i32 cpu_ = 0, least_ = 0;
  std::optional<i32> idle_;
  bool wakes_ = false;           // a trigger that KEDA itself asks
  bool only_resources_ = false;  // none but cpu and memory
};

}  // namespace

void write_scaled_object(const YamlNode& object, ManifestReader& reader, YamlNode& out) {
  const KedaPauses pauses = read_pauses(object, reader);
  for (const auto& [key, value] : object.entries)
    if (key->text == "spec") ScaledObject(reader, out, pauses).write(*value);
}

}  // namespace stampede
