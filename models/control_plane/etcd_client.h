// What is written to etcd, and what its client is told of it.
#pragma once
#include "models/ports/api_values.h"
#include "sim/time.h"

namespace stampede {

// kConflict: the object has another version than the write compared with.
enum class EtcdStatus : u8 { kOk, kTooManyRequests, kTimeout, kNoSpace, kConflict };

struct EtcdWrite {
  u64 key = 0;
  i32 bytes = 0;
  u32 expects = kAnyVersion;  // of the object, else nothing is written
  u8 member = 0;              // which member the client talks to
  bool remove = false;        // a delete: allowed while the alarm is up
  bool existed = false;       // an update of an object that may be there since before the run
  Instant expires = kNever;
  Instant give_up = kNever;  // earlier than etcd's own time-out: the caller's deadline
};

struct EtcdClient {
  virtual ~EtcdClient() = default;
  // Exactly once for each write. `version`: of the object, as this write left or found it.
  virtual void etcd_replied(u32 tag, EtcdStatus status, u32 version) = 0;
  // Exactly once after each kTimeout, when the fate of the write is known: whether it took effect
  // after all. It may not submit another write.
  virtual void etcd_settled(u32 /*tag*/, bool /*applied*/, u32 /*version*/) {}
};

}  // namespace stampede
