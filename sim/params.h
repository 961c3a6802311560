// Describe once, derive all: each parameter is named once with its unit, range, default, help and
// source; the YAML loader, messages, JSON Schema, `describe`, docs, `--set` and the manifest
// follow. A Params struct has `static void describe(Schema<Self>&)`. Defaults are the member
// initialisers. No YAML here: text comes from and goes to tools/language.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

enum class ValueKind : u8 {
  kDuration,
  kRate,
  kShare,
  kBytes,
  kBandwidth,
  kUtcTime,  // need a unit in the text
  kInteger,
  kNumber,
  kBoolean,
  kText,
  kChoice,  // bare scalars
  kStruct,
  kList,
  kOptional,
  kSelection
};

struct TypeInfo;

// One described parameter of a struct.
struct FieldInfo {
  std::string key, help, source;  // an empty source is shown as `assumed`
  const TypeInfo* type = nullptr;
  std::function<void*(void*)> member;      // object -> address of the member
  std::optional<double> minimum, maximum;  // in base units (s, 1/s, 1, B, B/s)
  bool required = false;
  bool inlined = false;  // kSelection: its keys may stand among those of the struct itself
  const void* get(const void* object) const { return member(const_cast<void*>(object)); }
};

// What is known of a type: how to parse, print, walk.
struct TypeInfo {
  ValueKind kind{};
  std::string name;  // of structs and choices
  // scalars: parse returns an empty string or what is wrong; print gives the canonical text
  std::function<std::string(const std::string& text, void* out)> parse;
  std::function<std::string(const void*)> print;
  std::function<double(const void*)> number;     // value in base units, for range checks
  std::vector<std::string> choices;              // kChoice
  std::vector<FieldInfo> fields;                 // kStruct
  const TypeInfo* element = nullptr;             // kList, kOptional
  std::function<std::size_t(const void*)> size;  // kList; kOptional: 0 or 1
  std::function<void*(void*)> append;            // kList, kOptional: address of a new element
  std::function<void*(void*, std::size_t)> at;
  std::function<void(void*)> clear;
  // kSelection: a mapping whose key `selector` names a registered entry of `category`; the other
  // keys are that entry's parameters.
  std::string selector, category;
};

// A named registered thing with its own parameters (mitigation, action, expectation, policy).
struct Selection {
  std::string name;
  std::shared_ptr<void> params;  // of the entry's type
  const TypeInfo* type = nullptr;
  std::string origin;  // file:line:column, for later messages
};

template <class Tag>
struct SelectionOf : Selection {
  using tag = Tag;  // static constexpr const char *selector, *category
};

// Text <-> value, the one place for units. Each returns an empty string or what is wrong.
std::string parse_duration(const std::string&, Duration&);
std::string parse_rate(const std::string&, Rate&);
std::string parse_share(const std::string&, Share&);
std::string parse_bytes(const std::string&, Bytes&);
std::string parse_bandwidth(const std::string&, Bandwidth&);
std::string parse_utc_time(const std::string&, UtcTime&);
std::string parse_integer(const std::string&, i64&);
std::string parse_number(const std::string&, double&);
std::string parse_boolean(const std::string&, bool&);
std::string print(Duration);
std::string print(Rate);
std::string print(Share);
std::string print(Bytes);
std::string print(Bandwidth);
std::string print(UtcTime);
std::string print_number(double);  // shortest text that reads back to the same double

template <class T>
const TypeInfo& type_of();

// Enums specialise this with the names of their values, in order from 0.
template <class E>
struct ChoiceNames;  // static constexpr const char* type; static std::vector<std::string> names();

template <class P>
class Schema {
 public:
  class Field {
   public:
    explicit Field(FieldInfo& info) : info_(info) {}
    Field& help(std::string text) {
      info_.help = std::move(text);
      return *this;
    }
    Field& source(std::string text) {
      info_.source = std::move(text);
      return *this;
    }
    Field& range(double low, double high) {
      info_.minimum = low;
      info_.maximum = high;
      return *this;
    }
    Field& at_least(double low) {
      info_.minimum = low;
      return *this;
    }
    Field& inlined() {
      info_.inlined = true;
      return *this;
    }
    Field& required() {
      info_.required = true;
      return *this;
    }

   private:
    FieldInfo& info_;
  };

  explicit Schema(TypeInfo& type) : type_(type) { type_.fields.reserve(64); }
  void name(std::string n) { type_.name = std::move(n); }
  template <class T>
  Field field(std::string key, T P::*member) {
    FieldInfo f;
    f.key = std::move(key);
    f.type = &type_of<T>();
    f.member = [member](void* object) -> void* { return &(static_cast<P*>(object)->*member); };
    type_.fields.push_back(std::move(f));
    STAMPEDE_CHECK(type_.fields.size() < 64, "a parameter struct has at most 63 fields");
    return Field(type_.fields.back());
  }

