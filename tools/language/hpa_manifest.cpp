#include "tools/language/hpa_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/units.h"
#include "sim/value_text.h"
#include "tools/language/manifest_annotation.h"
#include "tools/language/metric_names.h"

namespace stampede {
namespace {

using Kind = YamlNode::Kind;

constexpr i32 kDefaultCpuPercent = 80;  // of a manifest without metrics
constexpr const char* kMetricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics";
constexpr const char* kBehaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior";

// One manifest of one version.
class Hpa {
 public:
  Hpa(std::string version, ManifestReader& reader, YamlNode& out)
      : version_(std::move(version)), reader_(reader), out_(out) {}

  void write(const YamlNode& spec, const YamlNode* metadata) {
    ManifestNames known{"scaleTargetRef", "minReplicas", "maxReplicas"};
    if (version_ == "v1")
      known.push_back("targetCPUUtilizationPercentage");
    else
      known.push_back("metrics");
    if (version_ == "v2" || version_ == "v2beta2") known.push_back("behavior");
    const ManifestFields in =
        reader_.fields(spec, "spec", known, {"scaleTargetRef", "maxReplicas"});
    if (const auto it = in.find("scaleTargetRef"); it != in.end())
      reader_.fields(*it->second, "spec.scaleTargetRef", {"apiVersion", "kind", "name"},
                     {"kind", "name"});
    metrics_ = reader_.node(spec, Kind::kSequence);
    if (const auto it = in.find("metrics"); it != in.end()) read_metrics(it->second);
    if (version_ == "v1") read_v1(in, metadata);
    write_bounds(in, spec);
    write_metrics(spec);
    if (const auto it = in.find("behavior"); it != in.end())
      reader_.behavior(*it->second, "spec.behavior", out_);
  }

 private:
  bool beta1() const { return version_ == "v2beta1" || version_ == "v1"; }

  void write_bounds(const ManifestFields& in, const YamlNode& spec) {
    const auto at = [&](const char* key) -> const YamlNode& {
      const auto it = in.find(key);
      return it == in.end() ? spec : *it->second;
    };
    i32 least = reader_.integer(in, "spec", "minReplicas", 0, kMostReplicas).value_or(1);
    if (least == 0 && !reads_whole_) {
      reader_.fault(at("minReplicas"), "spec.minReplicas",
                    "Kubernetes takes 0 only with an Object or External metric; 1 is the least "
                    "here");
      least = 1;
    }
    const auto most = reader_.integer(in, "spec", "maxReplicas", 1, kMostReplicas);
    if (most && *most < least)
      reader_.fault(at("maxReplicas"), "spec.maxReplicas",
                    fmt::format("is below minReplicas, {}", least));
    reader_.put(out_, at("minReplicas"), "min_replicas", std::to_string(least));
    if (most) reader_.put(out_, at("maxReplicas"), "max_replicas", std::to_string(*most));
  }

  // CPU of the request and waiting requests of a pod have keys of their own.
  void write_metrics(const YamlNode& spec) {
    if (count_ == 0) {
      cpu_ = kDefaultCpuPercent;
      cpu_at_ = &spec;
    }
    reader_.put(out_, cpu_at_ ? *cpu_at_ : spec, "cpu_utilization_percent",
                std::to_string(cpu_.value_or(0)));
    reader_.put(out_, waiting_at_ ? *waiting_at_ : spec, "waiting_requests",
                print_number(waiting_.value_or(0)));
    if (!metrics_->items.empty()) reader_.put(out_, *metrics_->items[0], "metrics", metrics_);
  }

