#include "tools/experiments/shown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stampede {
namespace {

std::string grouped(double value, int decimals) {
  std::string digits = fmt::format("{:.{}f}", std::fabs(value), decimals);
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  const auto point = static_cast<std::ptrdiff_t>(std::min(digits.find('.'), digits.size()));
  for (std::ptrdiff_t i = point - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), ",");
  return (value < 0 && !zero ? "-" : "") + digits;
}

}  // namespace

Shown shown(const std::string& unit) {
  if (unit == "s") return {"min", 1.0 / 60, 1};
  if (unit == "ratio") return {"%", 100, 2};
  if (unit == "GPU-h") return {"GPU-h", 1, 1};
  return {unit == "request-min" ? "" : unit, 1, 0};
}

std::string number(double value, const Shown& s, bool sign) {
  const std::string text = grouped(value * s.factor, s.decimals);
  return sign && text[0] != '-' ? "+" + text : text;
}

std::string change(double value, const Shown& s) {
  constexpr int kMostDecimals = 4;
  const auto is_none = [&](const Shown& as) {
    return number(value, as).find_first_not_of("-0.") == std::string::npos;
  };
  Shown finer = s;
  while (value != 0 && finer.decimals < kMostDecimals && is_none(finer)) ++finer.decimals;
  return number(value, is_none(finer) ? s : finer, true);
}

std::string interval_text(const Interval& interval, const Shown& s, bool sign) {
  return fmt::format("[{}, {}]", number(interval.low, s, sign), number(interval.high, s, sign));
}

std::string percent(const Interval& share) {
  return fmt::format("[{:.0f} %, {:.0f} %]", 100 * share.low, 100 * share.high);
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> width;
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c >= width.size()) width.push_back(0);
      width[c] = std::max(width[c], row[c].size());
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line = fmt::format("  {:<{}}", row[0], width[0]);
    for (std::size_t c = 1; c < row.size(); ++c) line += fmt::format("  {:>{}}", row[c], width[c]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t k = 0; k < names.size(); ++k)
    text += (k == 0 ? "" : k + 1 == names.size() ? " and " : ", ") + names[k];
  return text;
}

}  // namespace stampede
