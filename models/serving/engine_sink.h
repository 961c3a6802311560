// Who is told what a serving engine does.
#pragma once
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

// Receives what an engine does, in order of time.
struct EngineSink {
  virtual ~EngineSink() = default;
  // In a prefill engine the sequence leaves with this.
  virtual void first_token(u32 id, Instant at) = 0;
  virtual void finished(u32 id, Instant at) = 0;  // never from a prefill engine
  virtual void preempted(u32 id, Instant at) = 0;
};

// Hears of each sequence when it is scheduled for the first time; asked for by Engine::watch().
// From a decode engine also before, where nothing can come between any more but its end.
struct AdmissionSink {
  virtual ~AdmissionSink() = default;
  // `cached`: tokens of its prompt that were found in caches.
  virtual void admitted(u32 id, Instant at, u32 cached) = 0;
  // Of an engine that pulls: there is memory for its prompt, whose KV may come; Engine::pulled().
  virtual void may_pull(u32 /*id*/, Instant /*at*/) {}
};

}  // namespace stampede
