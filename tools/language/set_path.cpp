// Values given on the command line: where a path such as spec.regions.apac.share leads.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/registry.h"
#include "tools/language/yaml_loader.h"

namespace stampede {
namespace {

struct Token {
  std::string text;
  bool index;  // written in brackets
};

// Empty when the path is malformed.
std::vector<Token> split_path(const std::string& path) {
  std::vector<Token> tokens;
  std::size_t i = 0;
  while (i < path.size()) {
    if (path[i] == '[') {
      const auto end = path.find(']', i);
      if (tokens.empty() || end == std::string::npos || end == i + 1) return {};
      tokens.push_back({path.substr(i + 1, end - i - 1), true});
      i = end + 1;
      if (i < path.size() && path[i] != '.' && path[i] != '[') return {};
    } else {
      if (!tokens.empty()) {
        if (path[i] != '.') return {};
        ++i;
      }
      const auto end = std::min(path.find_first_of(".[", i), path.size());
      if (end == i) return {};
      tokens.push_back({path.substr(i, end - i), false});
      i = end;
    }
  }
  return tokens;
}

// What an element of a list is called, for addressing: its `name`, or what it selects.
std::string element_name(const TypeInfo& type, const void* element) {
  if (type.kind == ValueKind::kSelection) return static_cast<const Selection*>(element)->name;
  if (type.kind != ValueKind::kStruct) return "";
  for (const FieldInfo& f : type.fields)
    if (f.key == "name" && f.type->kind == ValueKind::kText) return f.type->print(f.get(element));
  return "";
}

}  // namespace

// Moves the target one token down; reports and returns false where there is no such place.
bool YamlLoader::step(Target& t, const std::string& token, bool index) {
  const auto fail = [&](const std::string& message) {
    faults_.push_back({option_text_, 0, 0, t.path, message, ""});
    return false;
  };
  if (t.type->kind == ValueKind::kOptional) {
    known_.origins.erase(t.path);
    if (t.field && t.field->type == t.type && !t.field->inherits.empty()) {
      t.object = own(*t.type, t.object, *t.field, t.path);
      changing_ = true;
    } else {
      t.object = t.type->size(t.object) ? t.type->at(t.object, 0) : t.type->append(t.object);
    }
    t.type = t.type->element;
    return step(t, token, index);
  }
  if (t.type->kind == ValueKind::kList) {
    const std::size_t size = t.type->size(t.object);
    std::size_t at = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), at);
    const bool number = error == std::errc() && end == token.data() + token.size();
    if (!number) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < size; ++i)
        names.push_back(element_name(*t.type->element, t.type->at(t.object, i)));
      const auto found = std::find(names.begin(), names.end(), token);
      if (found == names.end())
        return fail(fmt::format("no element is named '{}'{}", token, suggestion(token, names)));
      at = static_cast<std::size_t>(found - names.begin());
      if (std::find(found + 1, names.end(), token) != names.end())
        return fail(fmt::format("several elements are named '{}'; use an index", token));
    }
    if (at >= size) return fail(fmt::format("[{}] is beyond the list's {} elements", at, size));
    t.path = element_path(t.path, at);
    t.object = t.type->at(t.object, at);
    t.type = t.type->element;
    return true;
  }
  const TypeInfo* fields = t.type;
  void* owner = t.object;
  std::string selector;
  if (t.type->kind == ValueKind::kSelection) {
    auto& selection = *static_cast<Selection*>(t.object);
    if (!selection.type) return fail(fmt::format("no {} is selected here", t.type->category));
    selector = t.type->selector;
    fields = selection.type;
    owner = selection.params.get();
  } else if (t.type->kind != ValueKind::kStruct) {
    return fail("a single value has nothing below it");
  }
  if (index) return fail("this is no list");
  if (token == selector && !selector.empty())
    return fail(
        fmt::format("set the whole element instead, such as {}={{{}: NAME}}", t.path, selector));
  const auto field = std::find_if(fields->fields.begin(), fields->fields.end(),
                                  [&](const FieldInfo& f) { return f.key == token; });
  const std::string around = t.path;
  t.path = child_path(around, token);
  const auto inlined = std::find_if(fields->fields.begin(), fields->fields.end(),
                                    [](const FieldInfo& f) { return f.inlined; });
  if (field == fields->fields.end() && inlined != fields->fields.end()) {
    t.path = child_path(around, inlined->key);
    t.object = inlined->member(owner);
    t.type = inlined->type;
    t.field = &*inlined;
    return token == inlined->type->selector || step(t, token, index);
  }
  if (field == fields->fields.end()) {
    std::vector<std::string> keys;
    for (const FieldInfo& f : fields->fields) keys.push_back(f.key);
    return fail(unknown_key(around, *fields, token, keys));
  }
  t.object = field->member(owner);
  t.type = field->type;
  t.field = &*field;
  return true;
}