  void add(const YamlNode& at, const std::string& path, ReadMetric metric) {
    ++count_;
    if (metric.value <= 0) return;  // reported
    const std::string source = metric.source, target = metric.target;
    reads_whole_ = reads_whole_ || source == "object" || source == "external";
    if (source == "resource") {
      metric.query = metric.name;
      if (const auto own = reader_.metric_names().find(metric.name);
          own != reader_.metric_names().end())
        metric.query = own->second;
    } else if (!find_query(metric, at, path, reader_)) {
      return;
    }
    if (metric.query == "cpu" && target == "utilization" && !cpu_) {
      cpu_ = static_cast<i32>(metric.value);
      cpu_at_ = item_;
    } else if (source == "pods" && metric.query == "waiting_requests" && !waiting_) {
      waiting_ = metric.value;
      waiting_at_ = item_;
    } else {
      put_metric(*metrics_, *item_, metric, reader_);
    }
  }

  // ---- autoscaling/v2 and v2beta2; v2beta1 names the fields of a target one by one
  // ---------------
  void read_metrics(const YamlPtr& metrics) {
    const std::vector<YamlPtr> items = reader_.list(metrics, "spec.metrics");
    for (std::size_t i = 0; i < items.size(); ++i)
      read_metric(*items[i], fmt::format("spec.metrics[{}]", i));
  }

  void read_metric(const YamlNode& metric, const std::string& path) {
    item_ = &metric;
    static const std::vector<std::pair<std::string, std::string>> kTypes{
        {"Resource", "resource"},
        {"ContainerResource", "containerResource"},
        {"Pods", "pods"},
        {"Object", "object"},
        {"External", "external"}};
    ManifestNames known{"type"}, types;
    for (const auto& [type, key] : kTypes) {
      known.push_back(key);
      types.push_back(type);
    }
    const ManifestFields all = reader_.fields(metric, path, known, {"type"});
    const std::string type = reader_.expect(all, path, "type", types);
    if (type.empty()) return;
    const std::string key = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& t) {
                              return t.first == type;
                            })->second;
    for (const auto& [other, value] : all)
      if (other != "type" && other != key)
        reader_.fault(*value, path + "." + other, "does not belong to a metric of type " + type);
    const auto source = all.find(key);
    if (source == all.end())
      return reader_.fault(metric, path + "." + key, "the field is required");
    if (key == "resource" || key == "containerResource")
      read_resource(*source->second, path + "." + key, key == "containerResource");
    else
      read_other(*source->second, path + "." + key, key);
  }

  void read_resource(const YamlNode& resource, const std::string& path, bool container) {
    ManifestNames known{"name"};
    if (beta1())
      known.insert(known.end(), {"targetAverageUtilization", "targetAverageValue"});
    else
      known.push_back("target");
    if (container) known.push_back("container");
    const ManifestFields in = reader_.fields(resource, path, known, {"name"});
    if (container && !in.contains("container"))
      reader_.fault(resource, path + ".container", "the field is required");
    ReadMetric metric;
    metric.source = "resource";
    metric.name = reader_.text(in, path, "name").value_or("");
    const auto& more = reader_.metric_names();
    const bool known_resource = metric.name == "cpu" || metric.name == "memory";
    if (!metric.name.empty() && !known_resource && !more.contains(metric.name))
      reader_.fault(*in.at("name"), path + ".name",
                    fmt::format("'{}' is not a resource that is simulated: cpu and memory are; {}",
                                metric.name.substr(0, 60), way_out(metric.name)));
    if (const auto own = more.find(metric.name); own != more.end() && own->second != "cpu" &&
                                                 own->second != "memory" &&
                                                 own->second != "unreadable")
      reader_.fault(*in.at("name"), path + ".name",
                    "a resource can stand for cpu, memory or unreadable");
    if (container)
      reader_.note(resource, path + ".container",
                   "a pod's server is its only container: all of the pod's use counts");
    read_target(in, resource, path, metric, true);
    add(resource, path, metric);
  }

