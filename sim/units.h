// Typed quantities of scenario parameters, so that a share cannot be read as a rate.
// Bare integers and doubles remain for counts and dimensionless numbers.
#pragma once
#include <compare>
#include <cstdint>

namespace stampede {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

struct Share {  // dimensionless fraction, 1 = 100 %
  double value = 0;
  constexpr auto operator<=>(const Share&) const = default;
};
struct Rate {  // events per second [1/s]
  double per_second = 0;
  constexpr auto operator<=>(const Rate&) const = default;
};
struct Bytes {  // bytes [B]
  i64 value = 0;
  constexpr auto operator<=>(const Bytes&) const = default;
};
struct Bandwidth {  // bytes per second [B/s]
  double bytes_per_second = 0;
  constexpr auto operator<=>(const Bandwidth&) const = default;
};
struct UtcTime {  // seconds since 1970-01-01T00:00:00Z
  i64 unix_seconds = 0;
  constexpr auto operator<=>(const UtcTime&) const = default;
};

}  // namespace stampede
