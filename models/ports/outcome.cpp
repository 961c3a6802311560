#include "models/ports/request.h"

namespace stampede {

const char* name_of(Outcome outcome) {
  constexpr const char* kNames[] = {"succeeded",    "timeout", "unreachable",      "rejected_429",
                                    "rejected_503", "breaker", "auth_failed",      "truncated",
                                    "poisoned",     "budget",  "served_elsewhere", "abandoned"};
  static_assert(sizeof kNames / sizeof *kNames == static_cast<std::size_t>(Outcome::kCount));
  return kNames[static_cast<std::size_t>(outcome)];
}

}  // namespace stampede
