// The Kubernetes API servers in front of etcd: priority and fairness, CPU, writes through etcd,
// watch fan-out, and the incidents of a saturated or frozen control plane.
// State of a call: turned away by a limit | seated | queued (15 s at most) | refused -> CPU -> etcd
// or watch cache -> answered; a committed change then travels to its watchers. The record of a
// write that timed out lives on until etcd knows its fate, and its watchers hear of it if it took
// effect. A watcher that is further behind than what is kept of changes lists, and hears of all
// that it missed when that is answered. Source: Kubernetes 1.28 apiserver (priority and fairness,
// limits, compaction every 5 min, event time to live 1 h). Limits: memory is that of LISTs alone,
// and a server that runs out of it still answers its writes; the egress is one line, so that a
// watcher is behind when that is, and not for being slow itself; a user's calls all go to one
// server. Versions are compared for leases, slices, the autoscaler's scale, the node lifecycle
// controller's pod statuses and bindings; other writers patch, or re-read before they write again.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/control_plane/api_server_params.h"
#include "models/control_plane/etcd_client.h"
#include "models/control_plane/priority_levels.h"
#include "models/control_plane/relists.h"
#include "models/control_plane/write_waits.h"
#include "models/ports/api_server_port.h"
#include "models/ports/control_plane_port.h"
#include "models/ports/live_port.h"
#include "models/ports/readiness_port.h"
#include "sim/cause_tally.h"
#include "sim/live_causes.h"
#include "sim/slot_pool.h"

