// The boundary between the KV cache and whoever condemns or harms stored context.
#pragma once
#include "models/ports/request.h"
#include "sim/incident_kind.h"

namespace stampede {

// Of what engines have stored and of the region's copies.
inline const IncidentKind kCacheLost{"cache_lost", "stored context is gone"};

struct CacheControlPort {
  virtual ~CacheControlPort() = default;
  // Invalidates and indexes anew everything that is stored, in batches; returns flush_started.
  virtual IncidentId start_flush(IncidentId cause) = 0;
  // Makes everything stored unusable at once; space returns by eviction. Returns flush_started.
  virtual IncidentId start_epoch_bump(IncidentId cause) = 0;
  // Each block that is stored in the region is wrong from now on with this chance (incident
  // blocks_corrupted, which is returned; kNoIncident if nothing is stored).
  virtual IncidentId corrupt_blocks(RegionId region, Share share, IncidentId cause) = 0;
  // What the region has stored of this share of the sessions is gone (incident cache_lost,
  // likewise).
  virtual IncidentId lose_contexts(RegionId region, Share share, IncidentId cause) = 0;
  virtual bool flushing() const = 0;
  virtual IncidentId flushed() const = 0;  // the last flush_finished, if any
};

}  // namespace stampede
