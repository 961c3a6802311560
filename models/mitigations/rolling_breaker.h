// What Hystrix and Polly have in common: calls of a rolling window, and one probe after a time.
#pragma once
#include <string>
#include <vector>

#include "models/mitigations/overlay.h"

namespace stampede {

inline std::vector<Patch> rolling_breaker(Duration window, i64 minimum_calls, Share failures,
                                          Duration wait_open) {
  const std::string breaker = "spec.clients[*].breaker.";
  return {{breaker + "policy", "hystrix"},
          {breaker + "window", print(window)},
          {breaker + "minimum_calls", std::to_string(minimum_calls)},
          {breaker + "failures", print(failures)},
          {breaker + "wait_open", print(wait_open)}};
}

}  // namespace stampede
