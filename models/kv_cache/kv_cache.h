// The distributed KV cache: what of a session's context is stored where, whether it is sound, what
// happens when regions write the same session without seeing each other, and how it is flushed.
// **State** per session and region a manifest view; links UP/DOWN; flush IDLE -> FLUSHING -> IDLE.
// **Source** Mooncake, 3FS (CRAQ), vLLM prefix caching; Dynamo 2007 for replication and merging;
// public issue reports of page reuse under late transfers.
// **Limits** manifests replicate, block bytes do not: a region hits on what it computed itself.
// Live sessions are never evicted. A session's foreign copies count as space once it is idle but
// are not found again. Writers of a closed session are dropped. A page hit by a late transfer
// corrupts the stored block, hence later turns, not the answer under way.
#pragma once
#include <memory>
#include <vector>

#include "models/kv_cache/flush_queue.h"
#include "models/kv_cache/idle_stock.h"
#include "models/kv_cache/kv_params.h"
#include "models/kv_cache/replication.h"
#include "models/kv_cache/session_table.h"
#include "models/kv_cache/wall_clock.h"
#include "models/ports/cache_control_port.h"
#include "models/ports/clock_control_port.h"
#include "models/ports/kv_cache_port.h"
#include "models/ports/live_port.h"
#include "sim/world.h"

