// Simulated time as checked 64-bit nanoseconds. No wall clock, no floating-point time.
#pragma once
#include <compare>
#include <cstdint>

#include "sim/check.h"

namespace stampede {

// A span of simulated time [ns]. Arithmetic that overflows 64 bits is an invariant error.
struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr double seconds() const { return static_cast<double>(ns) / 1e9; }
};

// A point of simulated time [ns since the start of the run].
struct Instant {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Instant&) const = default;
  constexpr double seconds() const { return static_cast<double>(ns) / 1e9; }
};

namespace detail {
constexpr std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_add_overflow(a, b, &r)) invariant_failed("time overflow");
  return r;
}
constexpr std::int64_t checked_sub(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_sub_overflow(a, b, &r)) invariant_failed("time overflow");
  return r;
}
constexpr std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_mul_overflow(a, b, &r)) invariant_failed("time overflow");
  return r;
}
}  // namespace detail

constexpr Duration operator+(Duration a, Duration b) { return {detail::checked_add(a.ns, b.ns)}; }
constexpr Duration operator-(Duration a, Duration b) { return {detail::checked_sub(a.ns, b.ns)}; }
constexpr Duration operator*(Duration a, std::int64_t k) { return {detail::checked_mul(a.ns, k)}; }
constexpr Duration operator*(std::int64_t k, Duration a) { return a * k; }
constexpr Duration operator/(Duration a, std::int64_t k) { return {a.ns / k}; }
constexpr std::int64_t operator/(Duration a, Duration b) { return a.ns / b.ns; }
constexpr Instant operator+(Instant a, Duration b) { return {detail::checked_add(a.ns, b.ns)}; }
constexpr Instant operator-(Instant a, Duration b) { return {detail::checked_sub(a.ns, b.ns)}; }
constexpr Duration operator-(Instant a, Instant b) { return {detail::checked_sub(a.ns, b.ns)}; }
constexpr Duration& operator+=(Duration& a, Duration b) { return a = a + b; }
constexpr Instant& operator+=(Instant& a, Duration b) { return a = a + b; }

// The one place where seconds become nanoseconds: rounds half away from zero, saturates.
constexpr Duration from_seconds(double s) {
  const double ns = s * 1e9;
  if (ns >= 9.2e18) return {INT64_MAX / 2};
  if (ns <= -9.2e18) return {INT64_MIN / 2};
  return {static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5)};
}

inline constexpr Instant kNever{INT64_MAX};
// Before every run, by more than any run lasts.
inline constexpr Instant kLongAgo{INT64_MIN / 2};

namespace literals {
constexpr Duration operator""_ns(unsigned long long v) { return {static_cast<std::int64_t>(v)}; }
constexpr Duration operator""_us(unsigned long long v) {
  return {static_cast<std::int64_t>(v) * 1'000};
}
constexpr Duration operator""_ms(unsigned long long v) {
  return {static_cast<std::int64_t>(v) * 1'000'000};
}
constexpr Duration operator""_s(unsigned long long v) {
  return {static_cast<std::int64_t>(v) * 1'000'000'000};
}
constexpr Duration operator""_min(unsigned long long v) {
  return {static_cast<std::int64_t>(v) * 60'000'000'000};
}
constexpr Duration operator""_h(unsigned long long v) {
  return {static_cast<std::int64_t>(v) * 3'600'000'000'000};
}
}  // namespace literals
using namespace literals;

}  // namespace stampede
