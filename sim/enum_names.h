// The names of an enum's values are those of its enumerators, read from what the compiler writes of
// them, so that they cannot disagree: kTokenBucket is token_bucket, kAwsStandard2026 is
// aws_standard_2026, kErlang2 is erlang2 (numbers of several digits stand apart). For enums whose
// values begin at 0 without gaps; an enumerator kCount counts them and has no name.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace stampede {
namespace detail {

// As g++ and clang++ spell it: `kTokenBucket`; of a value without an enumerator `(E)7` or `7`.
template <auto Value>
constexpr std::string_view enumerator() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr std::string_view mark = "Value = ";
  std::string_view value = text.substr(text.find(mark) + mark.size());
  value = value.substr(0, value.find_first_of(";]"));
  return value.substr(value.rfind(':') + 1);
}

template <class E, int Value = 0>
void add_enumerators(std::vector<std::string_view>& names) {
  constexpr std::string_view spelled = enumerator<static_cast<E>(Value)>();
  if constexpr (spelled.front() == 'k' && spelled != "kCount") {
    names.push_back(spelled);
    add_enumerators<E, Value + 1>(names);
  }
}

std::string snake_case(std::string_view enumerator);  // without its k

}  // namespace detail

// In order of the values.
template <class E>
const std::vector<std::string>& enum_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string_view> spelled;
    detail::add_enumerators<E>(spelled);
    std::vector<std::string> made;
    for (const std::string_view name : spelled) made.push_back(detail::snake_case(name));
    return made;
  }();
  return names;
}

template <class E>
requires std::is_enum_v<E>
const char* name_of(E value) { return enum_names<E>().at(static_cast<std::size_t>(value)).c_str(); }

}  // namespace stampede
