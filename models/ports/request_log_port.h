// The boundary at which single requests are told of as they end, for whoever wants a row each.
#pragma once
#include "models/ports/request.h"
#include "models/ports/stage_port.h"

namespace stampede {

struct RequestRecord {
  u64 key = 0;  // identity under every policy
  Instant offered{};
  Duration ttft{-1};  // until the client heard the first token; negative: it heard none
  Duration e2e{-1};   // until the client had its answer or no longer wanted one; negative: open
  u32 prompt = 0, output = 0;  // asked [tokens]
  u32 replica = kNoSlot;       // pod of the last attempt that reached one; of a split, the decoder
  u16 class_id = 0;
  RegionId home = 0, region = kNoRegion;  // region: of the last attempt
  u8 attempts = 0;
  bool open = false;  // still under way at the end of the run
  Outcome outcome = Outcome::kSucceeded;
  StageTrail stages;  // of the last attempt
};

struct RequestLog {
  virtual ~RequestLog() = default;
  // In order of the requests' ends; at the end of a run once for each open one.
  virtual void ended(const RequestRecord& record) = 0;
};

}  // namespace stampede
