#include "tools/files/printable.h"

#include <fmt/format.h>

#include <iterator>

#include "sim/units.h"

namespace stampede {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
}

u32 character_at(std::string_view text, std::size_t i, std::size_t length) {
  constexpr u32 kFirst[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  u32 value = byte_at(text, i) & kFirst[length];
  for (std::size_t k = 1; k < length; ++k) value = value << 6 | (byte_at(text, i + k) & 0x3fu);
  return value;
}

bool turns_direction(u32 c) {
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

// Ends of lines to some terminals and to JavaScript, but not to YAML.
bool ends_line(u32 c) { return c == 0x2028 || c == 0x2029; }

std::string escaped(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    const u32 c = character_at(text, i, length == 0 ? 1 : length);
    if (length == 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte_at(text, i));
    } else if (c < 0x20 && !(lines && (c == '\n' || c == '\t'))) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
    } else if ((c >= 0x7f && c < 0xa0) || turns_direction(c) || ends_line(c)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else {
      out += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  return out;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t i) {
  const unsigned first = byte_at(text, i);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  for (std::size_t k = 1; k < length; ++k)
    if ((byte_at(text, i + k) & 0xc0u) != 0x80u) return 0;
  const u32 c = character_at(text, i, length);
  const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
  return overlong || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff ? 0 : length;
}

std::string printable(std::string_view text) { return escaped(text, false); }
std::string printable_lines(std::string_view text) { return escaped(text, true); }

}  // namespace stampede
