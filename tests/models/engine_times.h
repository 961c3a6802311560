// What an engine tells its user, with its times: for tests worked out by hand.
#pragma once
#include <utility>
#include <vector>

#include "models/serving/engine.h"

namespace stampede {

using Pairs = std::vector<std::pair<u32, i64>>;  // id, [ns]

struct Times : EngineSink {
  Pairs first, last, preempt;
  void first_token(u32 id, Instant at) override { first.emplace_back(id, at.ns); }
  void finished(u32 id, Instant at) override { last.emplace_back(id, at.ns); }
  void preempted(u32 id, Instant at) override { preempt.emplace_back(id, at.ns); }
};

}  // namespace stampede