namespace stampede {

// Which part of the store an operator condemns.
struct FlushScope {
  RegionId region = kNoRegion;           // kNoRegion: all regions
  Instant written_since{INT64_MIN / 4};  // idle stock written earlier is kept
};

struct KvStats {
  u64 prompt_tokens = 0, hit_tokens = 0;
  u64 writes = 0, conflicts = 0, torn = 0;
  u64 fenced_writes = 0;    // rejected by the compare-and-set
  u64 refused_writes = 0;   // by cp_block or home_owner
  u64 orphan_writes = 0;    // the session had gone idle
  u64 page_reuses = 0;      // blocks overwritten by late transfers
  u64 poisoned_blocks = 0;  // ever corrupted, descendants included
  u64 poisoned_lookups = 0, checksum_misses = 0;
  u64 opened = 0, materialised = 0, materialised_poisoned = 0;
  u64 flush_refusals = 0;  // live sessions under a lease, retried
  i64 flush_ns = 0;        // total time with a flush running
};

class KvCache final : public KvCachePort,
                      public CacheControlPort,
                      public ClockControlPort,
                      public PathListener,
                      public Tunable,
                      public Component {
 public:
  // `network` and `world` outlive it. `regions` <= 64; `slots` sessions are laid out at the
  // start, the table grows beyond; `own`: what regions have of their own, empty if none has.
  // Schedules its one-second tick.
  KvCache(World& world, const KvCacheParams& params, const NetworkPort& network, u32 regions,
          u32 slots, const std::vector<KvRegionParams>& own = {});
  // Lays the sessions out: a fleet that is only looked at has none.
  void start() { table_.reserve(slots_); }

  void session_opened(SessionSlot session, u64 key, RegionId home, u32 context_tokens) override;
  void session_closed(SessionSlot session) override;
  // `base_version` of the result names the slot's incarnation in its upper half.
  KvLookup lookup(SessionSlot session, RegionId region, u32 turn, u32 context_tokens) override;
  KvWritten write(const KvWrite& write) override;
  void aborted(RegionId region, u32 tokens, IncidentId cause) override;
  void prefetch_session(SessionSlot session) const override { table_.prefetch(session); }
  void paths_changed(RegionId region) override;
  void handle(const Event& event) override;

  // CacheControlPort. A flush that runs is widened to a new scope; an epoch bump reaches every
  // region of its scope within the fan-out.
  IncidentId start_flush(IncidentId cause) override { return start_flush(cause, {}); }
  IncidentId start_flush(IncidentId cause, FlushScope scope);
  IncidentId start_epoch_bump(IncidentId cause) override { return start_epoch_bump(cause, {}); }
  IncidentId start_epoch_bump(IncidentId cause, FlushScope scope);
  bool flushing() const override { return flush_mask_ != 0 || bumps_ > 0; }
  IncidentId flushed() const override { return flushed_; }
  IncidentId corrupt_blocks(RegionId region, Share share, IncidentId cause) override;
  IncidentId lose_contexts(RegionId region, Share share, IncidentId cause) override;

  // ClockControlPort
  u32 skew_clock(RegionId region, const ClockError& error, IncidentId cause) override;
  void mend_clock(RegionId region, u32 fault, IncidentId healed) override;

  LiveRoot live() { return live_root(params_, this); }
  LiveRoot live_region(RegionId region) { return live_root(own_[region], this); }
  void retuned(const LiveChange& change) override;

  const KvStats& stats() const { return stats_; }
  i64 flushed_bytes() const { return flushed_blocks_ * block_bytes_; }
  i64 stored_bytes() const;                  // live and idle, all regions
  i64 stored_blocks(RegionId region) const;  // live and idle
  double flush_seconds() const;              // so far, a running one included
  IncidentId partition(RegionId a, RegionId b) { return links_.link(a, b).partition; }

 private:
  enum Kind : u8 { kTick, kFlushBatch, kEpochBump, kMerge };
  struct Region {
    IdleStock stock;
    i64 live_blocks = 0, flushing_blocks = 0, capacity_blocks = 0;
    WallClock clock;
    IncidentId skewed = kNoIncident;  // the last fault of its clock
    Instant skewed_until{};           // time stamps of that fault are in force
    Duration replication_lag{};
    u8 write_epoch = 0, valid_epoch = 0;
    Instant epoch_since{INT64_MIN / 4};  // start of the flush or bump that opened write_epoch
    u32 tainted_pages = 0;               // to be overwritten, not yet allocated again
    IncidentId taint_cause = kNoIncident;
    u64 aborts = 0;
    double allocated = 0, abandoned = 0;  // tokens since the last tick
    double allocated_mean = 0, abandoned_mean = 0;
  };
  struct Known {  // incidents of one kind by what caused them
    IncidentId a, b, id;
  };

  // kv_cache.cpp
  void take_own(Region& region, const KvRegionParams& own) const;
  void tick();
  void divide();
  // What a region's clock puts on what is written now.
  i64 stamp_now(const Region& region) const {
    return i64{now_ms()} + kStampOffset + region.clock.error_ms(world_.now());
  }
  u32 now_ms() const { return static_cast<u32>(world_.now().ns / 1'000'000); }
  void resize(SessionCopy& copy, RegionId r, u16 blocks);
  void drop(SessionCopy& copy, RegionId r) { resize(copy, r, 0); }
  void check_conservation() const;
  void register_stats();

  // kv_poison.cpp
  void poison(LiveSession& s, SessionCopy& copy, u16 from, IncidentId cause);
  void meet_tainted_page(LiveSession& s, SessionCopy& c, const KvWrite& w, u16 before);

  // kv_manifest.cpp
  bool may_write(const LiveSession& s, RegionId r);
  bool settle_head(LiveSession& s, SessionCopy& c, const KvWrite& w, u16 blocks, KvWritten& result);
  // Whether region `to` has not seen the last write of `from`.
  bool unsent(SessionSlot slot, RegionId from, RegionId to) {
    return (table_.unsent(slot, from, table_.copy(slot, from)) >> to & 1u) != 0;
  }
  void mark_sent(SessionSlot slot, RegionId from, RegionId to);
  void note_pending(const LiveSession& s, RegionId r);
  void pull(SessionSlot slot, LiveSession& s, RegionId to);
  void deliver(SessionSlot slot, LiveSession& s, RegionId from, RegionId to);
  void merge_branches(SessionSlot slot, LiveSession& s, RegionId ra, RegionId rb);
  void merge_all();
  bool torn(const LiveSession& s, u32 turn, u32 index) const;
  Instant written_at(const SessionCopy& c, RegionId r) const;
  // The fault of either region's clock by which a write seems older than it is.
  IncidentId wrong_clock(RegionId a, RegionId b) const;
  IncidentId conflict(IncidentId carried, IncidentId partition, RegionId r);
  IncidentId known(std::vector<Known>& log, const IncidentKind& kind, IncidentId a, IncidentId b,
                   const std::string& text);
  void report_partitions();

  // kv_flush.cpp
  FlushRates flush_rates() const;
  void flush_batch();
  bool feed();
  bool feed_live(u32 slots);
  bool feed_stock();
  bool feed_late();
  bool more_to_feed();
  u32 flush_session(SessionSlot slot, FlushWork& work);
  void queue_late(SessionSlot slot, LiveSession& s);
  void finish_flush();
  bool in_flush(RegionId r) const { return (flush_mask_ >> r & 1u) != 0; }
  u64 mask_of(const FlushScope& scope) const;
  u8 next_epoch(RegionId r);
  void renumber_epochs(RegionId r);
  void bump(RegionId r);

  World& world_;
  KvCacheParams params_;
  const NetworkPort& network_;
  const u32 n_;
  ComponentId component_;
  i64 block_bytes_;
  StreamKey open_, torn_, lag_, page_, abort_, fanout_, corrupt_, lose_;
  u32 slots_;
  SessionTable table_;
  std::vector<Region> regions_;
  std::vector<KvRegionParams> own_;  // [region]
  Replication links_;
  std::vector<Known> conflicts_, page_reuses_;
  u64 unexplained_ = 0;  // conflicts without a cause in this minute
  Instant minute_{};
  KvStats stats_;

  i64 initial_blocks_ = 0, written_blocks_ = 0, evicted_blocks_ = 0, flushed_blocks_ = 0;

  u64 flush_mask_ = 0;  // regions, a bit each
  Instant flush_started_{}, flush_since_{};
  IncidentId flush_id_ = kNoIncident, bump_id_ = kNoIncident, flushed_ = kNoIncident;
  u32 bumps_ = 0;        // regions an epoch bump has not reached yet
  u32 bump_number_ = 0;  // of the last one begun: its draws depend on no one else's incidents
  u32 corruptions_ = 0, losses_ = 0;
  u32 live_cursor_ = 0;
  bool late_done_ = false;
  std::unique_ptr<FlushQueue> queue_;
  std::vector<SessionSlot> late_;  // leased, or written by survivors
  i64 piece_ = 1;
};

}  // namespace stampede
