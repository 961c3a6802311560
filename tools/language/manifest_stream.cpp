// Which object of a file is the autoscaler.
#include <fmt/format.h>

#include <algorithm>

#include "tools/language/hpa_manifest.h"
#include "tools/language/yaml_merge.h"

namespace stampede {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kMostNamed = 8;  // objects in one sentence

std::string text_of(const YamlNode& object, std::string_view key) {
  for (const auto& [name, value] : object.entries)
    if (name->text == key && value->kind == Kind::kScalar) return value->text;
  return "";
}

const YamlNode* child_of(const YamlNode& object, std::string_view key) {
  for (const auto& [name, value] : object.entries)
    if (name->text == key) return value.get();
  return nullptr;
}

std::string name_of(const YamlNode& object) {
  const YamlNode* metadata = child_of(object, "metadata");
  return metadata == nullptr ? "" : text_of(*metadata, "name");
}

bool is_autoscaler(const YamlNode& object) {
  const std::string kind = text_of(object, "kind"), api = text_of(object, "apiVersion");
  return (kind == "HorizontalPodAutoscaler" && api.starts_with("autoscaling/")) ||
         (kind == "ScaledObject" && api.starts_with("keda.sh/"));
}

// What to do instead with an object that scales, or is scaled by, something else.
struct OtherKind {
  const char *kind, *group;
  const char* instead;
};
const OtherKind* other_kind(const std::string& kind, const std::string& api) {
  static constexpr OtherKind kKinds[] = {
      {"Service", "serving.knative.dev",
       "Knative's autoscaler aims at requests in each pod: write a HorizontalPodAutoscaler with a "
       "Pods metric `inflight_requests` and its target as averageValue"},
      {"PodAutoscaler", "autoscaling.aibrix.ai",
       "write a HorizontalPodAutoscaler with a Pods metric of its targetMetric and the targetValue "
       "as averageValue; its panic window is not simulated"},
      {"PodAutoscaler", "autoscaling.internal.knative.dev",
       "Knative's autoscaler aims at requests in each pod: write a HorizontalPodAutoscaler with a "
       "Pods metric `inflight_requests` and its target as averageValue"},
      {"InferenceService", "serving.kserve.io",
       "KServe makes a HorizontalPodAutoscaler or a ScaledObject of it: name a file with that, "
       "such as `kubectl get hpa,scaledobject -o yaml`"},
      {"LLMInferenceService", "serving.kserve.io",
       "KServe makes a HorizontalPodAutoscaler or a ScaledObject of it: name a file with that, "
       "such as `kubectl get hpa,scaledobject -o yaml`"},
      {"VariantAutoscaling", "llmd.ai",
       "it only states wanted replicas, which a HorizontalPodAutoscaler or ScaledObject reads as a "
       "metric: name a file with that, and say with `metric_names` what the metric stands for"},
      {"HTTPScaledObject", "http.keda.sh",
       "write a HorizontalPodAutoscaler or a ScaledObject that aims at what it counts: "
       "`http_requests` for requestRate, `inflight_requests` for concurrency, with its "
       "targetValue"},
      {"ScaledJob", "keda.sh", "it starts jobs; servers are scaled by a ScaledObject"},
      {"VerticalPodAutoscaler", "autoscaling.k8s.io",
       "it changes what pods request and not how many they are; leave it out"},
      {"MultidimPodAutoscaler", "autoscaling.gke.io",
       "write a HorizontalPodAutoscaler with its goals.metrics and constraints"}};
  for (const OtherKind& other : kKinds)
    if (kind == other.kind && api.starts_with(std::string(other.group) + "/")) return &other;
  return nullptr;
}

class File {
 public:
  File(const std::shared_ptr<const SourceText>& source, const InclusionKeys& beside,
       InclusionFindings& found)
      : source_(source), beside_(beside), found_(found), reader_(source, beside, found) {}

  YamlPtr translated() {
    if (!read()) return nothing();
    const YamlNode* chosen = choose();
    if (chosen == nullptr) return nothing();
    tell_others(chosen);
    if (!rendered(*chosen)) return nothing();
    const std::size_t before = found_.faults.size();
    const auto out = reader_.mapping(*chosen);
    const std::string kind = text_of(*chosen, "kind"), api = text_of(*chosen, "apiVersion");
    const bool keda = kind == "ScaledObject";
    const std::string version = api.substr(api.find('/') + 1);
    const ManifestNames versions =
        keda ? ManifestNames{"v1alpha1"} : ManifestNames{"v2", "v2beta2", "v2beta1", "v1"};
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) {
      reader_.fault(*child_of(*chosen, "apiVersion"), "apiVersion",
                    fmt::format("'{}' is not supported; known are: {}", api.substr(0, 60),
                                fmt::join(versions, ", ")));
      return nothing();
    }
    check_envelope(*chosen);
    if (found_.faults.size() != before) return out;
    if (keda)
      write_scaled_object(*chosen, reader_, *out);
    else
      write_hpa(*chosen, version, reader_, *out);
    return out;
  }

 private:
  YamlPtr nothing() { return reader_.mapping(YamlNode{}); }

