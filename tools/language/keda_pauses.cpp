#include "tools/language/keda_pauses.h"

#include <fmt/format.h>

#include <algorithm>

namespace stampede {
namespace {

using Kind = YamlNode::Kind;

constexpr const char* kPath = "metadata.annotations";
constexpr std::string_view kGroup = "autoscaling.keda.sh/";

// As Go's strconv.ParseBool; what is no truth value pauses.
bool is_false(const std::string& text) {
  for (const char* no : {"false", "False", "FALSE", "f", "F", "0"})
    if (text == no) return true;
  return false;
}

void read_one(const std::string& name, const YamlNode& value, ManifestReader& reader,
              KedaPauses& pauses) {
  if (name == "paused-replicas") {
    const auto replicas = parse_yaml_integer(value.text);
    if (!replicas || *replicas < 0 || *replicas > kMostReplicas)
      return reader.fault(value, kPath, "paused-replicas: a whole number of replicas is wanted");
    pauses.replicas = replicas;
  } else if (name == "paused" || name == "paused-scale-in" || name == "paused-scale-out") {
    const bool on = !is_false(value.text);
    (name == "paused"            ? pauses.all
     : name == "paused-scale-in" ? pauses.scale_in
                                 : pauses.scale_out) = on;
    if (!on) return;
  } else {
    return reader.note(value, kPath,
                       fmt::format("'{}{}' is not simulated", kGroup, name.substr(0, 60)));
  }
  pauses.at = &value;
}

void disable(const char* direction, const YamlNode& at, const ManifestReader& reader,
             YamlNode& out) {
  for (auto& [key, rules] : out.entries) {
    if (key->text != direction) continue;
    auto changed = std::make_shared<YamlNode>(*rules);
    std::erase_if(changed->entries,
                  [](const auto& entry) { return entry.first->text == "select_policy"; });
    reader.put(*changed, at, "select_policy", std::string("disabled"));
    rules = changed;
  }
}

}  // namespace

KedaPauses read_pauses(const YamlNode& object, ManifestReader& reader) {
  KedaPauses pauses;
  for (const auto& [key, value] : object.entries) {
    if (key->text != "metadata") continue;
    for (const auto& [name, annotations] : value->entries)
      for (std::size_t i = 0; name->text == "annotations" && i < annotations->entries.size(); ++i) {
        const auto& [annotation, said] = annotations->entries[i];
        if (std::string_view(annotation->text).starts_with(kGroup))
          read_one(annotation->text.substr(kGroup.size()), *said, reader, pauses);
      }
  }
  return pauses;
}

void disable_directions(const KedaPauses& pauses, const ManifestReader& reader, YamlNode& out) {
  if (!pauses.scale_in && !pauses.scale_out) return;
  // With one direction's rules the API server gives the other one its defaults.
  for (const char* direction : {"scale_up", "scale_down"})
    if (std::none_of(out.entries.begin(), out.entries.end(),
                     [&](const auto& entry) { return entry.first->text == direction; }))
      reader.put(out, *pauses.at, direction, reader.mapping(*pauses.at));
  if (pauses.scale_in) disable("scale_down", *pauses.at, reader, out);
  if (pauses.scale_out) disable("scale_up", *pauses.at, reader, out);
}

}  // namespace stampede