 private:
  TypeInfo& type_;
};

namespace detail {

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
TypeInfo scalar(ValueKind kind, std::string (*parse)(const std::string&, T&),
                std::string (*print)(const T&), double (*number)(const T&)) {
  TypeInfo t;
  t.kind = kind;
  t.parse = [parse](const std::string& s, void* out) { return parse(s, *static_cast<T*>(out)); };
  t.print = [print](const void* v) { return print(*static_cast<const T*>(v)); };
  t.number = [number](const void* v) { return number(*static_cast<const T*>(v)); };
  return t;
}
TypeInfo duration_type();
TypeInfo rate_type();
TypeInfo share_type();
TypeInfo bytes_type();
TypeInfo bandwidth_type();
TypeInfo utc_time_type();
TypeInfo i64_type();
TypeInfo i32_type();
TypeInfo u32_type();
TypeInfo number_type();
TypeInfo boolean_type();
TypeInfo text_type();

template <class E>
TypeInfo choice_type() {
  TypeInfo t;
  t.kind = ValueKind::kChoice;
  t.name = ChoiceNames<E>::type;
  t.choices = ChoiceNames<E>::names();
  t.parse = [names = t.choices](const std::string& s, void* out) -> std::string {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == s) {
        *static_cast<E*>(out) = static_cast<E>(i);
        return "";
      }
    return "not one of its choices";
  };
  t.print = [names = t.choices](const void* v) {
    return names[static_cast<std::size_t>(*static_cast<const E*>(v))];
  };
  return t;
}

template <class T>
TypeInfo list_type() {
  TypeInfo t;
  t.kind = ValueKind::kList;
  t.element = &type_of<typename T::value_type>();
  t.size = [](const void* v) { return static_cast<const T*>(v)->size(); };
  t.append = [](void* v) -> void* { return &static_cast<T*>(v)->emplace_back(); };
  t.at = [](void* v, std::size_t i) -> void* { return &static_cast<T*>(v)->at(i); };
  t.clear = [](void* v) { static_cast<T*>(v)->clear(); };
  return t;
}

template <class T>
TypeInfo optional_type() {
  TypeInfo t;
  t.kind = ValueKind::kOptional;
  t.element = &type_of<typename T::value_type>();
  t.size = [](const void* v) -> std::size_t { return static_cast<const T*>(v)->has_value(); };
  t.append = [](void* v) -> void* { return &static_cast<T*>(v)->emplace(); };
  t.at = [](void* v, std::size_t) -> void* { return &**static_cast<T*>(v); };
  t.clear = [](void* v) { static_cast<T*>(v)->reset(); };
  return t;
}

template <class T>
TypeInfo make_type() {
  if constexpr (std::is_same_v<T, Duration>)
    return duration_type();
  else if constexpr (std::is_same_v<T, Rate>)
    return rate_type();
  else if constexpr (std::is_same_v<T, Share>)
    return share_type();
  else if constexpr (std::is_same_v<T, Bytes>)
    return bytes_type();
  else if constexpr (std::is_same_v<T, Bandwidth>)
    return bandwidth_type();
  else if constexpr (std::is_same_v<T, UtcTime>)
    return utc_time_type();
  else if constexpr (std::is_same_v<T, i64>)
    return i64_type();
  else if constexpr (std::is_same_v<T, i32>)
    return i32_type();
  else if constexpr (std::is_same_v<T, u32>)
    return u32_type();
  else if constexpr (std::is_same_v<T, double>)
    return number_type();
  else if constexpr (std::is_same_v<T, bool>)
    return boolean_type();
  else if constexpr (std::is_same_v<T, std::string>)
    return text_type();
  else if constexpr (std::is_enum_v<T>)
    return choice_type<T>();
  else if constexpr (is_vector<T>::value)
    return list_type<T>();
  else if constexpr (is_optional<T>::value)
    return optional_type<T>();
  else if constexpr (std::is_base_of_v<Selection, T>) {
    TypeInfo t;
    t.kind = ValueKind::kSelection;
    t.selector = T::tag::selector;
    t.category = T::tag::category;
    return t;
  } else {
    TypeInfo t;
    t.kind = ValueKind::kStruct;
    Schema<T> schema(t);
    T::describe(schema);
    return t;
  }
}

}  // namespace detail

template <class T>
const TypeInfo& type_of() {
  static const TypeInfo type = detail::make_type<T>();
  return type;
}

}  // namespace stampede