  // All objects of all documents, those of lists too.
  bool read() {
    try {
      documents_ = parse_yaml_stream(*source_);
    } catch (const InputError&) {
      if (const auto line = template_line(1, UINT32_MAX)) return unrendered(*line), false;
      throw;
    }
    for (YamlPtr& document : documents_) {
      document = with_merges(document);
      add(*document);
    }
    if (documents_.empty()) {
      found_.faults.push_back({source_->name, 0, 0, "", "the file is empty", ""});
      return false;
    }
    return true;
  }
  void add(const YamlNode& object) {
    const YamlNode* items = child_of(object, "items");
    if (items != nullptr && items->kind == Kind::kSequence &&
        text_of(object, "kind").ends_with("List"))
      for (const YamlPtr& item : items->items) add(*item);
    else
      objects_.push_back(&object);
  }

  // The first line from `from` to before `to` with what a template leaves, outside comments.
  std::optional<u32> template_line(u32 from, u32 to) const {
    u32 line = 1;
    for (std::size_t at = 0; at < source_->text.size(); ++line) {
      const std::size_t end = std::min(source_->text.find('\n', at), source_->text.size());
      const std::string_view text = std::string_view(source_->text).substr(at, end - at);
      const std::size_t mark = text.find("{{");
      if (line >= from && line < to && mark != std::string_view::npos &&
          text.substr(0, mark).find('#') == std::string_view::npos)
        return line;
      at = end + 1;
    }
    return std::nullopt;
  }
  void unrendered(u32 line) {
    found_.faults.push_back(
        source_->at(line, 0, "",
                    "a template that is not rendered ({{ ... }}); render it first, for example "
                    "`helm template CHART > manifest.yaml`, and name that file"));
  }
  // An object from here to the next one.
  bool rendered(const YamlNode& object) {
    u32 next = UINT32_MAX;
    for (const YamlNode* other : objects_)
      if (other->line > object.line) next = std::min(next, other->line);
    const auto line = template_line(object.line, next);
    if (line) unrendered(*line);
    return !line;
  }

  const YamlNode* choose() {
    std::vector<const YamlNode*> fitting;
    std::vector<std::string> names;
    for (const YamlNode* object : objects_) {
      if (!is_autoscaler(*object)) continue;
      names.push_back(name_of(*object));
      if (beside_.name.empty() || names.back() == beside_.name) fitting.push_back(object);
    }
    if (fitting.size() == 1) return fitting[0];
    const YamlNode& at = *objects_[0];
    if (names.empty()) return none_at_all(at), nullptr;
    names.resize(std::min(names.size(), kMostNamed));
    reader_.fault(fitting.empty() ? at : *fitting[1], "",
                  fitting.empty() ? fmt::format("no autoscaler is called '{}'; there are: {}",
                                                beside_.name, fmt::join(names, ", "))
                  : beside_.name.empty()
                      ? fmt::format("several autoscalers: {}; say which beside `manifest:`, such "
                                    "as `manifest_name: {}`",
                                    fmt::join(names, ", "), names[0])
                      : fmt::format("two autoscalers are called '{}'", beside_.name));
    return nullptr;
  }
  // Nothing of the file is quoted unless it is one of Kubernetes: it may be another one altogether.
  void none_at_all(const YamlNode& at) {
    for (const YamlNode* object : objects_)
      if (const OtherKind* other =
              other_kind(text_of(*object, "kind"), text_of(*object, "apiVersion")))
        return reader_.fault(*child_of(*object, "kind"), "kind",
                             fmt::format("'{}' is not read here; {}", other->kind, other->instead));
    for (const YamlNode* object : objects_) {
      const YamlNode* kind = child_of(*object, "kind");
      if (kind == nullptr || text_of(*object, "apiVersion").empty()) continue;
      return reader_.fault(*kind, "kind",
                           fmt::format("'{}' is no autoscaler; a HorizontalPodAutoscaler or a "
                                       "ScaledObject is wanted",
                                       kind->text.substr(0, 60)));
    }
    reader_.fault(at, "", "not a manifest; `apiVersion: autoscaling/v2` is wanted");
  }
  void tell_others(const YamlNode* chosen) {
    std::vector<std::string> kinds;
    for (const YamlNode* object : objects_)
      if (object != chosen) kinds.push_back(text_of(*object, "kind").substr(0, 60));
    if (kinds.empty()) return;
    const std::size_t all = kinds.size();
    kinds.resize(std::min(all, kMostNamed));
    reader_.note(
        *chosen, "",
        fmt::format("read from here; left out of this file: {}{}", fmt::join(kinds, ", "),
                    all > kinds.size() ? fmt::format(" and {} more", all - kinds.size()) : ""));
  }
  void check_envelope(const YamlNode& object) {
    const ManifestFields top =
        reader_.fields(object, "", {"apiVersion", "kind", "metadata", "spec", "status"},
                       {"apiVersion", "kind", "spec"});
    if (const auto it = top.find("metadata"); it != top.end())
      reader_.fields(
          *it->second, "metadata",
          {"annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp",
           "finalizers", "generateName", "generation", "labels", "managedFields", "name",
           "namespace", "ownerReferences", "resourceVersion", "selfLink", "uid"});
  }

  std::shared_ptr<const SourceText> source_;
  const InclusionKeys& beside_;
  InclusionFindings& found_;
  ManifestReader reader_;
  std::vector<YamlPtr> documents_;
  std::vector<const YamlNode*> objects_;
};

}  // namespace

YamlPtr autoscaler_parameters(const std::shared_ptr<const SourceText>& source,
                              const InclusionKeys& beside, InclusionFindings& found) {
  return File(source, beside, found).translated();
}

}  // namespace stampede
