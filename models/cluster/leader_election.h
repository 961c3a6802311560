// One process of several that could do the same: the controller manager, the scheduler. It leads
// while it renews a lease in time; if it does not, its process ends, and whoever takes the lease
// over lists everything before it does anything.
// **State** LEADING -not renewed for `renew_deadline`-> VACANT -the lease has run out, another one
// takes it-> LISTING -the list is there-> LEADING; LISTING -not renewed-> VACANT.
// **Source** Kubernetes client-go tools/leaderelection (lease 15 s, renewal within 10 s, a try
// every 2 s, calls of half the renewal deadline), reflector.go (back-off of a list from 0.8 to 30
// s).
// **Limits** there is always somebody to take over; of what a new leader lists only pods cost
// anything; it goes on with what its predecessor had in hand.
#pragma once
#include <string>
#include <vector>

#include "models/cluster/context.h"
#include "models/cluster/limited_client.h"

namespace stampede::cluster {

class LeaderElection final : Component, ApiCaller {
 public:
  // `number`: of its lease. `clients`: what it asks the API server with while it leads.
  LeaderElection(const Context& context, ApiServerPort& api, std::string name, u32 number,
                 std::vector<LimitedClient*> clients);
  void start();

 private:
  enum class State : u8 { kLeading, kVacant, kListing };
  enum Kind : u8 { kTry, kDeadline, kList };
  enum Reply : u64 { kLease, kListed };
  void handle(const Event& event) override;
  void api_replied(u64 tag, const ApiCall& call, ApiStatus status, IncidentId incident) override;
  void try_lease();
  void try_again(Duration after);
  void renewed();
  void lost();
  void list();
  void listed(ApiStatus status);
  const LeaderElectionParams& params() const { return context_.params.controllers.leader_election; }

  const Context context_;
  ApiServerPort& api_;
  const std::string path_;
  const u32 number_;
  const std::vector<LimitedClient*> clients_;
  const ComponentId component_;
  StreamKey phase_;
  State state_ = State::kLeading;
  Instant renewed_{};
  u32 term_ = 0;      // what comes of an earlier one is not heard
  u32 failures_ = 0;  // of lists
  EventHandle next_{}, deadline_{};
  IncidentId failed_by_ = kNoIncident, vacant_ = kNoIncident;
  u64 changes_ = 0;
};

}  // namespace stampede::cluster
