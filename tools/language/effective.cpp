#include "tools/language/effective.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "tools/language/profiles.h"
#include "tools/language/value_at.h"
#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kCommentColumn = 44;

bool plain_safe(const std::string& text) {
  static const std::vector<std::string> kReserved = {"null", "Null", "NULL",  "true",  "True",
                                                     "TRUE", "yes",  "no",    "on",    "off",
                                                     "y",    "n",    "false", "False", "FALSE"};
  if (text.empty() || std::find(kReserved.begin(), kReserved.end(), text) != kReserved.end())
    return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || digit(c) || c == '_' || c == '-' || c == '.' || c == '/';
  });
}

std::string scalar_text(const TypeInfo& type, const void* object) {
  std::string text = type.print(object);
  if (type.kind != ValueKind::kText || plain_safe(text)) return text;
  return ordered_json(text).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// What says nothing and would be refused if it were written.
bool left_out(const FieldInfo& field, const void* value) {
  if (!field.not_empty) return false;
  return field.type->kind == ValueKind::kList ? field.type->size(value) == 0
                                              : field.type->print(value).empty();
}

bool is_scalar(ValueKind kind) { return kind < ValueKind::kStruct; }

// What something inherits, or null if that is not part of `root`.
const void* inherited(const Whole& root, const FieldInfo& field) {
  const auto from = value_at(root.type, root.object, field.inherits);
  return from ? from->object : nullptr;
}

// What names a profile of its own is written in full: read again, the profile would come before
// what is left out.
bool has_own_profile(const TypeInfo& type, const void* object, const void* base) {
  return std::any_of(type.fields.begin(), type.fields.end(), [&](const FieldInfo& f) {
    return f.key == kProfileKey && f.type->print(f.get(object)) != f.type->print(f.get(base));
  });
}

class YamlWriter {
 public:
  YamlWriter(Whole root, const std::map<std::string, std::string>& origins)
      : root_(root), origins_(origins) {}

  // `base`: what the object inherits; what neither says otherwise nor has an origin is left out.
  void fields(const TypeInfo& type, const void* object, const std::string& path,
              const std::string& indent, bool first_is_item, const void* base = nullptr) {
    bool first = first_is_item;
    if (base != nullptr && has_own_profile(type, object, base)) base = nullptr;
    for (const FieldInfo& f : type.fields) {
      if (left_out(f, f.get(object))) continue;
      const std::string at = child_path(path, f.key);
      const void* below = base != nullptr ? f.get(base) : nullptr;
      if (!f.inherits.empty()) {
        if (f.type->size(f.get(object)) == 0) continue;
        below = inherited(root_, f);
      } else if (below != nullptr && !f.required && !stated(*f.type, f.get(object), below, at)) {
        continue;
      }
      value(f.key, *f.type, f.get(object), at, &f, lead(indent, first), indent, below);
      first = false;
    }
  }
  std::string text;

 private:
  static std::string lead(const std::string& indent, bool item) {
    return item ? indent.substr(0, indent.size() - 2) + "- " : indent;
  }
  void line(std::string content, const std::string& path, const FieldInfo* field) {
    const auto it = origins_.find(path);
    if (it != origins_.end()) {
      content.resize(std::max(content.size() + 1, kCommentColumn), ' ');
      content += " # " + it->second;
      if (it->second == "default" && field)
        content += field->source.empty() ? ", assumed" : ", " + field->source;
    } else if (!origins_.empty() && field) {
      content.resize(std::max(content.size() + 1, kCommentColumn), ' ');
      content += " # inherited";
    }
    text += content + "\n";
  }
  void selection(const TypeInfo& type, const void* object, const std::string& path,
                 const std::string& indent, bool item) {
    const auto& chosen = *static_cast<const Selection*>(object);
    line(lead(indent, item) + type.selector + ": " + chosen.name, child_path(path, type.selector),
         nullptr);
    fields(*chosen.type, chosen.params.get(), path, indent, false);
  }
  bool stated(const TypeInfo& type, const void* object, const void* base,
              const std::string& path) const {
    const auto it = origins_.lower_bound(path);
    if (it != origins_.end() && it->first.starts_with(path) &&
        (it->first.size() == path.size() || it->first[path.size()] == '.' ||
         it->first[path.size()] == '['))
      return true;
    return effective(type, object) != effective(type, base);
  }
  void value(const std::string& key, const TypeInfo& type, const void* object,
             const std::string& path, const FieldInfo* field, const std::string& head,
             const std::string& indent, const void* base) {
    const std::string deeper = indent + "  ";
    switch (type.kind) {
      case ValueKind::kStruct:
        if (type.fields.empty()) return line(head + key + ": {}", path, field);
        line(head + key + ":", "", nullptr);
        return fields(type, object, path, deeper, false, base);
      case ValueKind::kOptional:
        if (type.size(object) == 0) return line(head + key + ": null", path, field);
        if (base != nullptr && field->inherits.empty())
          base = type.size(base) == 0 ? nullptr : type.at(const_cast<void*>(base), 0);
        return value(key, *type.element, type.at(const_cast<void*>(object), 0), path, field, head,
                     indent, base);
      case ValueKind::kSelection:
        if (!static_cast<const Selection*>(object)->type)
          return line(head + key + ": null", path, field);
        line(head + key + ":", "", nullptr);
        return selection(type, object, path, deeper, false);
      case ValueKind::kList:
        return list(key, type, object, path, field, head, indent,
                    field->elementwise ? base : nullptr);
      default:
        return line(head + key + ": " + scalar_text(type, object), path, field);
    }
  }
  void list(const std::string& key, const TypeInfo& type, const void* object,
            const std::string& path, const FieldInfo* field, const std::string& head,
            const std::string& indent, const void* base) {
    const std::size_t size = type.size(object);
    const TypeInfo& element = *type.element;
    const auto at = [&](std::size_t i) { return type.at(const_cast<void*>(object), i); };
    if (size == 0) return line(head + key + ": []", path, field);
    if (element.kind != ValueKind::kStruct && element.kind != ValueKind::kSelection) {
      std::string row;
      for (std::size_t i = 0; i < size; ++i) {
        if (i > 0) row += ", ";
        row += is_scalar(element.kind) ? scalar_text(element, at(i))
                                       : effective(element, at(i)).dump();
      }
      return line(head + key + ": [" + row + "]", element_path(path, 0), field);
    }
    line(head + key + ":", "", nullptr);
    const std::string deeper = indent + "    ";
    for (std::size_t i = 0; i < size; ++i) {
      const std::string item = element_path(path, i);
      if (element.kind == ValueKind::kSelection) {
        if (static_cast<const Selection*>(at(i))->type)
          selection(element, at(i), item, deeper, true);
        else
          line(lead(deeper, true) + "null", item, nullptr);
      } else if (element.fields.empty()) {
        line(lead(deeper, true) + "{}", item, nullptr);
      } else {
        const bool inherits = base != nullptr && i < type.size(base);
        const void* below = inherits ? type.at(const_cast<void*>(base), i) : nullptr;
        const std::size_t before = text.size();
        fields(element, at(i), item, deeper, true, below);
        if (text.size() == before) line(lead(deeper, true) + "{}", item, nullptr);
      }
    }
  }

  const Whole root_;
  const std::map<std::string, std::string>& origins_;
};

}  // namespace

