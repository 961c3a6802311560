// A named service: a station of servers with a queue, for everybody who calls it.
// **State** of a call: refused (down, throttled, full) or in the station (-> holding a server while
// other services are asked) -> served or broken off.
// The service does not know that a caller has left: it works on for nobody.
// **Incidents** service_failed, service_slowed, service_limited, service_restored (done to it);
// service_withdrawn, service_announced (by its health check);
// instances_restarted, instances_ended (out of memory), instances_back: its processes;
// service_saturated: of the calls of 10 s one in ten was refused for want of a place or left before
// it was served; service_recovered: fewer than one in a hundred for 30 s, and some were served.
// **Source** queueing theory; Gunther (2007) for `contention`.
// **Limits** one line for all callers; a slower service is slower for all calls, also those begun;
// what breaks off where a share of it fails, or with an instance, are the calls that were begun
// last; the line is in front of the instances and lasts as long as one of them runs.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "models/dependencies/instances.h"
#include "models/dependencies/service_params.h"
#include "models/dependencies/station.h"
#include "models/ports/live_port.h"
#include "models/ports/service_control_port.h"
#include "models/ports/service_port.h"
#include "sim/cause_tally.h"
#include "sim/eased_by.h"
#include "sim/live_causes.h"

namespace stampede {

// Who calls: hears how each call ends that was taken on.
struct ServiceUser {
  virtual ~ServiceUser() = default;
  // True if anybody still waited for it.
  virtual bool call_ended(u32 call, u32 generation, bool served, IncidentId cause) = 0;
};

class Service final : public Component,
                      public StationUser,
                      public ServiceControlPort,
                      public ServiceCaller,
                      public Tunable {
 public:
  enum class Taken : u8 { kYes, kFull, kThrottled, kDown };
  struct Counts {
    u64 offered = 0, refused = 0, throttled = 0, down = 0;  // of those offered, not taken on
    u64 served = 0, broken_off = 0;
    u64 wasted = 0;  // of those served, for callers who had left
    u64 left = 0;    // callers who left before they were served
  };

  Service(World& world, std::string path, const ServiceParams& params);
  // What it asks for each call, while the call holds its server.
  void depend_on(ServicePort* others) { others_ = others; }

  // `deadline`: when the caller leaves; `key`: what the call is about, for those it leads to.
  Taken offer(ServiceUser& user, u32 call, u32 generation, Instant deadline, IncidentId cause,
              u64 key = 0);
  // By its own health check, because of `cause` (incident service_withdrawn), and back again
  // (service_announced). Each returns its incident, or none if it is so already.
  IncidentId withdraw(IncidentId cause);
  IncidentId announce();
  bool withdrawn() const { return withdrawn_ != kNoIncident; }
  // Nobody is led to it. One that is announced by prefixes answers whom BGP still leads there.
  bool gone() const { return withdrawn() && !params_.health.prefixes; }
  void eased(const Relief& relief);  // by its callers
  void caller_left();                // before its call was served
  // What ails it now, if anything.
  IncidentId ailment() const;
  std::vector<IncidentId> ailments() const;
  // What makes its calls late: what ails it, what its calls wait for, or how it was changed.
  IncidentId hindrance() const;

  bool begins(u32 station, u32 job, u32 place) override;
  void left(u32 station, const StationJob& job) override;
  void service_replied(u32 job, const ServiceReply& reply) override;
  void handle(const Event& event) override;
  LiveRoot live() { return live_root(params_, this); }
  void retuned(const LiveChange& change) override;

  // ServiceControlPort
  u32 fail(double share, bool hangs, IncidentId cause) override;
  u32 slow(double factor, IncidentId cause) override;
  u32 limit(double rate, IncidentId cause) override;
  void heal(u32 fault, IncidentId healed) override;
  u32 restart(double share, u32 max_unavailable, IncidentId cause) override;
  bool restarting(u32 round) const override;
  Alarm unavailable() const override;

  const ServiceParams& params() const { return params_; }
  const Counts& counts() const { return counts_; }
  const Station& station() const { return station_; }

 private:
  friend struct ServiceFault;  // of tests that plant one for the checks to see
  enum class Harm : u8 { kFailed, kSlowed, kLimited };
  struct Fault {
    u32 id;
    Harm harm;
    double value;  // share that is gone, factor, rate
    bool hangs;
    IncidentId incident;
  };
  struct Job {
    ServiceUser* user = nullptr;
    u32 call = 0, generation = 0;
    u32 serial = 0;
    u32 place = 0;                     // in the station, while it asks others
    IncidentId cause = kNoIncident;    // what brought it
    IncidentId refused = kNoIncident;  // why the others did not answer
    u64 key = 0;                       // what it is about
  };
  struct Second {  // calls that ended in it
    i64 number = -1;
    u64 served = 0, lost = 0;
  };
  struct Lately {  // calls of ten seconds
    u64 lost = 0, all = 0;
  };
  Lately lately() const;
  struct Round {         // of restarts
    u32 id, left, most;  // to come; at a time
    IncidentId incident;
  };
  void end_instance(IncidentId cause);
  void instance_back(u32 instance);
  void go_on_restarting();
  void all_started();
  void check_memory();
  std::vector<IncidentId> what_brought() const;
  u32 add(Fault fault, const IncidentKind& kind, const std::string& text, IncidentId cause);
  void apply();
  u32 left_of(double share) const;  // servers; at least one
  bool down() const;
  bool hangs() const;
  bool throttles();
  Duration work();
  Duration patience(Instant deadline) const;
  Second& second();
  void lost();
  void watch();
  void look();
  // What the calls wait for that ask other services.
  void add_waits(std::vector<IncidentId>& causes) const;
  Remains remains_of(const Fault& gone) const;
  void register_stats();
  void verify() const;

  World& world_;
  const std::string path_;
  ServiceParams params_;
  const ComponentId component_;
  Station station_;
  StreamKey times_;
  u64 drawn_ = 0;
  u32 serials_ = 0;
  SlotPool<Job> jobs_;
  std::vector<Fault> faults_;
  std::vector<IncidentId> cold_since_;  // what ended instances of which some are still cold
  std::vector<IncidentId> lingering_;   // of faults that ended and whose calls still wait
  u32 last_fault_ = 0;
  double rate_ = -1;               // none: no limit [1/s]
  Instant allowed_at_{};           // of the limit
  ServicePort* others_ = nullptr;  // null: it needs none
  LiveCauses live_causes_;
  CauseTally<10, 3, 4> brought_by_;
  std::array<Second, 10> seconds_{};
  IncidentId saturated_ = kNoIncident;
  EasedBy eased_by_;
  IncidentId relieved_by_ = kNoIncident;  // by callers, the last
  Instant away_until_{};                  // it was down or hung
  IncidentId withdrawn_ = kNoIncident;
  Instant lost_at_{};
  u64 served_since_ = 0;  // calls, since then, whose callers waited
  Counts counts_;
  Instances instances_;
  std::vector<Round> rounds_;  // the first is under way
  u32 last_round_ = 0;
  std::vector<IncidentId> short_;  // why instances are not there
  std::vector<IncidentId> over_;   // why some were not, until all are there and stay
  bool memory_checked_ = false;    // an event does it at this instant
};

}  // namespace stampede