// A quantity so many times as it stands there, as text; nothing that is absent.
std::string YamlLoader::multiplied(const Target& target, double times) {
  const bool optional = target.type->kind == ValueKind::kOptional;
  if (optional && target.type->size(target.object) == 0) return "null";
  const TypeInfo& type = optional ? *target.type->element : *target.type;
  void* object = optional ? target.type->at(target.object, 0) : target.object;
  STAMPEDE_CHECK(type.scale != nullptr && target.field != nullptr, "no quantity to multiply");
  FieldInfo field = *target.field;
  field.scaling = Scaling::kWith;
  type.scale(object, times, field);
  return type.print(object);
}

void YamlLoader::set(const Override& change) {
  if (const auto star = change.path.find("[*]"); star != std::string::npos) {
    Target list{&type_, object_, nullptr, ""};
    for (const Token& token : split_path(change.path.substr(0, star)))
      if (!step(list, token.text, token.index)) return;
    if (list.type->kind != ValueKind::kList) {
      faults_.push_back({"--set " + change.path + "=" + change.value, 0, 0, list.path,
                         "this is no list, so [*] means nothing here", ""});
      return;
    }
    const std::size_t elements = list.type->size(list.object);
    for (std::size_t i = 0; i < elements; ++i)
      set({element_path(change.path.substr(0, star), i) + change.path.substr(star + 3),
           change.value, change.option, change.times});
    return;
  }
  option_ = change.option;
  option_text_ = change.option == "--set" ? "--set " + change.path + "=" + change.value
                                          : change.option + " " + change.value;
  changing_ = false;
  Target target{&type_, object_, nullptr, ""};
  const std::vector<Token> tokens = split_path(change.path);
  bool found = !tokens.empty();
  if (!found)
    faults_.push_back(
        {option_text_, 0, 0, "", "not a path; write one such as spec.regions[0].share=50%", ""});
  for (std::size_t i = 0; found && i < tokens.size(); ++i)
    found = step(target, tokens[i].text, tokens[i].index);
  if (found) {
    std::erase_if(missing_, [&](const auto& item) {
      return item.first == target.path || item.first.starts_with(target.path + ".");
    });
    const std::string value = change.times != 0 ? multiplied(target, change.times) : change.value;
    try {
      SourceText text{option_text_, value};
      YamlNode nothing;
      const bool blank = value.find_first_not_of(" \t") == std::string::npos;
      // An inlined selection is chosen anew by its selector: `...do=page`.
      const bool chosen =
          target.field && target.field->inlined && tokens.back().text == target.type->selector;
      if (chosen) text.text = "{" + target.type->selector + ": " + value + "}";
      const YamlPtr node = blank ? nullptr : parse_yaml(text);
      read(node ? *node : nothing, *target.type, target.object, target.field, target.path);
    } catch (const InputError& error) {
      for (Diagnostic d : error.diagnostics) {
        d.line = 0;
        d.path = target.path;
        faults_.push_back(std::move(d));
      }
    }
  }
  changing_ = false;
  option_.clear();
  option_text_.clear();
}

// Of a path by which something is known, which leads somewhere unless a list was replaced since.
std::optional<YamlLoader::Target> YamlLoader::find(const std::string& path) {
  Target target{&type_, object_, nullptr, ""};
  const std::size_t faults = faults_.size();
  for (const Token& token : split_path(path))
    if (!step(target, token.text, token.index)) {
      faults_.resize(faults);
      return std::nullopt;
    }
  return target;
}

void YamlLoader::add_selection(const std::string& path, const std::string& name,
                               const std::string& option) {
  option_ = option;
  option_text_ = option + " " + name;
  Target target{&type_, object_, nullptr, ""};
  bool found = true;
  for (const Token& token : split_path(path)) found = found && step(target, token.text, false);
  const TypeInfo* element = found ? target.type->element : nullptr;
  if (element && target.type->kind == ValueKind::kList && element->kind == ValueKind::kSelection) {
    // Looked up first, so that a misspelt name leaves no empty element behind.
    Selection selection;
    if (select(YamlNode{}, *element, selection, name, "")) {
      const std::size_t index = target.type->size(target.object);
      *static_cast<Selection*>(target.type->append(target.object)) = selection;
      known_.origins.erase(path);
      mark(YamlNode{}, element_path(path, index), false);
      mark(YamlNode{}, child_path(element_path(path, index), element->selector), true);
    }
  } else if (found) {
    faults_.push_back({option_text_, 0, 0, path, "nothing can be added here", ""});
  }
  option_.clear();
  option_text_.clear();
}

}  // namespace stampede