  void read_other(const YamlNode& node, const std::string& path, const std::string& key) {
    ManifestNames known;
    if (key == "object") known.push_back(beta1() ? "target" : "describedObject");
    if (beta1()) {
      known.insert(known.end(), {"metricName", "targetAverageValue"});
      if (key != "pods") known.push_back("targetValue");
      if (key == "object") known.insert(known.end(), {"averageValue", "selector"});
      if (key == "pods") known.push_back("selector");
      if (key == "external") known.push_back("metricSelector");
    } else {
      known.insert(known.end(), {"metric", "target"});
    }
    const ManifestFields in = beta1() ? reader_.fields(node, path, known, {"metricName"})
                                      : reader_.fields(node, path, known, {"metric", "target"});
    if (key == "object") {
      const char* object = beta1() ? "target" : "describedObject";
      if (const auto it = in.find(object); it != in.end())
        reader_.fields(*it->second, path + "." + object, {"apiVersion", "kind", "name"},
                       {"kind", "name"});
      else
        reader_.fault(node, path + "." + object, "the field is required");
    }
    ReadMetric metric;
    metric.source = key == "pods" ? "pods" : key == "object" ? "object" : "external";
    const YamlNode* at = &node;
    std::string at_path = path;
    if (beta1()) {
      metric.name = reader_.text(in, path, "metricName").value_or("");
      if (in.contains("metricName")) at = in.at("metricName").get();
      at_path += ".metricName";
    } else if (const auto it = in.find("metric"); it != in.end()) {
      const ManifestFields named =
          reader_.fields(*it->second, path + ".metric", {"name", "selector"}, {"name"});
      metric.name = reader_.text(named, path + ".metric", "name").value_or("");
      if (named.contains("name")) at = named.at("name").get();
      at_path += ".metric.name";
    }
    read_target(in, node, path, metric, false);
    if (!metric.name.empty()) add(*at, at_path, metric);
  }

  // As the controller, which looks at the fields and not at the type that is named.
  void read_target(const ManifestFields& in, const YamlNode& around, const std::string& path,
                   ReadMetric& metric, bool resource) {
    const std::string source = metric.source;
    ManifestFields goal = in;
    std::string at = path, average = "averageValue", value = "value",
                utilization = "averageUtilization";
    const YamlNode* where = &around;
    if (beta1()) {
      average = source == "object" ? "averageValue" : "targetAverageValue";
      value = "targetValue";
      utilization = "targetAverageUtilization";
    } else {
      const auto target = in.find("target");
      if (target == in.end()) {
        if (resource) reader_.fault(around, path + ".target", "the field is required");
        return;
      }
      at += ".target";
      where = target->second.get();
      goal = reader_.fields(*where, at, {"type", "averageUtilization", "averageValue", "value"},
                            {"type"});
      reader_.expect(goal, at, "type", {"Utilization", "AverageValue", "Value"});
    }
    std::vector<std::string> given;
    for (const std::string& key : {utilization, average, value})
      if (goal.contains(key)) given.push_back(key);
    const auto not_here = [&](const std::string& key, bool fits) {
      if (goal.contains(key) && !fits)
        reader_.fault(*goal.at(key), at + "." + key,
                      fmt::format("a metric of source {} has no such target", source));
    };
    not_here(utilization, resource);
    not_here(value, source == "object" || source == "external");
    if (given.size() != 1)
      return reader_.fault(
          *where, at,
          given.empty()
              ? fmt::format("a target is wanted: {}", resource ? utilization + " or " + average
                                                      : source == "pods" ? average
                                                                         : value + " or " + average)
              : fmt::format("{} and {} are both given", given[0], given[1]));
    if (given[0] == utilization) {
      metric.target = "utilization";
      metric.value = reader_.integer(goal, at, utilization, 1, 1'000'000).value_or(0);
    } else {
      metric.target = given[0] == value ? "value" : "average_value";
      metric.value = reader_.quantity(goal, at, given[0], 0).value_or(0);
    }
  }