namespace {

ordered_json written(const Whole& root, const TypeInfo& type, const void* object);

// What `object` says otherwise than what it inherits; null if nothing.
std::optional<ordered_json> difference(const FieldInfo& field, const TypeInfo& type,
                                       const void* object, const void* base) {
  const auto at = [](const TypeInfo& list, const void* of, std::size_t i) {
    return list.at(const_cast<void*>(of), i);
  };
  if (type.kind == ValueKind::kStruct) {
    if (has_own_profile(type, object, base)) return effective(type, object);
    ordered_json out = ordered_json::object();
    for (const FieldInfo& f : type.fields)
      if (auto own = difference(f, *f.type, f.get(object), f.get(base))) out[f.key] = *own;
    return out.empty() ? std::nullopt : std::optional(out);
  }
  if (type.kind == ValueKind::kOptional && type.size(object) > 0 && type.size(base) > 0)
    return difference(field, *type.element, at(type, object, 0), at(type, base, 0));
  const ordered_json own = effective(type, object);
  if (own == effective(type, base)) return std::nullopt;
  if (type.kind != ValueKind::kList || !field.elementwise) return own;
  ordered_json out = ordered_json::array();
  for (std::size_t i = 0; i < type.size(object); ++i) {
    const auto element = i < type.size(base) ? difference(field, *type.element, at(type, object, i),
                                                          at(type, base, i))
                                             : std::optional(own[i]);
    out.push_back(element.value_or(ordered_json::object()));
  }
  return out;
}

ordered_json written_fields(const Whole& root, const TypeInfo& type, const void* object) {
  ordered_json out = ordered_json::object();
  for (const FieldInfo& f : type.fields) {
    const void* value = f.get(object);
    if (left_out(f, value)) continue;
    if (f.inherits.empty()) {
      out[f.key] = written(root, *f.type, value);
      continue;
    }
    if (f.type->size(value) == 0) continue;
    const TypeInfo& element = *f.type->element;
    const void* copy = f.type->at(const_cast<void*>(value), 0);
    const void* base = inherited(root, f);
    const auto own =
        base ? difference(f, element, copy, base) : std::optional(effective(element, copy));
    if (own) out[f.key] = *own;
  }
  return out;
}

ordered_json written(const Whole& root, const TypeInfo& type, const void* object) {
  switch (type.kind) {
    case ValueKind::kStruct:
      return written_fields(root, type, object);
    case ValueKind::kList: {
      ordered_json out = ordered_json::array();
      for (std::size_t i = 0; i < type.size(object); ++i)
        out.push_back(written(root, *type.element, type.at(const_cast<void*>(object), i)));
      return out;
    }
    case ValueKind::kOptional:
      if (type.size(object) == 0) return nullptr;
      return written(root, *type.element, type.at(const_cast<void*>(object), 0));
    case ValueKind::kSelection: {
      const auto& selection = *static_cast<const Selection*>(object);
      if (!selection.type) return nullptr;
      ordered_json out = ordered_json::object();
      out[type.selector] = selection.name;
      const ordered_json params = written(root, *selection.type, selection.params.get());
      for (const auto& [key, value] : params.items()) out[key] = value;
      return out;
    }
    case ValueKind::kInteger: {
      i64 value = 0;
      parse_integer(type.print(object), value);
      return value;
    }
    case ValueKind::kNumber:
      return type.number(object);
    case ValueKind::kBoolean:
      return type.number(object) != 0;
    default:
      return type.print(object);
  }
}

}  // namespace

ordered_json effective(const TypeInfo& type, const void* object) {
  return written({type, object}, type, object);
}

std::string effective_yaml(const TypeInfo& type, const void* object,
                           const std::map<std::string, std::string>& origins) {
  YamlWriter writer({type, object}, origins);
  writer.fields(type, object, "", "", false);
  return writer.text;
}

}  // namespace stampede
