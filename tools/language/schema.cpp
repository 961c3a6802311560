#include "tools/language/schema.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "sim/registry.h"
#include "tools/language/inclusion.h"
#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr const char* kNumberPattern = "[+-]?[0-9.]+([eE][+-]?[0-9]+)? ?";

ordered_json pattern(const std::string& units) {
  // A bare zero needs no unit.
  return {{"anyOf",
           {{{"type", "string"}, {"pattern", std::string("^(") + kNumberPattern + units + "|0)$"}},
            {{"const", 0}}}}};
}

class SchemaWriter {
 public:
  ordered_json definitions = ordered_json::object();

  ordered_json of(const TypeInfo& type, const FieldInfo* field) {
    if (field && field->type == &type && !field->inherits.empty()) {
      const bool outer = std::exchange(changes_, true);
      ordered_json own = {{"anyOf", {of(*type.element, nullptr), {{"type", "null"}}}}};
      changes_ = outer;
      return own;
    }
    switch (type.kind) {
      case ValueKind::kStruct:
        return structure(type);
      case ValueKind::kList:
        return {{"type", "array"}, {"items", of(*type.element, field)}};
      case ValueKind::kOptional:
        return {{"anyOf", {of(*type.element, field), {{"type", "null"}}}}};
      case ValueKind::kSelection:
        return selection(type);
      case ValueKind::kChoice:
        return {{"type", "string"}, {"enum", type.choices}};
      default:
        return scalar(type.kind, field);
    }
  }

 private:
  ordered_json structure(const TypeInfo& type) {
    ordered_json mapping = object(type, nullptr, "");
    for (const FieldInfo& f : type.fields)
      if (f.key == type.shorthand) return {{"anyOf", {mapping, of(*f.type, &f)}}};
    return mapping;
  }
  static ordered_json scalar(ValueKind kind, const FieldInfo* field) {
    switch (kind) {
      case ValueKind::kDuration:
        // Sums such as 1h30m are durations too.
        return {{"anyOf",
                 {{{"type", "string"},
                   {"pattern", "^(-?([0-9.]+(e[+-]?[0-9]+)? ?(ns|us|ms|s|min|m|h|d))+|0)$"}},
                  {{"const", 0}}}}};
      case ValueKind::kRate:
        return pattern("/(s|min|m|h|d)");
      case ValueKind::kBytes:
        return pattern("([kMGTP]?B|[KMGT]i|[KMGT]iB)");
      case ValueKind::kBandwidth:
        return pattern("([kMGTP]?B|[KMGT]i|[KMGT]iB)/s");
      case ValueKind::kShare: {
        ordered_json number = bounded({{"type", "number"}}, field);
        return {{"anyOf",
                 {number,
                  {{"type", "string"}, {"pattern", std::string("^") + kNumberPattern + "%?$"}}}}};
      }
      case ValueKind::kUtcTime:
        return {
            {"type", "string"},
            {"pattern",
             "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$"}};
      case ValueKind::kInteger:
        return bounded({{"type", "integer"}}, field);
      case ValueKind::kNumber:
        return {{"anyOf",
                 {bounded({{"type", "number"}}, field),
                  {{"type", "string"}, {"pattern", "^[0-9.eE+-]+(/[0-9.eE+-]+)?$"}}}}};
      case ValueKind::kBoolean:
        return {{"type", "boolean"}};
      default:
        return {{"type", {"string", "number", "boolean"}}};  // text may look like a number
    }
  }
  static ordered_json bounded(ordered_json schema, const FieldInfo* field) {
    if (field && field->minimum) schema["minimum"] = *field->minimum;
    if (field && field->maximum) schema["maximum"] = *field->maximum;
    return schema;
  }
  ordered_json object(const TypeInfo& type, const RegistryEntry* entry,
                      const std::string& selector) {
    ordered_json properties = ordered_json::object();
    ordered_json required = ordered_json::array();
    bool open = false;
    if (entry) {
      properties[selector] = {{"const", entry->name}, {"description", entry->help}};
      required.push_back(selector);
    }
    for (const FieldInfo& f : type.fields) {
      ordered_json property = of(*f.type, &f);
      if (!f.help.empty()) property["description"] = f.help;
      if (f.live) property["x-live"] = true;  // `do: set` can change it
      properties[f.key] = std::move(property);
      if (f.required && !f.inlined && !changes_) required.push_back(f.key);
      open = open || f.inlined;  // the selected entry's keys may stand here
    }
    if (const Inclusion* inclusion = inclusion_of(type)) {
      properties[inclusion->key] = {{"type", "string"}, {"description", inclusion->help}};
      if (!inclusion->names_key.empty())
        properties[inclusion->names_key] = {{"type", "object"},
                                            {"additionalProperties", {{"type", "string"}}},
                                            {"description", inclusion->names_help}};
      if (!inclusion->choice_key.empty())
        properties[inclusion->choice_key] = {{"type", "string"},
                                             {"description", inclusion->choice_help}};
    }
    ordered_json out = {
        {"type", "object"}, {"additionalProperties", open}, {"properties", std::move(properties)}};
    if (!required.empty()) out["required"] = std::move(required);
    return out;
  }
  ordered_json selection(const TypeInfo& type) {
    const std::string& category = type.category;
    if (!definitions.contains(category)) {
      definitions[category] = nullptr;  // entered before its members, which may refer to it
      ordered_json any = ordered_json::array();
      for (const std::string& name : registered_names(category)) {
        const RegistryEntry* entry = Registry::global().find(category, name);
        any.push_back(object(*entry->params, entry, type.selector));
      }
      any.push_back({{"type", "null"}});
      definitions[category] = {{"anyOf", std::move(any)}};
    }
    return {{"$ref", "#/definitions/" + category}};
  }

  bool changes_ = false;  // of something inherited: nothing is required
};

}  // namespace

ordered_json json_schema(const TypeInfo& type, const std::string& title) {
  SchemaWriter writer;
  ordered_json out = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}};
  const ordered_json body = writer.of(type, nullptr);
  for (const auto& [key, value] : body.items()) out[key] = value;
  if (!writer.definitions.empty()) out["definitions"] = writer.definitions;
  return out;
}

}  // namespace stampede
