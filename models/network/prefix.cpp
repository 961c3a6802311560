#include "models/network/prefix.h"

#include <charconv>

namespace stampede {

namespace {
u32 mask(u8 length) { return length == 0 ? 0 : ~u32{0} << (32 - length); }
}  // namespace

bool Prefix::covers(const Prefix& other) const {
  return length <= other.length && (other.address & mask(length)) == (address & mask(length));
}

std::optional<Prefix> parse_prefix(const std::string& text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  u32 parts[5] = {};
  for (int i = 0; i < 5; ++i) {
    const auto [next, error] = std::from_chars(at, end, parts[i]);
    if (error != std::errc() || parts[i] > (i < 4 ? 255u : 32u)) return std::nullopt;
    at = next;
    if (i == 4) break;
    if (at == end || *at != (i == 3 ? '/' : '.')) return std::nullopt;
    ++at;
  }
  if (at != end) return std::nullopt;
  const Prefix prefix{parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3],
                      static_cast<u8>(parts[4])};
  if ((prefix.address & mask(prefix.length)) != prefix.address) return std::nullopt;
  return prefix;
}

std::string print(const Prefix& prefix) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += std::to_string((prefix.address >> shift) & 255) + (shift == 0 ? "/" : ".");
  return text + std::to_string(prefix.length);
}

}  // namespace stampede
