// An etcd cluster: a serial log disk with group commit, a CPU beside it, an apply thread that the
// backend commit locks out, elections, and a database file with a latched quota alarm.
// State of a write: accepted -> queued -> in a batch (fsync, quorum) -> committed -> applied ->
// answered | refused (apply gap) | timed out 7 s after its start. A write that timed out is not
// taken back: it takes effect if it is committed later, and its client is told then. What a write
// compares (a version) and whether the alarm refuses it is decided when it is committed, in the
// order of the log.
// Source: the real etcd 3.4 of etcd_measured (all mechanisms and figures); etcd raft.go, server.go,
// backend.go, quota.go for their defaults.
// Limits: constant fsync times; that a leader is gone is noticed with the next write; a member that
// comes back has what it missed at once; the apply gap is the leader's; writes caught by an
// election always fail and have no effect, though a real new leader may have them in its log;
// etcd's own leases are left out.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/control_plane/control_plane_record.h"
#include "models/control_plane/database_file.h"
#include "models/control_plane/etcd_client.h"
#include "models/control_plane/etcd_member.h"
#include "models/control_plane/etcd_params.h"
#include "models/ports/live_port.h"
#include "sim/live_causes.h"
#include "sim/slot_pool.h"
#include "sim/world.h"

namespace stampede {

class Etcd final : Component, public Tunable {
 public:
  Etcd(World& world, EtcdParams params, std::string path);

  // Submits a write that reaches etcd at `at` >= now.
  void submit(const EtcdWrite& write, Instant at, EtcdClient* client, u32 tag);
  // When a linearizable read that arrives at this member at `at` is answered (waits while its
  // backend is blocked).
  Instant read_done(Instant at, u32 member = 0);

  // Maintenance; each is refused by nothing and helps only if its precondition holds.
  void compact_to_mark() { file_.compact_to_mark(); }  // the API server's periodic compaction
  void compact() { file_.compact(); }
  Duration defragment_time() const;  // of one member
  // Members as they are numbered. For defragment_time() a follower answers nobody and applies
  // nothing, and the leader blocks every read and write; nobody is elected, for heartbeats and the
  // log go on. The file is smaller at the end.
  void defragment(u32 member);
  // Clears the alarm; the next backend commit raises it again while the file passes the quota.
  void disarm();
  void set_quota(Bytes quota) { params_.quota = quota; }
  // The leader takes no more proposals, waits for those under way and hands over to a follower;
  // nothing is lost. False: there is none.
  bool move_leader();

  // Processes of members as they are numbered end without a word and are back after `down`. Clients
  // of theirs go to others; what the leader had in hand is lost to them.
  void stop(u32 member, Duration down);

  // Faults. `member` counts from the leader: 0 is the leader at the time of the call.
  void set_fsync_delay(i32 member, Duration delay);     // of the write-ahead log
  void set_database_delay(i32 member, Duration delay);  // of the backend's commits
  void stall(i32 member, Duration length);              // every fsync ends after it at the earliest

  bool alarm() const { return alarm_; }
  // Called when the alarm rises, at that instant.
  void on_alarm(std::function<void()> call) { on_alarm_ = std::move(call); }
  void settle();  // plays the backend's commit timer up to now, so that the alarm is up to date

  // How often an object was written since the start of the run, as far as committed; 0: never, or
  // it is deleted. Objects that expire have none.
  u32 version(u64 key) const {
    const auto known = versions_.find(key);
    return known == versions_.end() ? 0 : known->second;
  }

  const DatabaseFile& file() const { return file_; }
  i64 apply_gap() const { return committed_ - applied_; }
  i64 outstanding() const { return outstanding_; }
  Instant oldest_start();                      // of the writes not answered; kNever if none
  i64 outstanding_since(Instant limit) const;  // writes not answered that started before `limit`
  u32 leader() const { return leader_; }
  i32 from_leader(u32 member) const {
    const auto n = static_cast<u32>(members_.size());
    return static_cast<i32>((member + n - leader_) % n);
  }
  u64 elections() const { return elections_; }
  u64 fsyncs() const { return fsyncs_; }
  u64 proposals() const { return proposals_; }  // that went into a batch
  u64 writes() const { return writes_; }        // answered with success
  u64 late_writes() const { return late_; }     // that took effect after their time-out
  const EtcdParams& params() const { return params_; }
  const EtcdRecord& keep_record();  // from now on
  // What members tell those who scrape them.
  u32 members() const { return static_cast<u32>(members_.size()); }
  bool runs(u32 member) const { return !members_[member].stopped(world_.now()); }
  // Whether a member that runs knows a leader: the last one is there or has not been missed for an
  // election's time-out yet, and so is a quorum, without which a leader steps down.
  bool has_leader() const;
  // Heartbeats that leaders could not send to it since keep_record().
  u64 sent_failures(u32 member);
  LiveRoot live() { return live_root(params_, this); }
  void retuned(const LiveChange& change) override;
  const LiveCauses& live_causes() const { return live_causes_; }

