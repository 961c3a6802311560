// The boundary between what waits for a condition and the monitoring that can show it.
#pragma once
#include "models/ports/alarm.h"
#include "models/ports/condition_params.h"

namespace stampede {

struct WatchPort {
  virtual ~WatchPort() = default;
  // Before the start: monitoring looks at what the condition reads. Returns what to ask for.
  virtual u32 watch(const ConditionParams& condition) = 0;
  // Whether people see that it has held for as long as it says. Asked every few seconds.
  virtual Alarm watched(u32 number) = 0;
};

}  // namespace stampede
