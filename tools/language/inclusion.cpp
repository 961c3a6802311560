#include "tools/language/inclusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "models/cluster/autoscaler_params.h"
#include "tools/language/hpa_manifest.h"
#include "tools/language/metric_names.h"
#include "tools/language/published_timeline.h"
#include "tools/language/yaml_loader.h"

namespace stampede {

const Inclusion* inclusion_of(const TypeInfo& type) {
  static const Inclusion autoscaler{
      "manifest",
      "file with a HorizontalPodAutoscaler or a KEDA ScaledObject, relative to the scenario's",
      "metric_names",
      "beside `manifest`: what metrics of other names stand for, an expression each, or unreadable",
      "manifest_name",
      "beside `manifest`: the name of the autoscaler, if the file holds several",
      autoscaler_parameters};
  static const Inclusion published{
      "file",
      "CSV file with the columns t_min, event and tolerance, relative to the scenario's",
      "",
      "",
      "",
      "",
      [](const std::shared_ptr<const SourceText>& source, const InclusionKeys&,
         InclusionFindings& found) { return published_events(source, found.faults); }};
  if (&type == &type_of<PublishedTimeline>()) return &published;
  return &type == &type_of<cluster::AutoscalerParams>() ? &autoscaler : nullptr;
}

bool names_file(const YamlNode& node, const TypeInfo& type) {
  const Inclusion* inclusion = inclusion_of(type);
  return inclusion != nullptr &&
         std::any_of(node.entries.begin(), node.entries.end(),
                     [&](const auto& entry) { return entry.first->text == inclusion->key; });
}

// The file that a key such as `manifest` names, relative to the scenario's, in the keys of the
// struct; null if it cannot be used, which is then reported.
YamlPtr YamlLoader::read_included(const YamlNode& name, const Inclusion& inclusion,
                                  const InclusionKeys& beside, const std::string& path) {
  if (name.kind != YamlNode::Kind::kScalar || name.text.empty()) {
    report(name, path, "the name of a file is wanted");
    return nullptr;
  }
  const std::filesystem::path directory = std::filesystem::path(known_.source.name).parent_path();
  const std::string file = (directory / name.text).lexically_normal().string();
  AllowedPaths allowed = allowed_;
  allowed.add(directory.string());
  if (option_ != kSetOption && !allowed.contain(file)) {
    report(name, path, outside(file));
    return nullptr;
  }
  std::shared_ptr<const SourceText> text;
  try {
    text = std::make_shared<const SourceText>(stampede::read_source(file));
  } catch (const InputError& error) {
    report(name, path, fmt::format("'{}' {}", file, error.diagnostics.at(0).message));
    return nullptr;
  }
  InclusionFindings found;
  YamlPtr values;
  try {
    values = inclusion.translate(text, beside, found);
  } catch (const InputError& error) {
    found.faults = error.diagnostics;
  }
  notes_.insert(notes_.end(), found.notes.begin(), found.notes.end());
  faults_.insert(faults_.end(), found.faults.begin(), found.faults.end());
  return found.faults.empty() ? values : nullptr;
}

// Takes the keys that stand beside an included file's name out of `out`.
InclusionKeys YamlLoader::take_beside(YamlNode& out, const Inclusion& inclusion,
                                      const std::string& path) {
  InclusionKeys keys;
  for (const auto& [key, value] : out.entries) {
    const std::string at = child_path(path, key->text);
    if (key->text == inclusion.choice_key) {
      if (value->kind == YamlNode::Kind::kScalar)
        keys.name = value->text;
      else
        report(*value, at, "a name is wanted");
    }
    if (key->text != inclusion.names_key) continue;
    if (value->kind != YamlNode::Kind::kMapping)
      report(*value, at, "a mapping is wanted: the name of a metric and what it stands for");
    for (const auto& [metric, meaning] : value->entries) {
      const std::string text = meaning->kind == YamlNode::Kind::kScalar ? meaning->text : "";
      const bool plain = text == "unreadable" || text == "cpu" || text == "memory";
      const auto query = plain ? DashboardQuery{} : dashboard_query(text, {});
      if (!query.error.empty())
        report(*meaning, child_path(at, metric->text), query.error);
      else
        keys.metric_names[metric->text] = text;
    }
  }
  std::erase_if(out.entries, [&](const auto& entry) {
    return entry.first->text == inclusion.names_key || entry.first->text == inclusion.choice_key;
  });
  return keys;
}

// A struct with its included file's values among its own keys, which may add what that says not.
YamlNode YamlLoader::with_included(const YamlNode& node, const TypeInfo& type,
                                   const std::string& path) {
  const Inclusion* inclusion = inclusion_of(type);
  const auto names = [&](const auto& entry) { return entry.first->text == inclusion->key; };
  YamlNode out = node;
  if (!inclusion) return out;
  const auto named = std::find_if(out.entries.begin(), out.entries.end(), names);
  if (named == out.entries.end()) return out;
  const auto [key, name] = *named;
  out.entries.erase(named);
  if (std::any_of(out.entries.begin(), out.entries.end(), names))
    report(*key, child_path(path, key->text), "the key is given more than once");
  std::erase_if(out.entries, names);
  const InclusionKeys beside = take_beside(out, *inclusion, path);
  const YamlPtr values = read_included(*name, *inclusion, beside, child_path(path, key->text));
  if (!values) return out;
  for (const auto& value : values->entries) {
    const auto own = std::find_if(out.entries.begin(), out.entries.end(), [&](const auto& entry) {
      return entry.first->text == value.first->text;
    });
    if (own == out.entries.end())
      out.entries.push_back(value);
    else
      report(*own->first, child_path(path, own->first->text),
             fmt::format("{}:{} says this already; change it there, or with --set",
                         value.first->source->name, value.first->line));
  }
  return out;
}

}  // namespace stampede
