// The boundary between whoever changes how much users ask for and the clients.
#pragma once
#include <string>

#include "models/ports/request.h"

namespace stampede {

// More requests of one class of clients at home in one region.
struct Spike {
  std::string client_class;
  RegionId home = kNoRegion;
  double factor = 1;  // >= 1: what they ask for, as a multiple of what they else would
};

// Requests from outside that look like those of a class of clients.
struct Flood {
  std::string client_class;
  RegionId home = kNoRegion;
  Rate rate{};  // of requests
};

struct DemandControlPort {
  virtual ~DemandControlPort() = default;
  // From now on, beside what other spikes add, with requests that carry `cause`; returns which one
  // it is. A class that plays a recording has no rate to multiply.
  virtual u32 start_spike(const Spike& spike, IncidentId cause) = 0;
  // From now on, each a conversation of its own, with requests that carry `cause`; end_spike() ends
  // it.
  virtual u32 start_flood(const Flood& flood, IncidentId cause) = 0;
  // What was asked stays asked.
  virtual void end_spike(u32 spike) = 0;
};

}  // namespace stampede
