#include "tools/language/hpa_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <map>

#include "sim/units.h"

namespace stampede {
namespace {

using Kind = YamlNode::Kind;
using Names = std::vector<std::string>;
using Fields = std::map<std::string, YamlPtr>;

constexpr i32 kMostReplicas = 1'000'000;  // range of the parameters
constexpr i32 kDefaultCpuPercent = 80;    // of a manifest without metrics

// Walks the manifest and builds the translation. Every method reports what it finds wrong.
class Translation {
 public:
  Translation(std::shared_ptr<const SourceText> source, std::vector<Diagnostic>& faults)
      : source_(std::move(source)), faults_(faults) {}

  YamlPtr document(const YamlNode& root) {
    if (!is_manifest(root)) return mapping(root);
    const Fields top = fields(root, "", {"apiVersion", "kind", "metadata", "spec", "status"},
                              {"apiVersion", "kind", "spec"});
    if (const auto it = top.find("metadata"); it != top.end())
      fields(*it->second, "metadata",
             {"annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp",
              "finalizers", "generateName", "generation", "labels", "managedFields", "name",
              "namespace", "ownerReferences", "resourceVersion", "selfLink", "uid"});
    const auto spec = top.find("spec");
    auto out = mapping(spec == top.end() ? root : *spec->second);
    if (spec != top.end()) write_spec(*spec->second, *out);
    return out;
  }

 private:
  // Asked before anything of the file is quoted, which may be another one altogether.
  bool is_manifest(const YamlNode& root) {
    const std::size_t before = faults_.size();
    for (const auto& [key, wanted] :
         {std::pair{"apiVersion", "autoscaling/v2"}, {"kind", "HorizontalPodAutoscaler"}}) {
      const auto entry =
          std::find_if(root.entries.begin(), root.entries.end(),
                       [name = key](const auto& e) { return e.first->text == name; });
      if (entry == root.entries.end())
        fault(root, key, fmt::format("not a manifest; `{}: {}` is wanted", key, wanted));
      else if (entry->second->text != wanted)
        fault(*entry->second, key,
              fmt::format("'{}' is not supported; it must be {}", entry->second->text.substr(0, 60),
                          wanted));
    }
    return faults_.size() == before;
  }
  void fault(const YamlNode& at, const std::string& path, const std::string& message) {
    faults_.push_back(source_->at(at.line, at.column, path, message));
  }

  // ---- reading -------------------------------------------------------------------------------
  // Values by key; null is as good as absent, as for the API server.
  Fields fields(const YamlNode& node, const std::string& path, const Names& known,
                std::initializer_list<const char*> required = {}) {
    Fields found;
    if (node.kind != Kind::kMapping) {
      fault(node, path, "a mapping is wanted");
      return found;
    }
    for (const auto& [key, value] : node.entries) {
      const std::string at = below(path, key->text);
      if (std::find(known.begin(), known.end(), key->text) == known.end())
        fault(*key, at, "unknown field" + suggestion(key->text, known));
      else if (value->kind != Kind::kNull && !found.emplace(key->text, value).second)
        fault(*key, at, "the field is already given");
    }
    for (const char* key : required)
      if (!found.contains(key)) fault(node, below(path, key), "the field is required");
    return found;
  }
  static std::string below(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
  }
  std::vector<YamlPtr> list(const YamlPtr& node, const std::string& path) {
    if (node->kind != Kind::kSequence) fault(*node, path, "a list is wanted");
    return node->items;
  }
  // The text of a field that must be one of `names`; empty when it is absent or wrong.
  std::string expect(const Fields& in, const std::string& path, const std::string& key,
                     const Names& names) {
    const auto it = in.find(key);
    if (it == in.end()) return "";
    const YamlNode& node = *it->second;
    if (node.kind == Kind::kScalar &&
        std::find(names.begin(), names.end(), node.text) != names.end())
      return node.text;
    fault(node, below(path, key),
          fmt::format("'{}' is not supported; {}{}", node.text.substr(0, 60),
                      names.size() > 1 ? "known are: " : "it must be ", fmt::join(names, ", ")));
    return "";
  }
  std::optional<i32> integer(const Fields& in, const std::string& path, const std::string& key,
                             i32 least, i32 most) {
    const auto it = in.find(key);
    if (it == in.end()) return std::nullopt;
    const YamlNode& node = *it->second;
    const char* end = node.text.data() + node.text.size();
    i32 value = 0;
    const auto parsed = std::from_chars(node.text.data(), end, value);
    if (node.kind == Kind::kScalar && !node.quoted && parsed.ec == std::errc() &&
        parsed.ptr == end && value >= least && value <= most)
      return value;
    fault(node, below(path, key),
          fmt::format("a whole number from {} to {} is wanted", least, most));
    return std::nullopt;
  }
  std::optional<double> quantity(const Fields& in, const std::string& path, const std::string& key,
                                 double above) {
    const auto it = in.find(key);
    if (it == in.end()) return std::nullopt;
    const auto value =
        it->second->kind == Kind::kScalar ? parse_quantity(it->second->text) : std::nullopt;
    if (value && *value > above) return value;
    fault(*it->second, below(path, key),
          fmt::format("a quantity{} is wanted, such as 5 or 500m", above < 0 ? "" : " above 0"));
    return std::nullopt;
  }

