#include "tools/language/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

const char* kind_name(ValueKind kind) {
  switch (kind) {
    case ValueKind::kDuration:
      return "duration [s]";
    case ValueKind::kRate:
      return "rate [1/s]";
    case ValueKind::kShare:
      return "share [1]";
    case ValueKind::kBytes:
      return "size [B]";
    case ValueKind::kBandwidth:
      return "bandwidth [B/s]";
    case ValueKind::kUtcTime:
      return "time of day";
    case ValueKind::kInteger:
      return "whole number";
    case ValueKind::kNumber:
      return "number";
    case ValueKind::kBoolean:
      return "true or false";
    case ValueKind::kText:
      return "text";
    default:
      return "";
  }
}

std::string kind_text(const TypeInfo& type) {
  switch (type.kind) {
    case ValueKind::kChoice:
      return fmt::format("{}", fmt::join(type.choices, " | "));
    case ValueKind::kStruct:
      return "mapping";
    case ValueKind::kList:
      return "list of " + kind_text(*type.element);
    case ValueKind::kOptional:
      return kind_text(*type.element) + ", or null";
    case ValueKind::kSelection:
      return type.category + ", chosen by `" + type.selector + "`";
    default:
      return kind_name(type.kind);
  }
}

std::string default_text(const FieldInfo& field, const void* defaults) {
  if (field.required) return "required";
  const TypeInfo* type = field.type;
  const void* value = field.get(defaults);
  if (type->kind == ValueKind::kOptional) {
    if (type->size(value) == 0) return "null";
    value = type->at(const_cast<void*>(value), 0);
    type = type->element;
  }
  if (type->kind == ValueKind::kList) {
    if (type->size(value) == 0) return "[]";
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < type->size(value); ++i)
      parts.push_back(type->element->print
                          ? type->element->print(type->at(const_cast<void*>(value), i))
                          : "...");
    return fmt::format("[{}]", fmt::join(parts, ", "));
  }
  if (type->kind == ValueKind::kSelection) {
    const auto& selection = *static_cast<const Selection*>(value);
    return selection.type ? selection.name : "null";
  }
  if (type->kind == ValueKind::kStruct) return "";
  const std::string text = type->print(value);
  return text.empty() ? "\"\"" : text;
}

const TypeInfo* innermost(const TypeInfo* type) {
  while (type->kind == ValueKind::kList || type->kind == ValueKind::kOptional) type = type->element;
  return type;
}

std::string range_text(const FieldInfo& field) {
  const ValueKind kind = innermost(field.type)->kind;
  if (field.minimum && field.maximum)
    return bound_text(kind, *field.minimum) + " to " + bound_text(kind, *field.maximum);
  if (field.minimum) return "at least " + bound_text(kind, *field.minimum);
  if (field.maximum) return "at most " + bound_text(kind, *field.maximum);
  return "";
}

std::string scale_text(const FieldInfo& field) {
  switch (field.scaling) {
    case Scaling::kNone:
      return "";
    case Scaling::kWith:
      return "x scale" + (field.least > 1 ? ", at least " + print_number(field.least) : "");
    case Scaling::kInverse:
      return "/ scale";
    case Scaling::kWithFleet:
      return "x scale, with the fleet";
  }
  return "";
}

void add_rows(const TypeInfo& type, const void* defaults, const std::string& path,
              std::vector<ParameterRow>& rows) {
  for (const FieldInfo& f : type.fields) {
    const std::string key = child_path(path, f.key);
    if (f.type->kind == ValueKind::kStruct) {
      add_rows(*f.type, f.get(defaults), key, rows);
      continue;
    }
    rows.push_back({key, kind_text(*f.type), default_text(f, defaults), range_text(f),
                    scale_text(f), f.live ? "live" : "", f.help,
                    f.source.empty() ? "assumed" : f.source});
    const TypeInfo* inner = innermost(f.type);
    if (inner->kind != ValueKind::kStruct || !f.inherits.empty() || f.folded) continue;
    // Defaults of an element: those of a fresh one, made in a scratch list and taken out again.
    void* holder = const_cast<void*>(f.get(defaults));
    if (f.type->size(holder) > 0 || f.type->element != inner) continue;
    add_rows(*inner, f.type->append(holder), f.type->kind == ValueKind::kList ? key + "[]" : key,
             rows);
    f.type->clear(holder);
  }
}

}  // namespace

