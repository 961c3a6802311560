// What a run resulted in as one number: requests and how they ended, tokens by minute, latencies,
// cache hits, GPU time. How the program got there does not count: neither the number of events nor
// what the journal says. A change of structure leaves it, a change of behaviour moves it.
#pragma once
#include <string>
#include <vector>

#include "tools/judgement/observed.h"

namespace stampede {

// Of all that happened: incidents, minutes, attempts and the number of events.
std::string digest_of(const Observed& seen);

// Integers only, as they are the same on every compiler.
struct ResultFigures {
  std::vector<u64> requests;   // by region and minute of the offer
  std::vector<u64> outcomes;   // of requests and of attempts
  std::vector<u64> tokens;     // totals at the end of each minute
  std::vector<u64> latencies;  // counts, and a sum over the requests that depends on each of them
  std::vector<u64> hits;       // of the KV cache, at the end of each minute
  std::vector<u64> gpu_time;   // GPUs held and engines' busy time, at the end of each minute

  // What can only be read while the run goes on; called at the end of each minute and of the run.
  void end_minute(const Observed& seen);
  // The rest, at the end of the run.
  void finish(const Observed& seen);
  std::string digest() const;
};

}  // namespace stampede
