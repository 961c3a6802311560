// The record of one try: one cache line, shared by clients (who send and may leave) and regions
// (who execute, whether or not the client still waits), and what they tell each other.
#pragma once
#include "models/ports/deadline_port.h"
#include "models/ports/network_port.h"
#include "models/ports/request.h"
#include "sim/huge_pages.h"
#include "sim/slot_pool.h"

namespace stampede {

struct alignas(64) Attempt {
  Instant started{};              // when its session's manifest was read
  u64 session_key = 0;            // identity of the session, for keyed draws
  RequestSlot request = kNoSlot;  // kNoSlot once the client left
  u32 serial = 0;                 // of the request when it was sent; a stale one has left
  SessionSlot session = kNoSlot;
  u32 prompt = 0, output = 0, answer_kept = 0;  // [tokens]
  u32 base_version = 0;                         // KV manifest it builds on
  u32 pod = 0;                                  // where it is now
  u32 ticket = 0;                               // of that pod's engine
  IncidentId incident = kNoIncident;  // what brought it here (a failover, a ramp), for provenance
  u16 turn = 0;
  u8 region = 0;
  u8 asked_by = 0;            // class of clients; all from the 255th on are told as one
  u16 prefilled_blocks = 0;   // of 16 tokens, that had to be computed
  u8 number = 0;              // 0 for the first try
  bool poisoned : 1 = false;  // context corrupted
  bool decoding : 1 = false;  // handed over to a decode pod
  bool logs_in : 1 = false;   // needs the session and auth store
  bool streams : 1 = false;   // its first token has left
  u8 rank : 4 = 8;            // 8 + priority
  i32 priority() const { return static_cast<i32>(rank) - 8; }
};
static_assert(sizeof(Attempt) == 64);

using AttemptPool = SlotPool<Attempt, AttemptSlot, LargeVector<Attempt>>;

// What a region tells the clients. `at` is when the server's side happened; it never lies before
// now. Calls for attempts whose client left are not made.
struct ClientPort {
  virtual ~ClientPort() = default;
  virtual void first_token(AttemptSlot attempt, Instant at) = 0;
  // The whole answer left the server; the attempt is given back right after the call. False: it was
  // of no use, its client had left or could not use it.
  virtual bool finished(AttemptSlot attempt, Instant at) = 0;
  // The server dropped it; the attempt is given back right after the call.
  virtual void broken(AttemptSlot attempt, Outcome outcome, IncidentId cause) = 0;
  // first_token(), or finished() and released(), will soon be called for an attempt.
  virtual void prefetch_attempt(AttemptSlot /*attempt*/, bool /*finishes*/) const {}
  // What tells the long connection on which it comes from others.
  virtual u64 connection(const Attempt& attempt) const { return attempt.session_key; }
  // What tells the client process from which it comes from others.
  virtual u64 process(const Attempt& attempt) const { return attempt.session_key; }
  // When the client of an attempt leaves; nobody waits: it has left.
  virtual Deadlines deadlines(AttemptSlot /*attempt*/) const { return {}; }
  // Server-side work on the session ended (finished, broken or cancelled).
  virtual void released(SessionSlot session) = 0;
};

// A region's front door.
struct RegionPort {
  virtual ~RegionPort() = default;
  // Asked before an attempt is made out: does a breaker or a rate limit refuse it unread? Takes one
  // from the rate limit.
  // `attempt_key`: its identity, for draws; `brought_by`: an incident, if one is known.
  virtual Verdict admit(u64 session_key, u64 attempt_key, u16 class_id, IncidentId brought_by) = 0;
  // Offers an admitted attempt now. Accepted: the region owns the slot until it reports its end.
  // Refused: the caller keeps it.
  virtual Verdict offer(AttemptSlot attempt) = 0;
  // The client's cancellation reached the server: stop working on it. True if it was given back;
  // false if nothing could be stopped any more.
  virtual bool cancel(AttemptSlot attempt) = 0;
  // Clients ask it for less from now on, or are cut off from it.
  virtual void eased(const Relief& /*relief*/) {}
  // Has the first token of an attempt that it holds left?
  virtual bool streams(AttemptSlot /*attempt*/) const { return false; }
  // Why an attempt that it owns is late, if an incident is known: the region's overload, or what
  // brought the attempt here.
  virtual IncidentId delayed_by(AttemptSlot attempt) = 0;
};

// Which region a client is sent to.
struct RegionRoute {
  RegionId region = kNoRegion;
  Verdict verdict;                    // refused: spill cap, no healthy region
  IncidentId moved_by = kNoIncident;  // away from home because of this incident
};
struct BalancerPort {
  virtual ~BalancerPort() = default;
  virtual RegionRoute route(RegionId home, ClientNetwork client, u64 session_key) = 0;
  // Does it want to hear how attempts end? Settled before the first is sent.
  virtual bool learns() const { return false; }
  // One that it sent to `region` ended so for its client, because of `cause` if that is known.
  virtual void ended(RegionId /*region*/, Outcome /*outcome*/, IncidentId /*cause*/) {}
};

}  // namespace stampede
