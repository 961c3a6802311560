// A run as a Chrome trace for ui.perfetto.dev: incidents with arrows from their causes, what
// operators did, gauges as counters, and a sample of single requests.
// Source: "Trace Event Format" (Google, 2016): complete, flow, counter and nestable async events.
// Limits: of a request that was tried several times only the last attempt has its stages; what went
// before is one slice. A counter has at most a thousand samples.
#pragma once
#include <string>
#include <vector>

#include "models/ports/request_log_port.h"
#include "tools/world/simulation.h"

namespace stampede {

// Keeps so many requests, chosen by their identity: the same ones under different policies.
class RequestSample final : public RequestLog {
 public:
  explicit RequestSample(std::size_t most) : most_(most) {}
  void ended(const RequestRecord& record) override;
  std::vector<RequestRecord> in_order() const;  // of their beginning

 private:
  struct Kept {
    u64 hash;
    RequestRecord record;
    bool operator<(const Kept& other) const { return hash < other.hash; }
  };
  const std::size_t most_;
  std::vector<Kept> kept_;  // a heap, the greatest hash first
};

struct TraceNames {
  std::vector<std::string> regions, classes;
};

// JSON. Without names of regions everything is of one process.
std::string chrome_trace(const RunResults& results, const TraceNames& names = {},
                         const std::vector<RequestRecord>& requests = {});

}  // namespace stampede
