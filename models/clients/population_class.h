// One class of clients at work: its parameters and what is made of them once.
#pragma once
#include <memory>

#include "models/clients/lengths.h"
#include "models/clients/population.h"
#include "models/clients/retry_policy.h"
#include "models/clients/trace_arrivals.h"

namespace stampede {

struct Population::Class {
  ClientClassParams params;
  LengthTable first_prompt, message, answer, resumed;
  RetryPolicy policy;
  StreamKey lengths, behaviour, retry;
  TimeoutRing first_token, between, total;
  double fallback_tokens = 0;  // bucket of the other provider's capacity
  Instant fallback_refilled{};
  std::unique_ptr<TraceArrivals> trace;
  TraceArrival next;  // of the trace
  StreamKey homes;    // of the trace's requests
  u64 salt = 0;       // tells the trace's texts from those of others
  HedgingPolicy* hedging = nullptr;
  Class(ClientClassParams p, World& world, ComponentId id, u32 index);
  void play(std::shared_ptr<TraceSource> source, World& world);
};

}  // namespace stampede
