// The boundary between who needs a service and what stands behind its answer: servers with a queue,
// and time-outs, retries and a cache of the caller's own.
#pragma once
#include <optional>
#include <vector>

#include "models/ports/relief.h"
#include "sim/journal.h"
#include "sim/units.h"

namespace stampede {

struct ServiceReply {
  bool ok = true;                  // the caller may go on
  u8 stage = 0;                    // of several that are asked in turn, which one said so
  IncidentId cause = kNoIncident;  // why not
};

struct ServiceCaller {
  virtual ~ServiceCaller() = default;
  virtual void service_replied(u32 tag, const ServiceReply& reply) = 0;
};

struct ServicePort {
  virtual ~ServicePort() = default;
  // The reply, if there is one at once. Else the caller hears it later, exactly once, unless it
  // leaves before. `tag` tells what is asked apart until then: who asks again under the same one
  // has left the question before. `key`: what is asked about; `cause`: what brought the question.
  virtual std::optional<ServiceReply> ask(u64 key, u32 tag, ServiceCaller& caller,
                                          IncidentId cause) = 0;
  virtual void leave(u32 tag) = 0;
  virtual bool waits(u32 tag) const = 0;
  // Why what waits is late, if that is known.
  virtual IncidentId delayed_by(u32 tag) const = 0;
  // Those who ask it will ask less.
  virtual void eased(const Relief& relief) = 0;
};

// What a gateway asks before it lets an attempt in, and what a pod asks for it; null: nothing.
struct GatewayServices {
  ServicePort* request = nullptr;  // for each: its client's name, then what it needs
  ServicePort* log_in = nullptr;   // for one that logs in: the name, the log-in, what each needs
  std::vector<ServicePort*> work;  // [pool] before the pod's engine gets it
  u8 name_stages = 0;              // of both, those of names
  u8 log_in_stages = 0;            // of `log_in`, those of the log-in itself
};

}  // namespace stampede
