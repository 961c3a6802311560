// Numbers and tables as a person reads them.
#pragma once
#include <string>
#include <vector>

#include "tools/experiments/statistics.h"

namespace stampede {

// How a unit is shown to people: seconds as minutes, shares as percent.
struct Shown {
  std::string unit;
  double factor = 1;
  int decimals = 0;
};
Shown shown(const std::string& unit);

// In the unit shown, with commas between thousands; `sign`: + as well.
std::string number(double value, const Shown& s, bool sign = false);
// With its sign, and with more decimals where it would be shown as none though it is some.
std::string change(double value, const Shown& s);
std::string interval_text(const Interval& interval, const Shown& s, bool sign = false);
std::string percent(const Interval& share);  // [0 %, 31 %]

// Cells right-aligned under each other, the first column left-aligned.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

// `a`, `a and b`, `a, b and c`.
std::string listed(const std::vector<std::string>& names);

}  // namespace stampede
