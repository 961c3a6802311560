#include "sim/value_text.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace stampede {
namespace {

// Splits "12.5ms" into 12.5 and "ms". Empty result text means a number was read.
std::string split(const std::string& text, double& value, std::string& unit) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  const auto [after, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) return "the number is out of range";
  if (error != std::errc() || !std::isfinite(value)) return "not a number";
  unit.assign(after, end);
  while (!unit.empty() && unit.front() == ' ') unit.erase(0, 1);
  return "";
}

struct UnitFactor {
  const char* unit;
  double factor;
};

// A unit that differs in the case of its letters only.
std::string meant(const std::string& unit, const UnitFactor* units, std::size_t count) {
  const auto lower = [](std::string word) {
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return word;
  };
  for (std::size_t i = 0; i < count; ++i)
    if (lower(unit) == lower(units[i].unit))
      return std::string("; did you mean '") + units[i].unit + "'?";
  return "";
}

std::string with_unit(const std::string& text, const UnitFactor* units, std::size_t count,
                      const char* wanted, double& out) {
  double value = 0;
  std::string unit;
  if (std::string wrong = split(text, value, unit); !wrong.empty()) return wrong + wanted;
  if (unit.empty() && value == 0) {
    out = 0;
    return "";
  }
  for (std::size_t i = 0; i < count; ++i)
    if (unit == units[i].unit) {
      out = value * units[i].factor;
      return "";
    }
  if (unit.empty()) return std::string("the unit is missing") + wanted;
  return "unknown unit '" + unit + "'" + meant(unit, units, count) + wanted;
}

// In nanoseconds, so that whole numbers of any unit are exact.
constexpr UnitFactor kTime[] = {{"ns", 1},     {"us", 1e3}, {"ms", 1e6},   {"s", 1e9},
                                {"min", 60e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
constexpr UnitFactor kRates[] = {
    {"/s", 1}, {"/min", 1.0 / 60}, {"/m", 1.0 / 60}, {"/h", 1.0 / 3600}, {"/d", 1.0 / 86400}};
constexpr UnitFactor kBytes[] = {{"B", 1},
                                 {"kB", 1e3},
                                 {"MB", 1e6},
                                 {"GB", 1e9},
                                 {"TB", 1e12},
                                 {"PB", 1e15},
                                 {"Ki", 1024.0},
                                 {"Mi", 1048576.0},
                                 {"Gi", 1073741824.0},
                                 {"Ti", 1099511627776.0},
                                 {"KiB", 1024.0},
                                 {"MiB", 1048576.0},
                                 {"GiB", 1073741824.0},
                                 {"TiB", 1099511627776.0}};

}  // namespace

std::string parse_duration(const std::string& text, Duration& out) {
  // Composite forms such as 1h30m are sums of their parts.
  double total = 0;
  std::size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) i = 1;
  if (i >= text.size()) return "not a number; write a duration with its unit, such as 30s";
  while (i < text.size()) {
    std::size_t j = i;
    while (j < text.size() && (std::isdigit(static_cast<unsigned char>(text[j])) ||
                               text[j] == '.' || text[j] == 'e' || text[j] == '+'))
      ++j;
    while (j < text.size() && !std::isdigit(static_cast<unsigned char>(text[j]))) ++j;
    double part = 0;
    if (std::string wrong = with_unit(text.substr(i, j - i), kTime, std::size(kTime),
                                      "; write a duration with its unit, such as 30s", part);
        !wrong.empty())
      return wrong;
    total += part;
    i = j;
  }
  // So that sums and multiples of what is written stay below the end of time, in 292 years.
  if (total > 3650 * 86400e9) return "the duration is longer than 3650d";
  auto ns = static_cast<i64>(total);  // adding a half first would itself round above 2^52
  ns += total - static_cast<double>(ns) >= 0.5;
  out = {negative ? -ns : ns};
  return "";
}

std::string parse_rate(const std::string& text, Rate& out) {
  return with_unit(text, kRates, std::size(kRates), "; write a rate with its unit, such as 900/s",
                   out.per_second);
}

std::string parse_share(const std::string& text, Share& out) {
  double value = 0;
  std::string unit;
  if (std::string wrong = split(text, value, unit); !wrong.empty())
    return wrong + "; write a share such as 80% or 0.8";
  if (unit == "%")
    value /= 100;
  else if (!unit.empty())
    return "unknown unit '" + unit + "'; write a share such as 80% or 0.8";
  out.value = value;
  return "";
}

std::string parse_bytes(const std::string& text, Bytes& out) {
  double value = 0;
  if (std::string wrong = with_unit(text, kBytes, std::size(kBytes),
                                    "; write a size with its unit, such as 70272B or 4PB", value);
      !wrong.empty())
    return wrong;
  if (value > 9e18 || value < -9e18) return "the size is out of range";
  out.value = static_cast<i64>(value < 0 ? value - 0.5 : value + 0.5);
  return "";
}

