// Keyed random numbers: Philox4x32-10 (Salmon et al. 2011, Random123) without state or order.
// A stream's key is hash(seed, component path, purpose); a draw names its subject, so that the same
// request is the same request under every policy. Samplers use + - * / and sim/math.h only.
#pragma once
#include <array>
#include <string_view>

#include "sim/math.h"
#include "sim/units.h"

namespace stampede {

struct StreamKey {
  u32 lo = 0, hi = 0;
};
using Words = std::array<u32, 4>;

// Key of the stream for `purpose` of the component at `path` under `seed`.
StreamKey stream_key(u64 seed, std::string_view path, std::string_view purpose);

// Four independent uniform 32-bit words: a pure function of its arguments. Philox4x32-10 with the
// counter (subject low, subject high, attempt, index); inline because models draw per request.
inline Words draw(StreamKey key, u64 subject, u32 attempt = 0, u32 index = 0) {
  u32 c0 = static_cast<u32>(subject), c1 = static_cast<u32>(subject >> 32), c2 = attempt,
      c3 = index;
  u32 k0 = key.lo, k1 = key.hi;
  for (int round = 0; round < 10; ++round) {
    const u64 p0 = u64{0xd2511f53} * c0, p1 = u64{0xcd9e8d57} * c2;
    c0 = static_cast<u32>(p1 >> 32) ^ c1 ^ k0;
    c2 = static_cast<u32>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<u32>(p1);
    c3 = static_cast<u32>(p0);
    k0 += 0x9e3779b9;  // golden ratio and sqrt(3)-1, the Weyl sequences of the round keys
    k1 += 0xbb67ae85;
  }
  return {c0, c1, c2, c3};
}

// Uniform in (0,1): 52 bits of two words in the middle of their cell, never 0 or 1.
inline double uniform(u32 a, u32 b) {
  const auto bits = static_cast<i64>((u64{a} << 20) ^ (b >> 12));
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}
inline double uniform(const Words& w) { return uniform(w[0], w[1]); }
inline double uniform2(const Words& w) { return uniform(w[2], w[3]); }

inline double exponential(double u) { return -math::log(u); }  // mean 1 from a uniform
double standard_normal(double u);  // inverse CDF (Wichura AS 241) of a uniform
// Lognormal with the given mean and coefficient of variation, from a uniform.
double lognormal(double u, double mean, double cv);
// Lomax/Pareto-II and others are added where a model needs them.

// A sequential generator for control-plane draws where no natural subject exists: counter-based, so
// that its n-th value depends only on the key.
class Sequence {
 public:
  Sequence() = default;
  explicit Sequence(StreamKey key) : key_(key) {}
  double next() { return uniform(draw(key_, counter_++)); }
  double next_exponential() { return exponential(next()); }

 private:
  StreamKey key_{};
  u64 counter_ = 0;
};

// 64-bit finaliser (SplitMix64) for hashing identities.
constexpr u64 mix64(u64 x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace stampede
