// IPv4 prefixes.
#pragma once
#include <compare>
#include <optional>
#include <string>

#include "sim/units.h"

namespace stampede {

struct Prefix {
  u32 address = 0;
  u8 length = 0;
  auto operator<=>(const Prefix&) const = default;
  // Does this prefix contain the other one, or equal it?
  bool covers(const Prefix& other) const;
};
// "10.1.0.0/16", or nothing if it is not that.
std::optional<Prefix> parse_prefix(const std::string& text);
std::string print(const Prefix& prefix);

}  // namespace stampede
