// One class of clients at work: its parameters and what is made of them once.
#pragma once
#include <memory>
#include <vector>

#include "models/clients/client_processes.h"
#include "models/clients/lengths.h"
#include "models/clients/population.h"
#include "models/clients/retry_policy.h"
#include "models/clients/trace_arrivals.h"
#include "sim/live_causes.h"

namespace stampede {

struct Population::Class {
  ClientClassParams params;
  LengthTable first_prompt, message, answer, resumed;
  RetryPolicy policy;
  StreamKey lengths, behaviour, retry;
  Timeouts first_token, between, total;
  // How long it waits, as an attempt keeps it while it is out.
  struct Patience {
    Duration first_token{}, between{}, total{};
    IncidentId cause = kNoIncident;  // what made it so
  };
  Patience patience;
  u16 patience_number = 0;
  std::vector<Patience> earlier;  // [number]
  double own_rate = 0;            // the scenario's rate times share [1/s]
  double rate = 0;                // as it is now
  Duration ring_think_time{};     // for which the rings are long enough
  double fallback_tokens = 0;     // bucket of the other provider's capacity
  Instant fallback_refilled{};
  double fallback_saved = 0;  // bucket of its own budget
  std::unique_ptr<TraceArrivals> trace;
  TraceArrival next;  // of the trace
  StreamKey homes;    // of the trace's requests
  u64 salt = 0;       // tells the trace's texts from those of others
  HedgingPolicy* hedging = nullptr;
  LiveCauses tuned;  // what was changed of the load that a request of it makes
  Class(ClientClassParams p, World& world, ComponentId id, u32 index);
  Patience patience_of(const Request& r) const {
    return r.patience == patience_number ? patience : earlier[r.patience];
  }
  void be_patient(IncidentId cause) {
    patience = {params.first_token_timeout, params.between_tokens_timeout, params.total_timeout,
                cause};
  }
  void play(std::shared_ptr<TraceSource> source, World& world);
};

}  // namespace stampede
