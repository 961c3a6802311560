// A 64-bit digest of a sequence of integers: equal runs have equal digests, and a difference in any
// value or in their order shows. Not cryptographic.
#pragma once
#include <bit>
#include <string>

#include "sim/random.h"
#include "sim/units.h"

namespace stampede {

class Digest {
 public:
  void add(u64 value) { state_ = mix64(std::rotl(state_, 1) ^ value); }
  u64 value() const { return state_; }
  std::string hex() const {  // 16 lower-case digits
    std::string text(16, '0');
    for (u32 i = 0; i < 16; ++i) text[15 - i] = "0123456789abcdef"[(state_ >> (4 * i)) & 15];
    return text;
  }

 private:
  u64 state_ = 0x5354414d50454445ULL;
};

}  // namespace stampede