  // ---- autoscaling/v1
  // ---------------------------------------------------------------------------- CPU, and what
  // later versions have in addition in annotations, as `kubectl get` shows them.
  void read_v1(const ManifestFields& in, const YamlNode* metadata) {
    if (in.contains("targetCPUUtilizationPercentage")) {
      item_ = in.at("targetCPUUtilizationPercentage").get();
      ReadMetric cpu;
      cpu.source = "resource";
      cpu.name = "cpu";
      cpu.target = "utilization";
      cpu.value =
          reader_.integer(in, "spec", "targetCPUUtilizationPercentage", 1, 1'000'000).value_or(0);
      add(*item_, "spec.targetCPUUtilizationPercentage", cpu);
    }
    if (metadata == nullptr) return;
    for (const auto& [key, annotations] : metadata->entries) {
      if (key->text != "annotations") continue;
      for (const auto& [name, value] : annotations->entries) {
        if (name->text != kMetricsAnnotation && name->text != kBehaviorAnnotation) continue;
        YamlPtr inner;
        try {
          annotated_.push_back(inner = annotation_tree(*value));
        } catch (const InputError&) {
          reader_.fault(*value, "metadata.annotations", "this annotation is no JSON");
          continue;
        }
        if (name->text == kMetricsAnnotation)
          read_metrics(inner);
        else
          pascal_behavior(*inner);
      }
    }
  }
  void pascal_behavior(const YamlNode& behavior) {
    reader_.behavior(*with_lower_keys(behavior), "metadata.annotations.behavior", out_);
  }

  std::string version_;
  ManifestReader& reader_;
  YamlNode& out_;
  std::shared_ptr<YamlNode> metrics_;
  std::size_t count_ = 0;
  bool reads_whole_ = false;  // an Object or External metric
  std::optional<i32> cpu_;
  std::optional<double> waiting_;
  const YamlNode* item_ = nullptr;  // of `metrics`, being read
  std::vector<YamlPtr> annotated_;  // which item_ may lie in
  const YamlNode *cpu_at_ = nullptr, *waiting_at_ = nullptr;
};

}  // namespace

bool find_query(ReadMetric& metric, const YamlNode& at, const std::string& path,
                ManifestReader& reader) {
  const bool by_pod = std::string_view(metric.source) == "pods";
  const NamedMetric found = named_metric(metric.name, by_pod, reader.metric_names());
  if (found.query.empty()) {
    reader.fault(at, path,
                 fmt::format("'{}' is not a metric that is simulated; {}",
                             metric.name.substr(0, 80), way_out(metric.name)));
    return false;
  }
  if (!found.note.empty()) reader.note(at, path, found.note);
  metric.query = found.query;
  if (metric.query == "unreadable") return true;
  const DashboardQuery parsed = dashboard_query(metric.query, {});
  if (!parsed.error.empty()) {
    reader.fault(at, path, fmt::format("`metric_names`: '{}': {}", metric.query, parsed.error));
    return false;
  }
  metric.query = parsed.text;
  if (by_pod && !parsed.by_pod) {
    reader.fault(at, path,
                 fmt::format("a Pods metric wants a value for each pod, and {} is one for all",
                             metric.query));
    return false;
  }
  return true;
}

void put_metric(YamlNode& list, const YamlNode& at, const ReadMetric& metric,
                const ManifestReader& reader) {
  const auto out = reader.mapping(at);
  reader.put(*out, at, "name", metric.name);
  reader.put(*out, at, "source", std::string(metric.source));
  reader.put(*out, at, "query", metric.query);
  reader.put(*out, at, "target", std::string(metric.target));
  reader.put(*out, at, "value", print_number(metric.value));
  if (metric.zero_if_absent) reader.put(*out, at, "zero_if_absent", std::string("true"));
  if (metric.activation > 0) reader.put(*out, at, "activation", print_number(metric.activation));
  list.items.push_back(out);
}

void write_hpa(const YamlNode& object, const std::string& version, ManifestReader& reader,
               YamlNode& out) {
  const YamlNode *spec = nullptr, *metadata = nullptr;
  for (const auto& [key, value] : object.entries) {
    if (key->text == "spec") spec = value.get();
    if (key->text == "metadata") metadata = value.get();
  }
  if (spec == nullptr) return reader.fault(object, "spec", "the field is required");
  Hpa(version, reader, out).write(*spec, metadata);
}

}  // namespace stampede
