// Parameters of the circuit breaker that each client process has.
#pragma once
#include <optional>

#include "sim/params.h"

namespace stampede {

enum class ClientBreakerKind : u8 { kNone, kResilience4j, kHystrix };

// Absent values are the library's own defaults.
struct ClientBreakerParams {
  ClientBreakerKind policy = ClientBreakerKind::kNone;
  std::optional<u32> minimum_calls;
  std::optional<Share> failures;
  std::optional<Duration> window, wait_open;
  u32 window_calls = 100, half_open_calls = 10;
  Duration slow_call = 60_s;
  Share slow{1};
  static void describe(Schema<ClientBreakerParams>& s);
  bool operator==(const ClientBreakerParams&) const = default;
};

}  // namespace stampede
