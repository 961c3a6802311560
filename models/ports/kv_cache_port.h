// The boundary between serving and the KV cache: what of a session's context is found in a region,
// whether it is sound, and what an execution writes back.
#pragma once
#include "models/ports/request.h"

namespace stampede {

// Found before prefill. `cached_tokens` <= the context asked for.
struct KvLookup {
  u32 cached_tokens = 0;
  u32 base_version = 0;            // manifest version that the execution builds on
  bool poisoned = false;           // the reused context is corrupted (and passed unseen)
  IncidentId cause = kNoIncident;  // of the poison, or of the miss
};

// One execution's end, written by the server whether or not the client still waits.
struct KvWrite {
  SessionSlot session = kNoSlot;
  RegionId region = 0;
  u32 turn = 0;  // of the request in its session
  u8 attempt = 0;
  u32 base_version = 0;    // from its lookup
  u32 context_tokens = 0;  // prompt and answer kept as context
  bool poisoned = false;   // computed on corrupted context
  bool late = false;       // its client had left before it ended
  Instant started{};       // when the attempt's prefill began
  IncidentId cause = kNoIncident;
};

// What became of an execution's context while it ran.
struct KvWritten {
  bool torn = false;
  IncidentId cause = kNoIncident;  // of the conflict
};

struct KvCachePort {
  virtual ~KvCachePort() = default;
  // A session comes alive: new (context 0) or resumed from the idle stock of its home region with
  // `context_tokens` of history, `key` its identity for keyed draws.
  virtual void session_opened(SessionSlot session, u64 key, RegionId home, u32 context_tokens) = 0;
  // It goes idle: what it stored joins the idle stock of the regions that hold it.
  virtual void session_closed(SessionSlot session) = 0;
  virtual KvLookup lookup(SessionSlot session, RegionId region, u32 turn, u32 context_tokens) = 0;
  // Torn: another execution wrote the session between this one's admission and its end, and it read
  // blocks of both.
  virtual KvWritten write(const KvWrite& write) = 0;
  // A running execution in `region` was aborted because of `cause`: its pages are freed while
  // transfers may still write into them. Returns nothing; the damage shows in later lookups.
  virtual void aborted(RegionId region, u32 tokens, IncidentId cause) = 0;
  // The session will soon be looked up or written.
  virtual void prefetch_session(SessionSlot /*session*/) const {}
};

}  // namespace stampede
