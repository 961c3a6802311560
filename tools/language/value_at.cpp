#include "tools/language/value_at.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

std::vector<std::string> tokens_of(const std::string& path) {
  std::vector<std::string> tokens;
  std::string token;
  for (const char c : path) {
    if (c != '.' && c != '[' && c != ']') {
      token += c;
      continue;
    }
    if (!token.empty()) tokens.push_back(token);
    token.clear();
  }
  if (!token.empty()) tokens.push_back(token);
  return tokens;
}

std::string name_of(const TypeInfo& type, const void* element) {
  if (type.kind == ValueKind::kSelection) return static_cast<const Selection*>(element)->name;
  for (const FieldInfo& f : type.fields)
    if (f.key == "name" && f.type->kind == ValueKind::kText) return f.type->print(f.get(element));
  return "";
}

bool descend_list(ValueAt& at, const std::string& token) {
  const std::size_t size = at.type->size(at.object);
  const auto element = [&](std::size_t i) { return at.type->at(const_cast<void*>(at.object), i); };
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (token != "*" && (error != std::errc() || end != token.data() + token.size()))
    while (index < size && name_of(*at.type->element, element(index)) != token) ++index;
  if (index >= size) return false;
  at = {at.type->element, element(index), element_path(at.path, index), at.field};
  return true;
}

bool descend_field(ValueAt& at, const std::string& token) {
  const TypeInfo* fields = at.type;
  const void* owner = at.object;
  if (at.type->kind == ValueKind::kSelection) {
    const auto& selection = *static_cast<const Selection*>(at.object);
    if (!selection.type) return false;
    if (token == at.type->selector) {
      at = {&type_of<std::string>(), &selection.name, child_path(at.path, token)};
      return true;
    }
    fields = selection.type;
    owner = selection.params.get();
  }
  for (const FieldInfo& f : fields->fields)
    if (f.key == token) {
      at = {f.type, f.get(owner), child_path(at.path, f.key), &f};
      return true;
    }
  for (const FieldInfo& f : fields->fields)
    if (f.inlined) {
      at = {f.type, f.get(owner), child_path(at.path, f.key), &f};
      return descend_field(at, token);
    }
  return false;
}

// Through an optional to what it holds or inherits; false when that is nothing.
bool open_optional(ValueAt& at, const Whole& root) {
  if (at.type->kind != ValueKind::kOptional) return true;
  if (at.type->size(at.object) == 0) {
    if (at.field == nullptr || at.field->inherits.empty()) return false;
    const auto inherited = value_at(root.type, root.object, at.field->inherits);
    if (!inherited) return false;
    at = {inherited->type, inherited->object, at.path, at.field};
    return true;
  }
  at = {at.type->element, at.type->at(const_cast<void*>(at.object), 0), at.path, at.field};
  return true;
}

}  // namespace

std::optional<double> ValueAt::number() const {
  if (base_unit(type->kind).empty()) return std::nullopt;
  return type->number(object);
}

std::string ValueAt::text() const { return type->print ? type->print(object) : ""; }

std::optional<ValueAt> place_at(const TypeInfo& type, const void* object, const std::string& path) {
  ValueAt at{&type, object, ""};
  for (const std::string& token : tokens_of(path)) {
    if (!open_optional(at, {type, object})) return std::nullopt;
    const bool found =
        at.type->kind == ValueKind::kList ? descend_list(at, token) : descend_field(at, token);
    if (!found) return std::nullopt;
  }
  return at;
}

std::optional<ValueAt> value_at(const TypeInfo& type, const void* object, const std::string& path) {
  std::optional<ValueAt> at = place_at(type, object, path);
  return at && open_optional(*at, {type, object}) ? at : std::nullopt;
}

const TypeInfo& scalar_of(const TypeInfo& type) {
  return type.kind == ValueKind::kOptional ? *type.element : type;
}

std::string base_unit(ValueKind kind) {
  switch (kind) {
    case ValueKind::kDuration:
      return "s";
    case ValueKind::kRate:
      return "1/s";
    case ValueKind::kBytes:
      return "B";
    case ValueKind::kBandwidth:
      return "B/s";
    case ValueKind::kShare:
    case ValueKind::kInteger:
    case ValueKind::kNumber:
    case ValueKind::kBoolean:
      return "1";
    default:
      return "";
  }
}

}  // namespace stampede
