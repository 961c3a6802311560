// Describe once, derive all: each parameter is named once with its unit, range, default, help and
// source; the YAML loader, messages, JSON Schema, `describe`, docs, `--set` and the manifest
// follow. A Params struct has `static void describe(Schema<Self>&)`. Defaults are the member
// initialisers. No YAML here: text comes from and goes to tools/language.
#pragma once
#include <bit>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/enum_names.h"
#include "sim/time.h"
#include "sim/units.h"
#include "sim/value_text.h"

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

// What a parameter does when a scenario is made smaller by a factor, its `scale`.
enum class Scaling : u8 {
  kNone,      // a time, a ratio, one pod's behaviour
  kWith,      // counts, rates, capacities of the whole: times the scale
  kInverse,   // what one of fewer weighs: divided by the scale
  kWithFleet  // as kWith, rounded with the fleet of its region, so that what was full stays full
};

struct TypeInfo;

// One described parameter of a struct.
struct FieldInfo {
  std::string key, help, source;  // an empty source is shown as `assumed`
  const TypeInfo* type = nullptr;
  std::ptrdiff_t offset = 0;               // of the member in its object
  std::optional<double> minimum, maximum;  // in base units (s, 1/s, 1, B, B/s)
  Scaling scaling = Scaling::kNone;
  double least = 0;  // kWith: what a whole number is not scaled below; 0 stays 0
  bool required = false;
  bool live = false;       // a run that goes on can change it
  std::string fixed;       // why it cannot, where that is worth saying
  bool not_empty = false;  // a list with something in it, a text with at least one character
  bool inlined = false;    // kSelection: its keys may stand among those of the struct itself
  // kOptional of a struct: null or not said, the values at this path hold; what is said of it
  // changes a copy of them.
  std::string inherits;
  // kList below what inherits: its elements change those inherited, by their `name` or by their
  // place, instead of replacing the list.
  bool elementwise = false;
  bool folded = false;  // its own fields are those of the struct around: not described again
  void* member(void* object) const { return static_cast<char*>(object) + offset; }
  const void* get(const void* object) const { return static_cast<const char*>(object) + offset; }
};

// What is known of a type: how to parse, print, walk.
struct TypeInfo {
  ValueKind kind{};
  std::string name;  // of structs
  // scalars: parse returns an empty string or what is wrong; print gives the canonical text
  std::function<std::string(const std::string& text, void* out)> parse;
  std::function<std::string(const void*)> print;
  std::function<double(const void*)> number;  // value in base units, for range checks
  // Multiplies a number or quantity by `factor` (kInverse: divides by it), whole ones rounded to
  // the nearest but not below field.least; those that are 0 stay 0. Null: it cannot be scaled.
  void (*scale)(void* value, double factor, const FieldInfo& field) = nullptr;
  std::vector<std::string> choices;            // kChoice
  std::vector<FieldInfo> fields;               // kStruct
  const TypeInfo* element = nullptr;           // kList, kOptional
  std::size_t (*size)(const void*) = nullptr;  // kList; kOptional: 0 or 1
  void* (*append)(void*) = nullptr;            // kList, kOptional: address of a new element
  void* (*at)(void*, std::size_t) = nullptr;
  void (*clear)(void*) = nullptr;
  // kStruct; selections in it are shared with the original, not copied.
  void (*assign)(void* to, const void* from) = nullptr;
  // kSelection: a mapping whose key `selector` names a registered entry of `category`; the other
  // keys are that entry's parameters.
  std::string selector, category;
  // kStruct: keys that may be looked for here in vain, each with the reason.
  std::vector<std::pair<std::string, std::string>> refused;
  // kStruct: a single value in its place is that of this key; empty: a mapping is wanted.
  std::string shorthand;
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

template <class T>
const TypeInfo& type_of();

// What else is said of a field, call after call.
class Field {
 public:
  explicit Field(FieldInfo& info) : info_(info) {}
  Field& help(std::string_view text);
  Field& source(std::string_view text);
  Field& range(double low, double high);
  Field& at_least(double low);
  // With spec.scale: see Scaling. An invariant error if the field's type is no quantity.
  Field& scales(double least = 1);
  Field& scales_inversely();
  Field& scales_with_fleet();
  Field& inlined();
  Field& inherits(std::string_view path);
  Field& elementwise();
  Field& folded();
  Field& required();
  // Where the key is written, it says something.
  Field& not_empty();
  // `do: set` may change it while a run goes on: whoever holds it acts by the new value in what
  // begins after that.
  Field& live();
  // It cannot be changed then, and this is why.
  Field& fixed(std::string_view why);

