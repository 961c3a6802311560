// The boundary between operators and the KV cache: how stored context is condemned.
#pragma once
#include "sim/journal.h"

namespace stampede {

struct CacheControlPort {
  virtual ~CacheControlPort() = default;
  // Invalidates and indexes anew everything that is stored, in batches; returns flush_started.
  virtual IncidentId start_flush(IncidentId cause) = 0;
  // Makes everything stored unusable at once; space returns by eviction. Returns flush_started.
  virtual IncidentId start_epoch_bump(IncidentId cause) = 0;
  virtual bool flushing() const = 0;
  virtual IncidentId flushed() const = 0;  // the last flush_finished, if any
};

}  // namespace stampede