std::vector<ParameterRow> parameter_rows(const TypeInfo& type, const void* defaults) {
  std::vector<ParameterRow> rows;
  add_rows(type, defaults, "", rows);
  return rows;
}

namespace {
bool any(const std::vector<ParameterRow>& rows, std::string ParameterRow::*column) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const ParameterRow& r) { return !(r.*column).empty(); });
}
}  // namespace

std::string text_table(const std::vector<ParameterRow>& rows) {
  std::size_t key = 9, kind = 4, value = 7, range = 5,
              scale = any(rows, &ParameterRow::scale) ? 5 : 0;
  const bool live = any(rows, &ParameterRow::live);
  for (const ParameterRow& r : rows) {
    key = std::max(key, r.key.size());
    kind = std::min<std::size_t>(std::max(kind, r.kind.size()), 28);
    value = std::min<std::size_t>(std::max(value, r.default_value.size()), 24);
    range = std::max(range, r.range.size());
    scale = std::max(scale, r.scale.size());
  }
  const auto row = [&](const ParameterRow& r) {
    std::string line = fmt::format("{:<{}}  {:<{}}  {:<{}}  {:<{}}  ", r.key, key, r.kind, kind,
                                   r.default_value, value, r.range, range);
    if (scale > 0) line += fmt::format("{:<{}}  ", r.scale, scale);
    if (live) line += fmt::format("{:<4}  ", r.live);
    line += r.help;
    if (!r.source.empty()) line += fmt::format(" [{}]", r.source);
    return line + "\n";
  };
  std::string text =
      row({"parameter", "kind", "default", "range", "scale", "live", "meaning [source]", ""});
  for (const ParameterRow& r : rows) text += row(r);
  return text;
}

std::string markdown_table(const std::vector<ParameterRow>& rows) {
  const auto cell = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
  };
  const bool scale = any(rows, &ParameterRow::scale), live = any(rows, &ParameterRow::live);
  const auto column = [](bool there, const std::string& text) {
    return there ? " " + text + " |" : "";
  };
  std::string text = fmt::format("| parameter | kind | default | range |{}{} meaning | source |\n",
                                 column(scale, "scale"), column(live, "live"));
  text += fmt::format("|---|---|---|---|{}{}---|---|\n", scale ? "---|" : "", live ? "---|" : "");
  for (const ParameterRow& r : rows)
    text += fmt::format("| `{}` | {} | {} | {} |{}{} {} | {} |\n", r.key, cell(r.kind),
                        cell(r.default_value), cell(r.range), column(scale, r.scale),
                        column(live, r.live), cell(r.help), cell(r.source));
  return text;
}

nlohmann::ordered_json json_table(const std::vector<ParameterRow>& rows) {
  auto out = nlohmann::ordered_json::array();
  for (const ParameterRow& r : rows)
    out.push_back({{"key", r.key},
                   {"kind", r.kind},
                   {"default", r.default_value},
                   {"range", r.range},
                   {"scale", r.scale},
                   {"live", !r.live.empty()},
                   {"help", r.help},
                   {"source", r.source}});
  return out;
}

const TypeInfo* described_at(const TypeInfo& type, const std::string& path) {
  const TypeInfo* at = &type;
  std::size_t i = 0;
  while (i < path.size()) {
    const auto end = std::min(path.find('.', i), path.size());
    const std::string key = path.substr(i, std::min(path.find('[', i), end) - i);
    at = innermost(at);
    const auto field = std::find_if(at->fields.begin(), at->fields.end(),
                                    [&](const FieldInfo& f) { return f.key == key; });
    if (field == at->fields.end()) return nullptr;
    at = field->type;
    i = end + 1;
  }
  return at;
}

}  // namespace stampede
