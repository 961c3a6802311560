#include "tools/language/inclusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "models/cluster/autoscaler_params.h"
#include "tools/language/hpa_manifest.h"
#include "tools/language/yaml_loader.h"

namespace stampede {

const Inclusion* inclusion_of(const TypeInfo& type) {
  static const Inclusion hpa{"manifest",
                             "file with an autoscaling/v2 HorizontalPodAutoscaler, relative to the "
                             "scenario's",
                             hpa_parameters};
  return &type == &type_of<cluster::AutoscalerParams>() ? &hpa : nullptr;
}

// The file that a key such as `manifest` names, relative to the scenario's, in the keys of the
// struct; null if it cannot be used, which is then reported.
YamlPtr YamlLoader::read_included(const YamlNode& name, const Inclusion& inclusion,
                                  const std::string& path) {
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
  const std::size_t before = faults_.size();
  try {
    const YamlPtr values = inclusion.translate(text, faults_);
    return faults_.size() == before ? values : nullptr;
  } catch (const InputError& error) {
    faults_.insert(faults_.end(), error.diagnostics.begin(), error.diagnostics.end());
    return nullptr;
  }
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
  const YamlPtr values = read_included(*name, *inclusion, child_path(path, key->text));
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
