#include "tools/cli/budget.h"

#include <cmath>
#include <limits>

#include "sim/value_text.h"
#include "tools/world/load_scenario.h"

namespace stampede {

Budget::Budget(const char* option, const std::string& text) {
  if (text.empty()) return;
  Duration duration{};
  std::string wrong = parse_duration(text, duration);
  if (wrong.empty() && duration.ns <= 0) wrong = "a time above 0 is expected";
  if (!wrong.empty()) throw InputError({{std::string(option) + " " + text, 0, 0, "", wrong, ""}});
  seconds_ = duration.seconds();
}

double Budget::used() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

double Budget::needed(std::size_t runs, int jobs, std::size_t played, double furthest) const {
  const auto wanted = static_cast<double>(runs);
  if (played > 0) return used() * wanted / static_cast<double>(played);
  return furthest > 0 ? used() / furthest * std::ceil(wanted / jobs) : 0;
}

double Budget::left() const {
  return seconds_ ? *seconds_ - used() : std::numeric_limits<double>::infinity();
}

}  // namespace stampede
