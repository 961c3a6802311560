// Patches of the retries of those classes of clients that retry by themselves.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "models/mitigations/overlay.h"

namespace stampede {

// Key below `retry` and value.
using RetrySettings = std::vector<std::pair<const char*, std::string>>;

inline std::vector<Patch> of_retries(const RetrySettings& settings) {
  std::vector<Patch> patches;
  for (const auto& [key, value] : settings)
    patches.push_back(
        {std::string("spec.clients[*].retry.") + key, value, PatchedClients::kThatRetry});
  return patches;
}

// A rule of delays with all that it needs, so that nothing of the class's own rule is left.
inline std::vector<Patch> of_delays(const char* policy, i64 attempts, Duration base, Duration cap) {
  return of_retries({{"policy", policy},
                     {"max_attempts", std::to_string(attempts)},
                     {"base", print(base)},
                     {"cap", print(cap)},
                     {"multiplier", "2"},
                     {"factor_5xx", "1"},
                     {"full_jitter", "false"}});
}

}  // namespace stampede
