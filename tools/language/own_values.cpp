// Values that inherit others and may say otherwise: copies that are made when something is said of
// them, so that what is not said follows what is inherited.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "tools/language/effective.h"
#include "tools/language/value_at.h"
#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

const FieldInfo* name_field(const TypeInfo& element) {
  const auto found = std::find_if(element.fields.begin(), element.fields.end(),
                                  [](const FieldInfo& f) { return f.key == "name"; });
  return found == element.fields.end() || !found->required ? nullptr : &*found;
}

// What a mapping gives as its name; null: none.
const YamlNode* name_in(const YamlNode& item) {
  for (const auto& [key, value] : item.entries)
    if (key->text == "name" && value->kind == YamlNode::Kind::kScalar) return value.get();
  return nullptr;
}

}  // namespace

// The copy, made of what is inherited if there is none yet.
void* YamlLoader::own(const TypeInfo& type, void* object, const FieldInfo& field,
                      const std::string& path) {
  own_[path] = field.inherits;
  if (type.size(object) > 0) return type.at(object, 0);
  const auto from = value_at(type_, object_, field.inherits);
  STAMPEDE_CHECK(from && from->type == type.element, "nothing to inherit at " + field.inherits);
  void* copy = type.append(object);
  type.element->assign(copy, from->object);
  return copy;
}

bool YamlLoader::below_own(const std::string& path) const {
  // No copy lies in another, and no name holds a character before the full stop.
  const auto after = own_.upper_bound(path);
  if (after == own_.begin()) return false;
  const std::string& at = std::prev(after)->first;
  return path.starts_with(at) && path.size() > at.size() && path[at.size()] == '.';
}

void YamlLoader::read_own(const YamlNode& node, const TypeInfo& type, void* object,
                          const FieldInfo& field, const std::string& path) {
  if (!inheriting_ && option_.empty()) {
    mark(node, path, false);
    put_off_[path] = node;
    return;
  }
  known_.origins.erase(path);
  const bool outer = std::exchange(changing_, true), whole = std::exchange(anew_, false);
  read(node, *type.element, own(type, object, field, path), &field, path);
  changing_ = outer;
  anew_ = whole;
}

void YamlLoader::inherit() {
  inheriting_ = true;
  for (const auto& [path, node] : std::exchange(put_off_, {}))
    if (const auto target = find(path))
      read(node, *target->type, target->object, target->field, path);
}

// Which element an item changes; none: a fault.
std::optional<std::size_t> YamlLoader::place_of(const YamlNode& item, const TypeInfo& type,
                                                void* object, std::size_t index,
                                                const std::string& path) {
  const std::size_t size = type.size(object);
  const FieldInfo* named = name_field(*type.element);
  const YamlNode* name = named && item.kind == YamlNode::Kind::kMapping ? name_in(item) : nullptr;
  if (name) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < size; ++i)
      names.push_back(named->type->print(named->get(type.at(object, i))));
    const auto found = std::find(names.begin(), names.end(), name->text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    report(*name, child_path(path, "name"),
           fmt::format("none of those inherited is named '{}'{}; here they can be changed, not "
                       "added to",
                       name->text.substr(0, 60), suggestion(name->text, names)));
    return std::nullopt;
  }
  if (index < size) return index;
  if (!named) {
    while (type.size(object) <= index) type.append(object);
    return index;
  }
  report(item, path, fmt::format("{} are inherited; here they can be changed, not added to", size));
  return std::nullopt;
}

void YamlLoader::read_elements(const YamlNode& node, const TypeInfo& type, void* object,
                               const FieldInfo* field, const std::string& path) {
  mark(node, path, false);
  std::vector<std::size_t> read_before;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& item = *node.items[i];
    const auto at = place_of(item, type, object, i, element_path(path, i));
    if (!at) continue;
    if (std::find(read_before.begin(), read_before.end(), *at) != read_before.end()) {
      report(item, element_path(path, i), "this element is already given");
      continue;
    }
    read_before.push_back(*at);
    read(item, *type.element, type.at(object, *at), field, element_path(path, *at));
  }
}

void YamlLoader::inherit_again(const std::string& path, const std::string& option) {
  if (const auto star = path.find("[*]"); star != std::string::npos) {
    const auto list = value_at(type_, object_, path.substr(0, star));
    const std::size_t size =
        list && list->type->kind == ValueKind::kList ? list->type->size(list->object) : 0;
    for (std::size_t i = 0; i < size; ++i)
      inherit_again(element_path(path.substr(0, star), i) + path.substr(star + 3), option);
    return;
  }
  const auto value = value_at(type_, object_, path);
  if (!value) return;
  const auto origin = known_.origins.find(path);
  const std::string text = effective(*value->type, value->object).dump();
  for (const auto& [copy, inherited] : std::map(own_))
    if (path.starts_with(inherited + ".") && value_at(type_, object_, copy))
      set({copy + path.substr(inherited.size()), text,
           origin != known_.origins.end() ? origin->second : option});
}

}  // namespace stampede