  // ---- writing -------------------------------------------------------------------------------
  std::shared_ptr<YamlNode> node(const YamlNode& at, Kind kind, std::string text = "") const {
    auto made = std::make_shared<YamlNode>();
    made->kind = kind;
    made->line = at.line;
    made->column = at.column;
    made->text = std::move(text);
    made->source = source_;
    return made;
  }
  std::shared_ptr<YamlNode> mapping(const YamlNode& at) const { return node(at, Kind::kMapping); }
  void put(YamlNode& out, const YamlNode& at, const std::string& key, YamlPtr value) const {
    out.entries.emplace_back(node(at, Kind::kScalar, key), std::move(value));
  }
  void put(YamlNode& out, const YamlNode& at, const std::string& key, std::string text) const {
    put(out, at, key, node(at, Kind::kScalar, std::move(text)));
  }

  // ---- the manifest --------------------------------------------------------------------------
  void write_spec(const YamlNode& spec, YamlNode& out) {
    const Fields in = fields(
        spec, "spec", {"scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"},
        {"scaleTargetRef", "maxReplicas"});
    if (const auto it = in.find("scaleTargetRef"); it != in.end())
      fields(*it->second, "spec.scaleTargetRef", {"apiVersion", "kind", "name"}, {"kind", "name"});
    const auto at = [&](const char* key) -> const YamlNode& {
      const auto it = in.find(key);
      return it == in.end() ? spec : *it->second;
    };
    // None at all needs an Object or External metric, which are not modelled.
    const i32 least = integer(in, "spec", "minReplicas", 1, kMostReplicas).value_or(1);
    const auto most = integer(in, "spec", "maxReplicas", 1, kMostReplicas);
    if (most && *most < least)
      fault(at("maxReplicas"), "spec.maxReplicas", fmt::format("is below minReplicas, {}", least));
    put(out, at("minReplicas"), "min_replicas", std::to_string(least));
    if (most) put(out, at("maxReplicas"), "max_replicas", std::to_string(*most));
    write_metrics(in, spec, out);
    if (const auto it = in.find("behavior"); it != in.end()) {
      const std::string path = "spec.behavior";
      const Fields rules = fields(*it->second, path, {"scaleUp", "scaleDown"});
      // Once there is a `behavior`, both directions have rules, if only the default ones.
      for (const auto& [key, ours] :
           {std::pair{"scaleUp", "scale_up"}, {"scaleDown", "scale_down"}}) {
        const auto rule = rules.find(key);
        const YamlNode& where = rule == rules.end() ? *it->second : *rule->second;
        const auto written = mapping(where);
        if (rule != rules.end()) write_rules(where, below(path, key), *written);
        put(out, where, ours, written);
      }
    }
  }

  void write_metrics(const Fields& in, const YamlNode& spec, YamlNode& out) {
    const auto it = in.find("metrics");
    std::optional<i32> cpu;
    std::optional<double> waiting;
    YamlPtr cpu_at, waiting_at;
    const std::vector<YamlPtr> items =
        it == in.end() ? std::vector<YamlPtr>{} : list(it->second, "spec.metrics");
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string path = fmt::format("spec.metrics[{}]", i);
      const YamlNode& metric = *items[i];
      const Fields all =
          fields(metric, path,
                 {"type", "resource", "pods", "containerResource", "object", "external"}, {"type"});
      const std::string type = expect(all, path, "type", {"Resource", "Pods"});
      if (type.empty()) continue;
      const bool resource = type == "Resource";
      for (const auto& [key, value] : all)
        if (key != "type" && key != (resource ? "resource" : "pods"))
          fault(*value, below(path, key), "does not belong to a metric of type " + type);
      const auto source = all.find(resource ? "resource" : "pods");
      if (source == all.end()) {
        fault(metric, below(path, resource ? "resource" : "pods"), "the field is required");
        continue;
      }
      YamlPtr& place = resource ? cpu_at : waiting_at;
      if (place) fault(metric, path, "a second metric of type " + type);
      place = items[i];
      if (resource)
        cpu = read_resource(*source->second, path + ".resource");
      else
        waiting = read_pods(*source->second, path + ".pods");
    }
    if (items.empty()) cpu = kDefaultCpuPercent;
    put(out, cpu_at ? *cpu_at : spec, "cpu_utilization_percent", std::to_string(cpu.value_or(0)));
    put(out, waiting_at ? *waiting_at : spec, "waiting_requests",
        print_number(waiting.value_or(0)));
  }