namespace stampede {

class Etcd;
struct ApiRecord;

class ApiServer final : public ApiServerPort,
                        public ControlPlanePort,
                        public Tunable,
                        Component,
                        EtcdClient {
 public:
  ApiServer(World& world, ApiServerParams params, std::string path);
  ~ApiServer() override;

  void submit(const ApiCall& call, ApiCaller* caller, u64 tag) override;
  void watch(ApiObject object, ApiWatcher* watcher, Duration delay) override;

  // Whose endpoints this control plane must keep up to date; it is asked once a second.
  void follow(ReadinessPort* readiness) { readiness_ = readiness; }
  // The pod is there at the start of the run.
  void preload_status(u32 pod, bool ready) { pods_[pod] = {ready, true}; }

  LiveRoot live() { return live_root(params_, this); }
  LiveRoot live_etcd();
  LiveRoot live_events_etcd();  // where events have their own
  void retuned(const LiveChange& change) override;

  // ControlPlanePort
  void repair(IncidentId cause) override;
  void compact(IncidentId cause) override;
  void defragment(EtcdMembers which, IncidentId cause) override;
  void disarm(IncidentId cause) override;
  bool repairing() const override { return !upkeep_.empty(); }
  void raise_quota(double by, IncidentId cause) override;
  bool move_leader(IncidentId cause) override;
  void restart_members(EtcdMembers which, Duration down, bool graceful, IncidentId cause) override;
  IncidentId slow_disks(Duration delay, EtcdMembers which, IncidentId cause) override;
  void restore_disks(IncidentId slowed, IncidentId cause) override;
  void stall_disks(Duration length, EtcdMembers which, IncidentId cause) override;
  u32 limit_calls(ApiLevel level, Rate rate, IncidentId cause) override;
  void lift_limit(u32 limit, IncidentId healed) override;
  Alarm frozen() const override;
  Alarm unavailable() const override;
  Alarm stalled() const override;

  // For the summary and other readers.
  double etcd_writes_per_second_max() const { return writes_max_; }
  double frozen_seconds() const;
  const Etcd& etcd() const { return *etcd_; }
  const Etcd* events_etcd() const { return events_etcd_.get(); }  // null when shared
  Etcd& etcd() { return *etcd_; }
  u64 refused() const { return refused_; }
  const ApiRecord& keep_record();           // from now on
  i32 seats_in_use(ApiLevel level) const {  // over all servers
    i32 sum = 0;
    for (const Server& s : servers_) sum += s.levels.in_use(level);
    return sum;
  }

 private:
  enum Kind : u8 {
    kReply,
    kRefuse,
    kQueueTimeout,
    kDeliver,
    kRelease,
    kTick,
    kCompact,
    kMaintain,
    kStallOver,
    kServerBack
  };
  enum class Step : u8 { kCompact, kDefragment, kDisarm, kVerify, kHandOver, kRestart, kAway };
  struct Upkeep {
    Step step;
    u32 member;           // kDefragment, kRestart
    IncidentId incident;  // which says that it is done
    Duration down{};      // of kRestart and kAway
  };
  struct Call {
    ApiCall call;
    ApiCaller* caller;
    u64 tag;
    Instant submitted, deadline, to_etcd;
    u32 generation = 0;
    u16 server;
    u8 width;
    bool queued;
    bool reading = false;  // a GET or LIST that a server works on
    ApiStatus status;
    IncidentId incident;
  };
  struct Pod {
    bool ready = false;  // as committed
    bool bound = false;
  };
  struct SlowDisks {
    IncidentId fault;
    Duration delay;
    std::vector<u32> members;
  };
  struct Server {
    PriorityLevels levels;
    Instant cpu_free{};
    double memory = 0;               // of the LISTs that it works on [B]
    bool down = false;               // its process has ended
    IncidentId ended = kNoIncident;  // until it has run for `clear_after` again
    Instant back_at{};
  };
  struct Limit {
    u32 id = 0;
    ApiLevel level{};
    double rate = 0;
    IncidentId fault = kNoIncident;
    Instant next{};  // call that is let in
  };
  struct Delivery {
    Instant at;
    ApiChange change;
  };
  struct Watcher {
    ApiWatcher* watcher;
    Duration delay;
    std::deque<Delivery> due;  // what it missed: at no time
    EventHandle event{};
    bool behind = false;
  };

  static constexpr u32 kLostServer = UINT32_MAX, kNodeWatcher = UINT32_MAX - 1;
  void handle(const Event& event) override;
  void etcd_replied(u32 tag, EtcdStatus status, u32 version) override;
  void etcd_settled(u32 tag, bool applied, u32 version) override;
  i32 width_of(const ApiCall& call) const;
  i32 watchers_of(ApiObject object) const;
  void start(u32 slot);
  void write(u32 slot, Instant at);
  void finish(u32 slot, ApiStatus status, IncidentId incident);
  u16 server_for(u32 user) const;
  IncidentId turned_away(ApiLevel level);
  void hold_memory(u32 slot, double sign);
  void end_server(u32 server);
  void server_back(u32 server);
  void caught_up(u32 watcher);
  bool too_far_behind(ApiObject object) const;
  i32 nodes_listening() const;
  void fall_behind(const ApiCall& call);
  u32 watchers_behind() const;
  void check_watchers();
  void reply_later(u32 slot, ApiStatus status, Instant at, u8 kind);
  void refuse(u32 slot);
  void dispatch(u32 server, ApiLevel level);
  void committed(const ApiCall& call);
  bool only_marks(const ApiCall& call) const;
  bool bound(u32 pod) const;
  void fan_out(const ApiCall& call);
  void use_egress(double bytes, IncidentId cause);
  void deliver(u32 watcher);
  Instant run_cpu(Server& server, Duration cost);
  void note_status(const ApiCall& call);
  void note_failure(const ApiCall& call, IncidentId incident);
  void tick();
  IncidentId disk_stalled() const {
    return world_.now() < stall_felt_until_ ? stalled_ : kNoIncident;
  }
  IncidentId disk_slowed() const { return slowed_.empty() ? kNoIncident : slowed_.back().fault; }
  // What this control plane suffers from now, the nearest cause of a failed write first.
  IncidentId ailment() const;
  IncidentId trouble() const override { return ailment(); }
  void eased(IncidentId by) override;
  void slow_members();
  void tell_disks(std::vector<IncidentId> causes, const std::string& change);
  void file_full();
  void saturate(std::vector<IncidentId> causes, const std::string& text);
  void retune_servers();
  void schedule_compaction();
  void check_frozen();
  void check_saturated();
  bool answers() const;
  void check_available();
  void check_servers();
  bool slow_lately() const;
  std::vector<u32> members_of(EtcdMembers which) const;
  void add_upkeep(Step step, IncidentId incident, u32 member = 0, Duration down = {});
  void stop_member(u32 member, Duration down, IncidentId incident);
  void add_defragmentation(EtcdMembers which, IncidentId incident);
  void maintain();
  IncidentId blocked_by_upkeep() const {
    return world_.now() < blocked_until_ ? blocked_by_ : kNoIncident;
  }

  World& world_;
  ApiServerParams params_;
  LiveCauses live_causes_;
  std::string path_;
  ComponentId component_;
  std::unique_ptr<ApiRecord> record_;  // null: nobody asks
  std::unique_ptr<Etcd> etcd_, events_etcd_;
  std::vector<Server> servers_;
  SlotPool<Call> calls_;
  std::vector<std::vector<u32>> watchers_of_;  // by object
  std::vector<Watcher> watchers_;
  Relists relists_;
  i32 nodes_behind_ = 0;          // of the nodes' watchers
  u64 terminated_ = 0;            // times that a watcher was told 410
  CauseTally<30, 6, 8> sent_by_;  // bytes that the egress sent
  IncidentId behind_ = kNoIncident;
  Instant behind_at_ = kLongAgo;  // when last some were
  EventHandle compaction_{};
  Instant egress_free_{};
  std::unordered_map<u32, Pod> pods_;  // as committed; looked up only

  WriteWaits waits_;
  CauseTally<60, 6, 32> filled_by_;  // bytes written, as long as they fill the file
  CauseTally<10, 2, 32> lately_;     // those that may still wait
  CauseTally<60, 6, 4> read_by_;     // CPU time of lists [us]
  ReadinessPort* readiness_ = nullptr;
  // An incident lasts until its condition has been away for `clear_after`.
  IncidentId saturated_ = kNoIncident, frozen_ = kNoIncident;
  std::vector<SlowDisks> slowed_;     // faults of the disks, oldest first
  IncidentId stalled_ = kNoIncident;  // the last of them that stopped the disks
  std::vector<Limit> limits_;
  u32 last_limit_ = 0;
  IncidentId unavailable_ = kNoIncident;
  Instant unavailable_at_ = kLongAgo;  // when last no server answered
  Instant stalled_until_{};
  Instant stall_felt_until_{};    // by writes that it held up
  Instant slow_at_ = kLongAgo;    // when writes were last slow or refused
  Instant loaded_at_ = kLongAgo;  // when their 99th percentile was last above half of it
  bool frozen_now_ = false;
  Instant frozen_at_{}, frozen_until_{}, slice_at_{};  // began; last held; last slice committed
  Duration frozen_total_{};
  std::vector<IncidentId> blocked_causes_;  // of the changes that wait and what made them fail
  IncidentId repaired_ = kNoIncident;       // what was done, or ended, last against this

  std::deque<Upkeep> upkeep_;            // the first is under way
  IncidentId blocked_by_ = kNoIncident;  // defragmentation that writes wait for, or did lately
  Instant blocked_until_{};

  u64 ends_ = 0;  // of servers' processes
  u64 calls_total_ = 0, refused_ = 0, conflicts_ = 0, writes_last_ = 0;
  double writes_per_second_ = 0, writes_max_ = 0, batch_ = 0;
  u64 fsyncs_last_ = 0, proposals_last_ = 0;
};

}  // namespace stampede
