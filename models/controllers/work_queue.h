// A controller with one queue of work that falls due again and again: leases on hosts, records to
// reconcile, configurations to propagate.
// State of an item: VALID -due-> queued (or held outside by a throttle) -done in time-> VALID;
//   done too late -> put back; due while its lease at the controller that this one follows has
//   expired: waits, unqueued; not done within its lease -> EXPIRED until it is done in time.
// Work that is late is done all the same, so that a queue longer than deadline x rate makes all of
// it late: nothing that is done counts, everything comes back, and the queue stays as long as it
// is. Incidents: controller_stalled, controller_resumed, controller_throttled,
// controller_unthrottled,
//   controller_restarted; leases_expired when the first one does, leases_valid when the last is
//   back; work_wasted when the first item is late, work_in_time when none was for as long as
//   `renew`.
// Source: AWS 2025-10-20 (leases of hosts are re-established, time out in the queue and are queued
//   again; throttling and restarts end it).
// Limits: one worker, first come first served; it asks a service for one item at a time.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "models/controllers/work_queue_params.h"
#include "models/ports/controller_port.h"
#include "models/ports/live_port.h"
#include "models/ports/node_control_port.h"
#include "models/ports/service_port.h"
#include "sim/eased_by.h"
#include "sim/world.h"

namespace stampede {

// Nodes that are items of a controller, in order.
struct NodesOfRegion {
  NodeControlPort* cluster = nullptr;
};

class WorkQueue final : public Component,
                        public ControllerPort,
                        public Tunable,
                        public ServiceCaller {
 public:
  // `nodes`: whose nodes its items are, if `items` is 0.
  WorkQueue(World& world, const WorkQueueParams& params, const std::vector<NodesOfRegion>& nodes);
  // Before the start: it asks the service for each item.
  void ask_of(ServicePort* service) { service_ = service; }
  // Before the start: items wait while their leases have expired there.
  void follow(WorkQueue& leader);
  void start();
  void handle(const Event& event) override;
  LiveRoot live() { return live_root(params_, this); }
  // What begins after it goes by it.
  void retuned(const LiveChange& change) override;

  void service_replied(u32 tag, const ServiceReply& reply) override;

  // ControllerPort
  void stall(IncidentId cause) override;
  void resume(IncidentId healed) override;
  u32 throttle(Rate rate, IncidentId cause) override;
  void unthrottle(u32 throttle, IncidentId healed) override;
  void restart(IncidentId cause) override;

  std::size_t items() const { return items_.size(); }
  std::size_t expired() const { return expired_; }
  std::size_t queued() const { return queue_.size() + held_.size(); }
  u64 done = 0, wasted = 0, failed = 0;

 private:
  enum Kind : u8 { kItemDue, kExpires, kWorkDone, kAdmit, kTell };
  enum class Wait : u8 { kNot, kHeld, kQueued };
  struct Item {
    Instant due{}, valid_until{}, deadline{};
    Instant done{};                    // its changes since then wait
    IncidentId held_by = kNoIncident;  // the throttle that let it in so late
    Wait waits = Wait::kNot;
    bool expired = false, told = false;  // its node knows
  };
  struct Throttle {
    u32 id;
    Rate rate;
    IncidentId incident;
  };
  void enqueue(u32 item);
  void admit(u32 item);
  void admit_next();
  void work();
  void begin_item();
  void put_down();
  void work_done(u32 run);
  void in_time(u32 item);
  void led(u32 item);
  void expire(u32 item);
  void changed();
  void tell();
  void close(NodeControlPort& cluster, const std::vector<u32>& nodes) const;  // expired ones
  const Throttle* tightest() const;

  World& world_;
  const std::string path_;
  WorkQueueParams params_;
  ComponentId component_;
  std::vector<NodesOfRegion> nodes_;
  std::vector<std::pair<std::size_t, u32>> node_of_;  // [item] of nodes_, and its number
  std::vector<Item> items_;
  std::deque<u32> queue_, held_;
  std::vector<Throttle> throttles_;
  u32 last_throttle_ = 0, stalls_ = 0, run_ = 0;
  ServicePort* service_ = nullptr;  // null: it asks nobody
  WorkQueue* leader_ = nullptr;     // null: it follows nobody
  std::vector<WorkQueue*> followers_;
  EasedBy eased_by_;
  bool working_ = false, failed_ = false, admits_ = false, tells_ = false;
  Instant admitted_at_{}, last_wasted_{};
  std::size_t expired_ = 0;
  IncidentId stalled_ = kNoIncident, lost_ = kNoIncident, late_ = kNoIncident,
             changed_by_ = kNoIncident, hindered_by_ = kNoIncident;  // its parameters; its service
};

}  // namespace stampede
