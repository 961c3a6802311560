#include "sim/params.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

namespace stampede {

Field& Field::help(std::string_view text) {
  info_.help = text;
  return *this;
}
Field& Field::source(std::string_view text) {
  info_.source = text;
  return *this;
}
Field& Field::range(double low, double high) {
  info_.minimum = low;
  info_.maximum = high;
  return *this;
}
Field& Field::at_least(double low) {
  info_.minimum = low;
  return *this;
}
namespace {
void set_scaling(FieldInfo& info, Scaling scaling, double least) {
  const TypeInfo* type = info.type;
  while (type->kind == ValueKind::kOptional) type = type->element;
  STAMPEDE_CHECK(type->scale != nullptr, info.key + " cannot be scaled: it is no quantity");
  info.scaling = scaling;
  info.least = least;
}
}  // namespace
Field& Field::scales(double least) {
  set_scaling(info_, Scaling::kWith, least);
  return *this;
}
Field& Field::scales_inversely() {
  set_scaling(info_, Scaling::kInverse, 0);
  return *this;
}
Field& Field::scales_with_fleet() {
  set_scaling(info_, Scaling::kWithFleet, 1);
  return *this;
}
Field& Field::not_empty() {
  info_.not_empty = true;
  return *this;
}
Field& Field::inlined() {
  info_.inlined = true;
  return *this;
}
Field& Field::inherits(std::string_view path) {
  STAMPEDE_CHECK(
      info_.type->kind == ValueKind::kOptional && info_.type->element->kind == ValueKind::kStruct,
      info_.key + " cannot inherit: it is no optional struct");
  info_.inherits = path;
  return *this;
}
Field& Field::elementwise() {
  STAMPEDE_CHECK(info_.type->kind == ValueKind::kList, info_.key + " is no list");
  info_.elementwise = true;
  return *this;
}
Field& Field::folded() {
  info_.folded = true;
  return *this;
}
Field& Field::required() {
  info_.required = true;
  return *this;
}
Field& Field::live() {
  info_.live = true;
  return *this;
}
Field& Field::fixed(std::string_view why) {
  info_.fixed = why;
  return *this;
}

namespace detail {

const TypeInfo& make_type(void (*fill)(TypeInfo&)) {
  static std::deque<TypeInfo> kept;
  TypeInfo type;  // filled first: a description makes those of its fields
  fill(type);
  return kept.emplace_back(std::move(type));
}

Field add_field(TypeInfo& type, std::string_view key, const TypeInfo& of, std::ptrdiff_t offset) {
  constexpr std::size_t kMostFields = 63;
  STAMPEDE_CHECK(type.fields.size() < kMostFields, "a parameter struct has at most 63 fields");
  type.fields.reserve(kMostFields);  // what is said of a field refers to its place
  FieldInfo& field = type.fields.emplace_back();
  field.key = key;
  field.type = &of;
  field.offset = offset;
  return Field(field);
}

std::string snake_case(std::string_view enumerator) {
  std::string name;
  const auto digit = [&](std::size_t i) {
    return i < enumerator.size() && enumerator[i] >= '0' && enumerator[i] <= '9';
  };
  for (std::size_t i = 1; i < enumerator.size(); ++i) {
    const char c = enumerator[i];
    const bool capital = c >= 'A' && c <= 'Z';
    if (i > 1 && (capital || (digit(i) && !digit(i - 1) && digit(i + 1)))) name += '_';
    name += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

void fill_choice(TypeInfo& type, std::vector<std::string> choices, void (*set)(void*, std::size_t),
                 std::size_t (*get)(const void*)) {
  STAMPEDE_CHECK(!choices.empty(), "an enum whose values do not begin at 0");
  type.kind = ValueKind::kChoice;
  type.parse = [names = choices, set](const std::string& text, void* out) -> std::string {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == text) {
        set(out, i);
        return "";
      }
    return "not one of its choices";
  };
  type.print = [names = choices, get](const void* v) { return names[get(v)]; };
  type.choices = std::move(choices);
}

void fill_selection(TypeInfo& type, const char* selector, const char* category) {
  type.kind = ValueKind::kSelection;
  type.selector = selector;
  type.category = category;
}

}  // namespace detail

namespace {

template <class Narrow>
std::string parse_narrow(const std::string& text, Narrow& out) {
  i64 wide = 0;
  if (std::string wrong = parse_integer(text, wide); !wrong.empty()) return wrong;
  if (wide < static_cast<i64>(std::numeric_limits<Narrow>::min()) ||
      wide > static_cast<i64>(std::numeric_limits<Narrow>::max()))
    return "the number is out of range";
  out = static_cast<Narrow>(wide);
  return "";
}

double scaled(double value, double factor, Scaling scaling) {
  return scaling == Scaling::kInverse ? value / factor : value * factor;
}
template <class Whole>
void scale_whole(Whole& value, double factor, const FieldInfo& field) {
  if (value == 0) return;
  const double exact = scaled(static_cast<double>(value), factor, field.scaling);
  value = std::max(static_cast<Whole>(field.least), static_cast<Whole>(exact + 0.5));
}
void scale_real(double& value, double factor, const FieldInfo& field) {
  value = scaled(value, factor, field.scaling);
  if (field.scaling == Scaling::kInverse && field.maximum) value = std::min(value, *field.maximum);
}

template <class T>
void scale_value(void* value, double factor, const FieldInfo& field) {
  T& v = *static_cast<T*>(value);
  if constexpr (std::is_same_v<T, Duration>)
    v = from_seconds(scaled(v.seconds(), factor, field.scaling));
  else if constexpr (std::is_same_v<T, Bytes>)
    scale_whole(v.value, factor, field);
  else if constexpr (std::is_same_v<T, Rate>)
    scale_real(v.per_second, factor, field);
  else if constexpr (std::is_same_v<T, Bandwidth>)
    scale_real(v.bytes_per_second, factor, field);
  else if constexpr (std::is_same_v<T, Share>)
    scale_real(v.value, factor, field);
  else if constexpr (std::is_same_v<T, double>)
    scale_real(v, factor, field);
  else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
    scale_whole(v, factor, field);
}
template <class T>
inline constexpr bool kScales =
    std::is_arithmetic_v<T> ? !std::is_same_v<T, bool>
                            : !std::is_same_v<T, UtcTime> && !std::is_same_v<T, std::string>;

template <class T>
TypeInfo scalar(ValueKind kind, std::string (*parse)(const std::string&, T&),
                std::string (*print)(const T&), double (*number)(const T&)) {
  TypeInfo t;
  t.kind = kind;
  t.parse = [parse](const std::string& s, void* out) { return parse(s, *static_cast<T*>(out)); };
  t.print = [print](const void* v) { return print(*static_cast<const T*>(v)); };
  t.number = [number](const void* v) { return number(*static_cast<const T*>(v)); };
  if constexpr (kScales<T>) t.scale = scale_value<T>;
  return t;
}

// A quantity with a unit in its text.
template <class T>
TypeInfo quantity(ValueKind kind, std::string (*parse)(const std::string&, T&),
                  double (*number)(const T&)) {
  return scalar<T>(
      kind, parse, [](const T& v) { return print(v); }, number);
}

template <class T>
TypeInfo integer(std::string (*parse)(const std::string&, T&)) {
  return scalar<T>(
      ValueKind::kInteger, parse, [](const T& v) { return std::to_string(v); },
      [](const T& v) { return static_cast<double>(v); });
}

}  // namespace

template <>
const TypeInfo& type_of<Duration>() {
  static const TypeInfo type = quantity<Duration>(ValueKind::kDuration, parse_duration,
                                                  [](const Duration& d) { return d.seconds(); });
  return type;
}
template <>
const TypeInfo& type_of<Rate>() {
  static const TypeInfo type =
      quantity<Rate>(ValueKind::kRate, parse_rate, [](const Rate& r) { return r.per_second; });
  return type;
}
template <>
const TypeInfo& type_of<Share>() {
  static const TypeInfo type =
      quantity<Share>(ValueKind::kShare, parse_share, [](const Share& s) { return s.value; });
  return type;
}
template <>
const TypeInfo& type_of<Bytes>() {
  static const TypeInfo type = quantity<Bytes>(
      ValueKind::kBytes, parse_bytes, [](const Bytes& b) { return static_cast<double>(b.value); });
  return type;
}
template <>
const TypeInfo& type_of<Bandwidth>() {
  static const TypeInfo type =
      quantity<Bandwidth>(ValueKind::kBandwidth, parse_bandwidth,
                          [](const Bandwidth& b) { return b.bytes_per_second; });
  return type;
}
template <>
const TypeInfo& type_of<UtcTime>() {
  static const TypeInfo type =
      quantity<UtcTime>(ValueKind::kUtcTime, parse_utc_time,
                        [](const UtcTime& t) { return static_cast<double>(t.unix_seconds); });
  return type;
}
template <>
const TypeInfo& type_of<i64>() {
  static const TypeInfo type = integer<i64>(parse_integer);
  return type;
}
template <>
const TypeInfo& type_of<i32>() {
  static const TypeInfo type = integer<i32>(parse_narrow<i32>);
  return type;
}
template <>
const TypeInfo& type_of<u32>() {
  static const TypeInfo type = integer<u32>(parse_narrow<u32>);
  return type;
}
template <>
const TypeInfo& type_of<double>() {
  static const TypeInfo type = scalar<double>(
      ValueKind::kNumber, parse_number, [](const double& v) { return print_number(v); },
      [](const double& v) { return v; });
  return type;
}
template <>
const TypeInfo& type_of<bool>() {
  static const TypeInfo type = scalar<bool>(
      ValueKind::kBoolean, parse_boolean,
      [](const bool& v) { return std::string(v ? "true" : "false"); },
      [](const bool& v) { return v ? 1.0 : 0.0; });
  return type;
}
template <>
const TypeInfo& type_of<std::string>() {
  static const TypeInfo type = scalar<std::string>(
      ValueKind::kText,
      [](const std::string& text, std::string& out) {
        out = text;
        return std::string();
      },
      [](const std::string& v) { return v; }, [](const std::string&) { return 0.0; });
  return type;
}

}  // namespace stampede