 private:
  FieldInfo& info_;
};

// Hundreds of fields are described: whatever does not depend on their types stands in params.cpp,
// or it would be compiled again for each.
namespace detail {

Field add_field(TypeInfo& type, std::string_view key, const TypeInfo& of, std::ptrdiff_t offset);

}  // namespace detail

template <class P>
class Schema {
 public:
  explicit Schema(TypeInfo& type) : type_(type) {}
  void name(std::string_view n) { type_.name = n; }
  template <class T>
  Field field(std::string_view key, T P::*member) {
    // In the C++ ABI of all our platforms (Itanium's) a pointer to a member is its offset.
    return detail::add_field(type_, key, type_of<T>(), std::bit_cast<std::ptrdiff_t>(member));
  }
  // The fields of the first base of P.
  template <class Base>
  void base() {
    static_assert(std::is_base_of_v<Base, P>);
    Schema<Base> schema(type_);
    Base::describe(schema);
  }
  void refuse(std::string_view key, std::string_view why) { type_.refused.emplace_back(key, why); }
  void shorthand(std::string_view key) { type_.shorthand = key; }

 private:
  TypeInfo& type_;
};

namespace detail {

// Makes the one description of a type, which is kept for good.
const TypeInfo& make_type(void (*fill)(TypeInfo&));

void fill_choice(TypeInfo& type, std::vector<std::string> choices, void (*set)(void*, std::size_t),
                 std::size_t (*get)(const void*));
void fill_selection(TypeInfo& type, const char* selector, const char* category);

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
void fill(TypeInfo& t) {
  if constexpr (std::is_enum_v<T>) {
    fill_choice(
        t, enum_names<T>(), [](void* v, std::size_t i) { *static_cast<T*>(v) = static_cast<T>(i); },
        [](const void* v) { return static_cast<std::size_t>(*static_cast<const T*>(v)); });
  } else if constexpr (is_vector<T>::value) {
    t.kind = ValueKind::kList;
    t.element = &type_of<typename T::value_type>();
    t.size = [](const void* v) { return static_cast<const T*>(v)->size(); };
    t.append = [](void* v) -> void* { return &static_cast<T*>(v)->emplace_back(); };
    t.at = [](void* v, std::size_t i) -> void* { return &static_cast<T*>(v)->at(i); };
    t.clear = [](void* v) { static_cast<T*>(v)->clear(); };
  } else if constexpr (is_optional<T>::value) {
    t.kind = ValueKind::kOptional;
    t.element = &type_of<typename T::value_type>();
    t.size = [](const void* v) -> std::size_t { return static_cast<const T*>(v)->has_value(); };
    t.append = [](void* v) -> void* { return &static_cast<T*>(v)->emplace(); };
    t.at = [](void* v, std::size_t) -> void* { return &**static_cast<T*>(v); };
    t.clear = [](void* v) { static_cast<T*>(v)->reset(); };
  } else if constexpr (std::is_base_of_v<Selection, T>) {
    fill_selection(t, T::tag::selector, T::tag::category);
  } else {
    t.kind = ValueKind::kStruct;
    t.assign = [](void* to, const void* from) {
      *static_cast<T*>(to) = *static_cast<const T*>(from);
    };
    Schema<T> schema(t);
    T::describe(schema);
  }
}

}  // namespace detail

template <class T>
const TypeInfo& type_of() {
  static const TypeInfo& type = detail::make_type(&detail::fill<T>);
  return type;
}
template <>
const TypeInfo& type_of<Duration>();
template <>
const TypeInfo& type_of<Rate>();
template <>
const TypeInfo& type_of<Share>();
template <>
const TypeInfo& type_of<Bytes>();
template <>
const TypeInfo& type_of<Bandwidth>();
template <>
const TypeInfo& type_of<UtcTime>();
template <>
const TypeInfo& type_of<i64>();
template <>
const TypeInfo& type_of<i32>();
template <>
const TypeInfo& type_of<u32>();
template <>
const TypeInfo& type_of<double>();
template <>
const TypeInfo& type_of<bool>();
template <>
const TypeInfo& type_of<std::string>();

}  // namespace stampede
