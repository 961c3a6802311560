#include "tools/language/yaml_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sim/registry.h"
#include "tools/files/printable.h"

namespace stampede {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kMostFaultsShown = 100, kMostFaultsKept = 1000;
// The loader follows described types, whose depth the text's nesting does not bound.
const char* kind_in_words(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "a single value";
    case Kind::kMapping:
      return "a mapping";
    case Kind::kSequence:
      return "a list";
  }
  return "";
}

std::vector<std::string> keys_of(const TypeInfo& type) {
  std::vector<std::string> keys;
  for (const FieldInfo& f : type.fields) keys.push_back(f.key);
  return keys;
}

std::string one_of(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string shortened(const std::string& text) {
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

// `{key: value}`, at the place of the value.
YamlNode keyed(const std::string& key, const YamlNode& value) {
  YamlNode name = value, mapping = value;
  name.text = key;
  name.quoted = false;
  mapping.kind = Kind::kMapping;
  mapping.entries = {
      {std::make_shared<const YamlNode>(name), std::make_shared<const YamlNode>(value)}};
  return mapping;
}

// Names and their like stand in tables, files and on terminals; only a summary has several lines.
bool fits_text(const std::string& text, const FieldInfo* field) {
  const bool lines = field && field->key == "summary";
  return (lines ? printable_lines(text) : printable(text)) == text;
}

}  // namespace

std::string child_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

std::string element_path(const std::string& path, std::size_t index) {
  return fmt::format("{}[{}]", path, index);
}

std::vector<std::string> registered_names(const std::string& category) {
  std::vector<std::string> names;
  for (const auto& [key, entry] : Registry::global().all())
    if (key.first == category) names.push_back(key.second);
  return names;
}

std::string registered_suggestion(const std::string& category, const std::string& name) {
  const std::string said = suggestion(name, registered_names(category));
  return said.empty() ? fmt::format("; `stampede list {}s` has all names", category) : said;
}

std::string bound_text(ValueKind kind, double bound) {
  switch (kind) {
    case ValueKind::kDuration:
      return print(from_seconds(bound));
    case ValueKind::kRate:
      return print(Rate{bound});
    case ValueKind::kShare:
      return print_number(bound * 100) + "%";
    case ValueKind::kBytes:
      return print_number(bound) + "B";
    case ValueKind::kBandwidth:
      return print_number(bound) + "B/s";
    default:
      return print_number(bound);
  }
}

std::string unknown_key(const std::string& path, const TypeInfo& type, const std::string& key,
                        const std::vector<std::string>& valid) {
  for (const auto& [refused, why] : type.refused)
    if (refused == key) return why;
  for (const FieldInfo& f : type.fields)
    if (f.inlined && f.type->selector == key)
      return fmt::format("`{}` says it already: leave one of the two out", f.key);
  const std::string near = suggestion(key, valid);
  if (!near.empty() || !path.starts_with("spec")) return "unknown key" + near;
  std::string group = path;
  for (auto open = group.find('['); open != std::string::npos; open = group.find('['))
    group.erase(open, group.find(']', open) - open + 1);
  return fmt::format("unknown key; `stampede describe {}` lists those that there are", group);
}

Diagnostic Provenance::locate(const std::string& path, const std::string& message) const {
  std::string around = path;
  while (true) {
    if (const auto it = places.find(around); it != places.end()) {
      if (!it->second.option.empty()) return {it->second.option, 0, 0, path, message, ""};
      const SourceText& text = it->second.included ? *it->second.included : source;
      return text.at(it->second.line, it->second.byte_column, path, message);
    }
    const auto cut = around.find_last_of(".[");
    if (cut == std::string::npos) return {source.name, 0, 0, path, message, ""};
    around.resize(cut);
  }
}

YamlLoader::YamlLoader(const TypeInfo& type, void* object, SourceText source, AllowedPaths allowed)
    : type_(type), object_(object), allowed_(std::move(allowed)) {
  known_.source = std::move(source);
}

bool YamlLoader::enough() const { return faults_.size() >= kMostFaultsKept; }

void YamlLoader::read_source() {
  const YamlPtr root = parse_yaml(known_.source);
  read(*root, type_, object_, nullptr, "");
}

void YamlLoader::report(const YamlNode& at, const std::string& path, const std::string& message) {
  if (enough())
    ++not_told_;  // finding its place in a long text costs time
  else if (at.source)
    faults_.push_back(at.source->at(at.line, at.column, path, message));
  else if (!option_.empty())
    faults_.push_back({option_text_, 0, 0, path, message, ""});
  else
    faults_.push_back(known_.source.at(at.line, at.column, path, message));
}

void YamlLoader::fault(const std::string& path, const std::string& message) {
  faults_.push_back(known_.locate(path, message));
}

void YamlLoader::mark(const YamlNode& at, const std::string& path, bool leaf) {
  const bool written = at.source || option_.empty();  // in a file
  known_.places[path] = written ? Provenance::Place{at.line, at.column, "", at.source}
                                : Provenance::Place{0, 0, option_text_};
  if (!leaf) return;
  const std::string& file = at.source ? at.source->name : known_.source.name;
  known_.origins[path] = written ? fmt::format("{}:{}", file, at.line) : option_;
}

void YamlLoader::forget(const std::string& path) {
  // A list read anew drops what was known of its former elements.
  const auto below = [&](const std::string& p) {
    return p == path || (p.starts_with(path) && (p[path.size()] == '.' || p[path.size()] == '['));
  };
  std::erase_if(known_.origins, [&](const auto& item) { return below(item.first); });
  std::erase_if(known_.places, [&](const auto& item) { return below(item.first); });
}

void YamlLoader::read(const YamlNode& node, const TypeInfo& type, void* object,
                      const FieldInfo* field, const std::string& path) {
  switch (type.kind) {
    case ValueKind::kStruct:
      if (node.kind == Kind::kScalar && !type.shorthand.empty())
        return read(keyed(type.shorthand, node), type, object, field, path);
      if (node.kind != Kind::kMapping)
        return report(node, path,
                      fmt::format("a mapping is wanted, this is {}", kind_in_words(node.kind)));
      mark(node, path, false);
      return read_fields(with_inlined(with_included(node, type, path), type), type, object, "",
                         path);
    case ValueKind::kList:
      return read_list(node, type, object, field, path);
    case ValueKind::kOptional:
      if (node.kind == Kind::kNull) {
        forget(path);
        put_off_.erase(path);
        type.clear(object);
        return mark(node, path, true);
      }
      if (field && field->type == &type && !field->inherits.empty())
        return read_own(node, type, object, *field, path);
      if (changing_ && names_file(node, *type.element)) type.clear(object);  // which says all of it
      known_.origins.erase(path);
      return read(node, *type.element, type.size(object) ? type.at(object, 0) : type.append(object),
                  field, path);
    case ValueKind::kSelection:
      return read_selection(node, type, object, path);
    default:
      return read_scalar(node, type, object, field, path);
  }
}

void YamlLoader::read_scalar(const YamlNode& node, const TypeInfo& type, void* object,
                             const FieldInfo* field, const std::string& path) {
  mark(node, path, true);
  if (node.kind == Kind::kNull) return report(node, path, "the value is missing");
  if (node.kind != Kind::kScalar)
    return report(node, path,
                  fmt::format("a single value is wanted, this is {}", kind_in_words(node.kind)));
  if (node.quoted && (type.kind == ValueKind::kBoolean || type.kind == ValueKind::kInteger))
    return report(node, path, "a text in quotes; write the value without them");
  if (type.kind == ValueKind::kChoice) {
    if (std::find(type.choices.begin(), type.choices.end(), node.text) == type.choices.end()) {
      const std::string near = nearest_name(node.text, type.choices);
      return report(node, path,
                    fmt::format("'{}' is none of {}{}", shortened(node.text), one_of(type.choices),
                                near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
  }
  if (type.kind == ValueKind::kText && !fits_text(node.text, field))
    return report(node, path,
                  fmt::format("'{}': a text has no control characters and no marks of direction",
                              shortened(node.text)));
  if (field && field->not_empty && node.text.empty())
    return report(node, path, "an empty text; write one or leave the key out");
  if (const std::string wrong = type.parse(node.text, object); !wrong.empty())
    return report(node, path, fmt::format("'{}': {}", shortened(node.text), wrong));
  if (!field || !type.number) return;
  const double value = type.number(object);
  if (field->minimum && value < *field->minimum)
    report(node, path,
           fmt::format("{} is below the least allowed, {}", shortened(node.text),
                       bound_text(type.kind, *field->minimum)));
  else if (field->maximum && value > *field->maximum)
    report(node, path,
           fmt::format("{} is above the most allowed, {}", shortened(node.text),
                       bound_text(type.kind, *field->maximum)));
}

void YamlLoader::read_list(const YamlNode& node, const TypeInfo& type, void* object,
                           const FieldInfo* field, const std::string& path) {
  if (node.kind != Kind::kSequence)
    return report(node, path,
                  node.kind == Kind::kNull
                      ? "nothing stands here; write [] for an empty list, or leave the key out"
                      : fmt::format("a list is wanted, such as [a, b]; this is {}",
                                    kind_in_words(node.kind)));
  if (field && field->not_empty && node.items.empty())
    return report(node, path, "an empty list; write what it holds or leave the key out");
  if (changing_ && field && field->elementwise)
    return read_elements(node, type, object, field, path);
  forget(path);
  mark(node, path, node.items.empty());
  type.clear(object);
  std::map<std::string, u32> names;
  const std::vector<FieldInfo>& fields = type.element->fields;
  const bool named =
      std::any_of(fields.begin(), fields.end(), [](const FieldInfo& f) { return f.key == "name"; });
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& item = *node.items[i];
    const bool outer = std::exchange(anew_, true);
    read(item, *type.element, type.append(object), field, element_path(path, i));
    anew_ = outer;
    // Elements with a name are addressed by it, so two of one name cannot be told apart.
    if (!named || item.kind != Kind::kMapping) continue;
    for (const auto& [key, value] : item.entries) {
      if (key->text != "name" || value->kind != Kind::kScalar) continue;
      const auto [first, fresh] = names.emplace(value->text, value->line);
      if (!fresh)
        report(*value, child_path(element_path(path, i), "name"),
               fmt::format("the name '{}' is already used in line {}", shortened(value->text),
                           first->second));
    }
  }
}

bool YamlLoader::select(const YamlNode& at, const TypeInfo& type, Selection& selection,
                        const std::string& name, const std::string& path) {
  const RegistryEntry* entry = Registry::global().find(type.category, name);
  if (!entry) {
    report(at, path,
           fmt::format("no {} is named '{}'{}", type.category, shortened(name),
                       registered_suggestion(type.category, name)));
    return false;
  }
  selection.name = name;
  selection.params = entry->make_params();
  selection.type = entry->params;
  selection.origin = option_.empty()
                         ? fmt::format("{}:{}:{}", known_.source.name, at.line, at.column + 1)
                         : option_text_;
  return true;
}

void YamlLoader::read_selection(const YamlNode& node, const TypeInfo& type, void* object,
                                const std::string& path) {
  auto& selection = *static_cast<Selection*>(object);
  if (node.kind == Kind::kNull) {
    forget(path);
    selection = Selection{};
    return mark(node, path, true);
  }
  if (node.kind != Kind::kMapping)
    return report(node, path,
                  fmt::format("a mapping with the key `{}` is wanted, this is {}", type.selector,
                              kind_in_words(node.kind)));
  mark(node, path, false);
  for (const auto& [key, value] : node.entries) {
    if (key->kind != Kind::kScalar || key->text != type.selector) continue;
    const std::string at = child_path(path, type.selector);
    if (value->kind != Kind::kScalar)
      return report(*value, at, fmt::format("the name of a {} is wanted", type.category));
    if (!select(*value, type, selection, value->text, at)) return;
    mark(*value, at, true);
    return read_fields(with_included(node, *selection.type, path), *selection.type,
                       selection.params.get(), type.selector, path);
  }
  report(node, path,
         fmt::format("the key `{}` is missing; it names one of: {}", type.selector,
                     one_of(registered_names(type.category))));
}

// A selection may be written among the keys of the struct that holds it: `{at: 5m, do: page}` for
// `{at: 5m, action: {do: page}}`. Unless its own key is there, all keys that the struct does not
// know go to it, if its selector is among them.
YamlNode YamlLoader::with_inlined(const YamlNode& node, const TypeInfo& type) {
  const auto inlined = std::find_if(type.fields.begin(), type.fields.end(),
                                    [](const FieldInfo& f) { return f.inlined; });
  if (inlined == type.fields.end()) return node;
  const auto known = [&](const std::string& key) {
    return std::any_of(type.fields.begin(), type.fields.end(),
                       [&](const FieldInfo& f) { return f.key == key; });
  };
  YamlNode outer = node, inner = node;
  outer.entries.clear();
  inner.entries.clear();
  YamlPtr selector;
  for (const auto& entry : node.entries) {
    if (entry.first->text == inlined->key) return node;
    if (entry.first->text == inlined->type->selector) selector = entry.first;
    (known(entry.first->text) ? outer : inner).entries.push_back(entry);
  }
  if (!selector) return node;
  YamlNode key = *selector;
  key.text = inlined->key;
  outer.entries.emplace_back(std::make_shared<const YamlNode>(key),
                             std::make_shared<const YamlNode>(inner));
  return outer;
}

// A key that the struct around has too was read as its own.
std::string YamlLoader::missing_key(const FieldInfo& field) const {
  if (field.inlined)
    return fmt::format("the key `{}` is missing; {}", field.type->selector, field.help);
  std::string text = fmt::format("the key is missing; {}", field.help);
  if (around_ == nullptr) return text;
  for (const FieldInfo& f : around_->fields)
    if (f.inlined)
      for (const FieldInfo& own : around_->fields)
        if (own.key == field.key)
          text += fmt::format(
              "; beside `{0}` the key `{1}` means something else: write `{2}: "
              "{{{0}: ..., {1}: ...}}`",
              f.type->selector, own.key, f.key);
  return text;
}

void YamlLoader::read_fields(const YamlNode& node, const TypeInfo& type, void* object,
                             const std::string& selector, const std::string& path) {
  std::map<std::string, u32> seen;
  std::vector<std::string> valid = keys_of(type);
  if (!selector.empty()) valid.push_back(selector);
  for (std::string& key : valid)  // `do` stands for `action: {do: ...}`
    for (const FieldInfo& f : type.fields)
      if (f.inlined && f.key == key) key = f.type->selector;
  for (const auto& [key, value] : node.entries) {
    if (key->kind != Kind::kScalar) {
      report(*key, path, "a key must be a plain name");
      continue;
    }
    const std::string at = child_path(path, key->text);
    const auto [first, fresh] = seen.emplace(key->text, key->line);
    if (!fresh) {
      report(*key, at, fmt::format("the key is already given in line {}", first->second));
      continue;
    }
    if (key->text == selector && !selector.empty()) continue;
    const std::string& name = key->text;  // clang 14 captures no structured binding
    const auto field = std::find_if(type.fields.begin(), type.fields.end(),
                                    [&](const FieldInfo& f) { return f.key == name; });
    if (field == type.fields.end()) {
      if (key->text == "<<")
        report(*key, at, "merge keys are not part of the scenario language");
      else
        report(*key, at, enough() ? "" : unknown_key(path, type, key->text, valid));
      continue;
    }
    const TypeInfo* const outer = std::exchange(around_, field->inlined ? &type : around_);
    read(*value, *field->type, field->member(object), &*field, at);
    around_ = outer;
  }
  if ((!option_.empty() || changing_) && !anew_) return;  // it adds to what is there
  for (const FieldInfo& f : type.fields)
    if (f.required && !seen.contains(f.key) && missing_.size() < kMostFaultsKept) {
      const std::string at = child_path(path, f.key);
      missing_.emplace(at, known_.source.at(node.line, node.column, at, missing_key(f)));
    }
}

Provenance YamlLoader::finish() {
  for (const auto& [path, diagnostic] : missing_) faults_.push_back(diagnostic);
  if (!faults_.empty()) {
    std::stable_sort(
        faults_.begin(), faults_.end(), [this](const Diagnostic& a, const Diagnostic& b) {
          // Options last; a file's faults in the order of its text, included files after the
          // scenario.
          const auto order = [this](const Diagnostic& d) {
            return std::make_tuple(d.line == 0, d.line != 0 && d.file != known_.source.name,
                                   d.line == 0 ? std::string() : d.file, d.line, d.column);
          };
          return order(a) < order(b);
        });
    if (faults_.size() > kMostFaultsShown) {
      const std::size_t more = faults_.size() - kMostFaultsShown + not_told_;
      faults_.resize(kMostFaultsShown);
      faults_.push_back({known_.source.name, 0, 0, "", fmt::format("{} more faults", more), ""});
    }
    throw InputError(std::move(faults_));
  }
  std::map<std::string, std::string> origins;
  for (const std::string& path : leaf_paths(type_, object_)) {
    const auto it = known_.origins.find(path);
    if (it != known_.origins.end())
      origins[path] = it->second;
    else if (!below_own(path))  // else it is inherited
      origins[path] = "default";
  }
  known_.origins = std::move(origins);
  known_.notes = std::move(notes_);
  return std::move(known_);
}

std::vector<std::string> leaf_paths(const TypeInfo& type, const void* object,
                                    const std::string& path) {
  std::vector<std::string> paths;
  const auto append = [&](std::vector<std::string> more) {
    paths.insert(paths.end(), std::make_move_iterator(more.begin()),
                 std::make_move_iterator(more.end()));
  };
  const auto fields = [&](const TypeInfo& of, const void* owner) {
    for (const FieldInfo& f : of.fields)
      append(leaf_paths(*f.type, f.get(owner), child_path(path, f.key)));
  };
  switch (type.kind) {
    case ValueKind::kStruct:
      fields(type, object);
      break;
    case ValueKind::kList:
      if (type.size(object) == 0) paths.push_back(path);
      for (std::size_t i = 0; i < type.size(object); ++i)
        append(leaf_paths(*type.element, type.at(const_cast<void*>(object), i),
                          element_path(path, i)));
      break;
    case ValueKind::kOptional:
      if (type.size(object) == 0)
        paths.push_back(path);
      else
        append(leaf_paths(*type.element, type.at(const_cast<void*>(object), 0), path));
      break;
    case ValueKind::kSelection: {
      const auto& selection = *static_cast<const Selection*>(object);
      if (!selection.type) {
        paths.push_back(path);
        break;
      }
      paths.push_back(child_path(path, type.selector));
      fields(*selection.type, selection.params.get());
      break;
    }
    default:
      paths.push_back(path);
  }
  return paths;
}

}  // namespace stampede
