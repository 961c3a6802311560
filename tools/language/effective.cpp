#include "tools/language/effective.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

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

bool is_scalar(ValueKind kind) { return kind < ValueKind::kStruct; }

class YamlWriter {
 public:
  explicit YamlWriter(const std::map<std::string, std::string>& origins) : origins_(origins) {}

  void fields(const TypeInfo& type, const void* object, const std::string& path,
              const std::string& indent, bool first_is_item) {
    bool first = first_is_item;
    for (const FieldInfo& f : type.fields) {
      value(f.key, *f.type, f.get(object), child_path(path, f.key), &f, lead(indent, first),
            indent);
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
  void value(const std::string& key, const TypeInfo& type, const void* object,
             const std::string& path, const FieldInfo* field, const std::string& head,
             const std::string& indent) {
    const std::string deeper = indent + "  ";
    switch (type.kind) {
      case ValueKind::kStruct:
        if (type.fields.empty()) return line(head + key + ": {}", path, field);
        line(head + key + ":", "", nullptr);
        return fields(type, object, path, deeper, false);
      case ValueKind::kOptional:
        if (type.size(object) == 0) return line(head + key + ": null", path, field);
        return value(key, *type.element, type.at(const_cast<void*>(object), 0), path, field, head,
                     indent);
      case ValueKind::kSelection:
        if (!static_cast<const Selection*>(object)->type)
          return line(head + key + ": null", path, field);
        line(head + key + ":", "", nullptr);
        return selection(type, object, path, deeper, false);
      case ValueKind::kList:
        return list(key, type, object, path, field, head, indent);
      default:
        return line(head + key + ": " + scalar_text(type, object), path, field);
    }
  }
  void list(const std::string& key, const TypeInfo& type, const void* object,
            const std::string& path, const FieldInfo* field, const std::string& head,
            const std::string& indent) {
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
        fields(element, at(i), item, deeper, true);
      }
    }
  }

  const std::map<std::string, std::string>& origins_;
};

}  // namespace

ordered_json effective(const TypeInfo& type, const void* object) {
  switch (type.kind) {
    case ValueKind::kStruct: {
      ordered_json out = ordered_json::object();
      for (const FieldInfo& f : type.fields) out[f.key] = effective(*f.type, f.get(object));
      return out;
    }
    case ValueKind::kList: {
      ordered_json out = ordered_json::array();
      for (std::size_t i = 0; i < type.size(object); ++i)
        out.push_back(effective(*type.element, type.at(const_cast<void*>(object), i)));
      return out;
    }
    case ValueKind::kOptional:
      if (type.size(object) == 0) return nullptr;
      return effective(*type.element, type.at(const_cast<void*>(object), 0));
    case ValueKind::kSelection: {
      const auto& selection = *static_cast<const Selection*>(object);
      if (!selection.type) return nullptr;
      ordered_json out = ordered_json::object();
      out[type.selector] = selection.name;
      const ordered_json params = effective(*selection.type, selection.params.get());
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

std::string effective_yaml(const TypeInfo& type, const void* object,
                           const std::map<std::string, std::string>& origins) {
  YamlWriter writer(origins);
  writer.fields(type, object, "", "", false);
  return writer.text;
}

}  // namespace stampede