std::string parse_bandwidth(const std::string& text, Bandwidth& out) {
  constexpr const char* kWanted = "; write a bandwidth with its unit, such as 40GB/s";
  const auto slash = text.rfind("/s");
  if (slash == std::string::npos || slash + 2 != text.size())
    return std::string("the unit is missing") + kWanted;
  return with_unit(text.substr(0, slash), kBytes, std::size(kBytes), kWanted, out.bytes_per_second);
}

namespace {

// Days since 1970-01-01 of a proleptic Gregorian date (Hinnant).
i64 days_from_civil(i64 y, unsigned m, unsigned d) {
  y -= m <= 2;
  const i64 era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<i64>(doe) - 719468;
}

void civil_from_days(i64 z, i64& y, unsigned& m, unsigned& d) {
  z += 719468;
  const i64 era = (z >= 0 ? z : z - 146096) / 146097;
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  y = static_cast<i64>(yoe) + era * 400;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  d = doy - (153 * mp + 2) / 5 + 1;
  m = mp < 10 ? mp + 3 : mp - 9;
  y += m <= 2;
}

}  // namespace

std::string parse_utc_time(const std::string& text, UtcTime& out) {
  constexpr const char* kWanted =
      "not a time of day; write UTC or a fixed offset, such as 2026-03-29T13:30:00Z";
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, used = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &used) != 6)
    return kWanted;
  if (mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 59) return kWanted;
  const std::string zone = text.substr(static_cast<std::size_t>(used));
  int oh = 0, om = 0, n = 0;
  char sign = '+';
  if (zone != "Z") {
    if (std::sscanf(zone.c_str(), "%c%2d:%2d%n", &sign, &oh, &om, &n) != 3 ||
        static_cast<std::size_t>(n) != zone.size() || (sign != '+' && sign != '-'))
      return kWanted;
  }
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  if (d > kDays[mo - 1] + (mo == 2 && leap)) return kWanted;
  const i64 offset = (oh * 3600 + om * 60) * (sign == '-' ? -1 : 1);
  out.unix_seconds =
      days_from_civil(y, static_cast<unsigned>(mo), static_cast<unsigned>(d)) * 86400 + h * 3600 +
      mi * 60 + s - offset;
  return "";
}

std::string parse_integer(const std::string& text, i64& out) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [after, error] = std::from_chars(begin, end, out);
  if (error == std::errc::result_out_of_range) return "the number is out of range";
  if (error != std::errc() || after != end) return "not a whole number";
  return "";
}

std::string parse_number(const std::string& text, double& out) {
  // Ratios such as 1/20 are numbers: the scale of a run is naturally written so.
  const auto slash = text.find('/');
  std::string unit;
  double a = 0, b = 1;
  if (std::string wrong = split(text.substr(0, slash), a, unit); !wrong.empty()) return wrong;
  if (!unit.empty()) return "a plain number without a unit is wanted";
  if (slash != std::string::npos) {
    if (std::string wrong = split(text.substr(slash + 1), b, unit); !wrong.empty()) return wrong;
    if (!unit.empty() || b == 0) return "not a number";
  }
  out = a / b;
  return "";
}

std::string parse_boolean(const std::string& text, bool& out) {
  if (text != "true" && text != "false") return "write true or false";
  out = text == "true";
  return "";
}

std::string print_number(double v) {
  char buffer[32];
  const auto r = std::to_chars(buffer, buffer + sizeof buffer, v);
  return {buffer, r.ptr};
}

std::string print(Duration d) {
  struct Step {
    const char* unit;
    i64 ns;
  };
  constexpr Step steps[] = {{"h", 3'600'000'000'000}, {"min", 60'000'000'000}, {"s", 1'000'000'000},
                            {"ms", 1'000'000},        {"us", 1'000},           {"ns", 1}};
  for (const Step& s : steps)
    if (d.ns % s.ns == 0 && (d.ns != 0 || s.ns == 1'000'000'000))
      return std::to_string(d.ns / s.ns) + s.unit;
  return "0s";
}
std::string print(Rate r) { return print_number(r.per_second) + "/s"; }
std::string print(Share s) { return print_number(s.value); }
std::string print(Bytes b) { return std::to_string(b.value) + "B"; }
std::string print(Bandwidth b) { return print_number(b.bytes_per_second) + "B/s"; }
std::string print(UtcTime t) {
  i64 days = t.unix_seconds / 86400, rest = t.unix_seconds % 86400;
  if (rest < 0) {
    rest += 86400;
    --days;
  }
  i64 y = 0;
  unsigned m = 0, d = 0;
  civil_from_days(days, y, m, d);
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(y), m, d,
                static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60),
                static_cast<int>(rest % 60));
  return buffer;
}

}  // namespace stampede
