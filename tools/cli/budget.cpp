#include "tools/cli/budget.h"

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

double Budget::left() const {
  return seconds_ ? *seconds_ - used() : std::numeric_limits<double>::infinity();
}

}  // namespace stampede