  std::optional<i32> read_resource(const YamlNode& resource, const std::string& path) {
    const Fields in = fields(resource, path, {"name", "target"}, {"name", "target"});
    expect(in, path, "name", {"cpu"});
    const auto target = in.find("target");
    if (target == in.end()) return std::nullopt;
    const Fields goal = fields(*target->second, path + ".target", {"type", "averageUtilization"},
                               {"type", "averageUtilization"});
    expect(goal, path + ".target", "type", {"Utilization"});
    return integer(goal, path + ".target", "averageUtilization", 1, 1000);
  }

  std::optional<double> read_pods(const YamlNode& pods, const std::string& path) {
    const Fields in = fields(pods, path, {"metric", "target"}, {"metric", "target"});
    if (const auto it = in.find("metric"); it != in.end())
      expect(fields(*it->second, path + ".metric", {"name"}, {"name"}), path + ".metric", "name",
             waiting_request_metrics());
    const auto target = in.find("target");
    if (target == in.end()) return std::nullopt;
    const Fields goal = fields(*target->second, path + ".target", {"type", "averageValue"},
                               {"type", "averageValue"});
    expect(goal, path + ".target", "type", {"AverageValue"});
    return quantity(goal, path + ".target", "averageValue", 0);
  }

  void write_rules(const YamlNode& rules, const std::string& path, YamlNode& out) {
    const Fields in = fields(
        rules, path, {"stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"});
    const std::string window = "stabilizationWindowSeconds";
    if (const auto seconds = integer(in, path, window, 0, 3600))
      put(out, *in.at(window), "stabilization_window", fmt::format("{}s", *seconds));
    static const std::map<std::string, std::string> kSelect{
        {"Max", "max"}, {"Min", "min"}, {"Disabled", "disabled"}};
    const std::string select = expect(in, path, "selectPolicy", {"Max", "Min", "Disabled"});
    if (!select.empty()) put(out, *in.at("selectPolicy"), "select_policy", kSelect.at(select));
    if (const auto it = in.find("policies"); it != in.end()) {
      const auto written = node(*it->second, Kind::kSequence);
      const std::vector<YamlPtr> items = list(it->second, path + ".policies");
      if (it->second->kind == Kind::kSequence && items.empty())
        fault(*it->second, path + ".policies", "at least one policy is wanted");
      for (std::size_t i = 0; i < items.size(); ++i)
        written->items.push_back(policy(*items[i], fmt::format("{}.policies[{}]", path, i)));
      put(out, *it->second, "policies", written);
    }
    if (const auto tolerance = quantity(in, path, "tolerance", -1e-9))
      put(out, *in.at("tolerance"), "tolerance", print_number(*tolerance));
  }

  YamlPtr policy(const YamlNode& item, const std::string& path) {
    const Fields in =
        fields(item, path, {"type", "value", "periodSeconds"}, {"type", "value", "periodSeconds"});
    const std::string type = expect(in, path, "type", {"Pods", "Percent"});
    const auto value = integer(in, path, "value", 1, kMostReplicas);
    const auto period = integer(in, path, "periodSeconds", 1, 1800);
    const auto out = mapping(item);
    if (!type.empty() && value)
      put(*out, *in.at("value"), type == "Pods" ? "pods" : "percent", std::to_string(*value));
    if (period) put(*out, *in.at("periodSeconds"), "period", fmt::format("{}s", *period));
    return out;
  }

  std::shared_ptr<const SourceText> source_;
  std::vector<Diagnostic>& faults_;
};

}  // namespace

const std::vector<std::string>& waiting_request_metrics() {
  static const std::vector<std::string> names{"waiting_requests", "num_requests_waiting",
                                              "vllm_num_requests_waiting",
                                              "vllm:num_requests_waiting"};
  return names;
}

std::optional<double> parse_quantity(const std::string& text) {
  static const std::map<std::string, double> kSuffixes{
      {"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},   {"k", 1e3},     {"M", 1e6},
      {"G", 1e9},     {"T", 1e12},    {"P", 1e15},    {"E", 1e18},   {"Ki", 0x1p10}, {"Mi", 0x1p20},
      {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60}};
  if (text.find_first_of("0123456789") > 2) return std::nullopt;  // nan, inf; a sign and a point
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  double number = 0;
  const auto parsed = std::from_chars(begin, end, number, std::chars_format::general);
  if (parsed.ec != std::errc()) return std::nullopt;
  const auto suffix = kSuffixes.find(std::string(parsed.ptr, end));
  if (suffix == kSuffixes.end()) return std::nullopt;
  // The slack keeps 0.1 from becoming 0.101.
  return std::ceil(number * suffix->second * 1000 - 1e-9) / 1000;
}

YamlPtr hpa_parameters(const std::shared_ptr<const SourceText>& source,
                       std::vector<Diagnostic>& faults) {
  return Translation(source, faults).document(*parse_yaml(*source));
}

}  // namespace stampede