 private:
  enum Kind : u8 {
    kLoopWake,
    kFsyncEnd,
    kApplyWake,
    kApplyEnd,
    kFollowerApply,
    kForward,
    kReject,
    kTimeoutCheck,
    kGiveUp,
    kElection,
    kDefragmented
  };
  // kAnswered: still in a batch, nobody waits; kLost: in no batch, waits for its time-out.
  enum class Where : u8 { kFree, kAccepted, kAnswered, kLost };
  struct Request {
    EtcdWrite write;
    Instant start, ready;
    Instant until;  // its time-out
    EtcdClient* client = nullptr;
    u32 tag = 0;
    u32 generation = 0;
    u32 version = 0;                         // of the object after the write was decided
    EtcdStatus fate = EtcdStatus::kTimeout;  // until it is committed
    Where where = Where::kFree;
    bool unsettled = false;  // timed out; its client is not told of its fate yet
  };
  struct Batch {
    std::vector<u32> requests;
    Instant acked{};               // by a quorum, as the leader hears it
    std::vector<Instant> on_disk;  // by member
    std::size_t applied = 0;       // requests the leader has applied
    i32 users = 0;                 // leader's apply and followers' applies still to come
  };

  void handle(const Event& event) override;
  void free_request(u32 slot);
  u32 new_request(const EtcdWrite& write, Instant at, EtcdClient* client, u32 tag);
  void enqueue(u32 slot);
  void forward(u32 slot);
  void forward_wake(u32 member);
  void wake_loop(Instant at);
  void run_loop();
  void take_batch();
  void fsync_ended();
  void commit(u32 batch);
  Instant acked_by_quorum(const Batch& batch) const;
  u32 member_for(u32 member, Instant at) const;
  void decide(Request& request);
  void follower_commit(u32 batch, Instant sent);
  void follower_apply(u32 batch, u32 argument);
  void pump_apply();
  void apply_ended();
  void reply(u32 slot);
  void give_up(u32 slot, EtcdStatus status);
  void answer(u32 slot, EtcdStatus status);
  void settle_fate(u32 slot);
  void finish_use(u32 batch);
  void check_timeouts();
  void tune_members();
  void arm_election();
  void elect(u32 winner);
  void hand_over();
  void lead(u32 member);
  void count_unreachable();
  Duration scaled(Duration cpu) const;
  Duration write_cpu(Duration base, i32 bytes) const;
  Instant run_cpu(u32 member, Instant from, Duration cost);
  u32 index_from_leader(i32 member) const;
  // Never the present instant, whose rung may have passed.
  Instant later(Instant at) const { return std::max(at, world_.now() + 1_ns); }
  bool single() const { return members_.size() == 1; }

  World& world_;
  EtcdParams params_;
  LiveCauses live_causes_;
  ComponentId component_;
  StreamKey election_stream_;
  DatabaseFile file_;
  std::vector<EtcdMember> members_;
  std::unique_ptr<EtcdRecord> record_;  // null: nobody asks
  std::vector<std::vector<u32>> forward_waiting_, forward_sending_;
  std::vector<EventHandle> forward_event_;
  u32 leader_ = 0, term_ = 1;
  static constexpr u32 kNobody = UINT32_MAX;
  u32 next_leader_ = kNobody;  // to which it hands over as soon as nothing is under way

  std::unordered_map<u64, u32> versions_;  // by key; looked up only
  SlotPool<Request> requests_;
  std::deque<std::pair<u32, u32>> by_start_;  // slot, generation
  SlotPool<Batch> batches_;

  std::deque<u32> queue_;      // proposals, by the time they are ready
  std::deque<u32> in_flight_;  // batches not committed
  bool loop_busy_ = false;
  u32 writing_ = 0;                        // batch in the running fsync
  Instant loop_started_{}, fsync_ends_{};  // of the running fsync
  EventHandle loop_event_{}, fsync_event_{}, election_event_{}, timeout_event_{};
  Instant loop_event_at_{};
  Instant latest_until_{};      // of the time-outs that are met in order
  Duration longest_timeout_{};  // with which that one began
  Duration backlog_{};          // of the CPU when the last fsync ended

  std::deque<u32> apply_queue_;
  bool applying_ = false;
  std::size_t apply_count_ = 0;

  i64 committed_ = 0, applied_ = 0, outstanding_ = 0;
  u64 fsyncs_ = 0, proposals_ = 0, writes_ = 0, late_ = 0, elections_ = 0;
  u64 commits_seen_ = 0;
  bool alarm_ = false;
  std::function<void()> on_alarm_;
};

}  // namespace stampede
