// The boundary between who calls and its client library: whether a call is sent, and when it is
// tried again.
#pragma once
#include <optional>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

// What went wrong, as far as delays and budgets of retries distinguish it.
enum class RetryCause : u8 {
  kThrottled,    // 429
  kServerError,  // 503 and other 5xx
  kTransport,    // time-out, no route, a stream that broke
  kFinal         // never retried
};

// Where a call stands between its client and the service, for budgets that count calls.
enum class CallPhase : u8 {
  kNone,   // not begun, ended, or given up
  kTry,    // its first try is under way
  kRetry,  // another try is
  kHeard,  // its try has been answered, or has failed, and nothing is decided yet
  kWaits   // for its next try
};

struct RetryPort {
  virtual ~RetryPort() = default;
  // Asked before the first try of the call `key`; false: it fails unsent.
  virtual bool may_send(u64 key, Instant now) = 0;
  // After its k-th failure (1 and up): the delay before the next try, or none: give up.
  virtual std::optional<Duration> again(u64 key, u32 k, RetryCause cause, Instant now) = 0;
  virtual void succeeded(u64 key, u32 tries, RetryCause last, Instant now) = 0;
  // Told of every step of each call; every call comes to kNone, however it ends.
  virtual void moved(u64 key, CallPhase from, CallPhase to) = 0;
};

}  // namespace stampede
