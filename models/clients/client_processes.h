// The processes that clients' requests come from, and what each keeps for itself: a retry budget
// and a circuit breaker. A session's requests all come from one of them. State: pools of processes,
// each with the state of every process. A class of clients has a pool of
//   its own if it says how many processes there are; classes of one `application` share theirs; all
//   others with the same budget and breaker share one.
// Source: retry budgets and breakers are objects of a client library: gRFC A6 (one for each
// channel's
//   server name), AWS SDK (one for each client object), Finagle, resilience4j, Hystrix.
// Limits: processes neither come nor go; the sessions of a pool are spread evenly over it, those of
//   one home region over its part of it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/clients/client_breakers.h"
#include "models/clients/client_class_params.h"
#include "models/clients/retry_budget.h"
#include "sim/world.h"

namespace stampede {

class ClientProcesses {
 public:
  struct Pool {
    RetryBudgets budgets;
    ClientBreakers breakers;
    IncidentId opened_by = kNoIncident;  // what made the breakers open that opened last
    bool keeps_state() const { return budgets.limited() || breakers.any(); }
  };

  // `rate`: requests per second of all classes; `home_shares`: of the regions.
  ClientProcesses(World& world, Rate rate, std::vector<double> home_shares);
  // All classes, in the order of their numbers.
  void settle(const std::vector<const ClientClassParams*>& classes);
  // The budget or breaker of one class is another now.
  void changed(u16 class_id, const ClientClassParams& params);

  Pool& pool_of(u16 class_id) { return *pools_[by_class_[class_id]].state; }
  // Which process of its class's pool a session's requests come from.
  u32 process_of(u16 class_id, RegionId home, u64 session_key) const;
  // Does any of them keep something?
  bool keep_state() const { return keep_state_; }
  u32 pool_number(u16 class_id) const { return static_cast<u32>(by_class_[class_id]); }
  // Of each pool, by process, what is under way; nothing where its budget does not count calls.
  std::vector<std::vector<CallsUnderWay>> calls() const;
  void forget_calls();
  u32 processes(u16 class_id) const { return pools_[by_class_[class_id]].processes; }

 private:
  struct Shared {
    std::string label;
    RetryParams retry;
    ClientBreakerParams breaker;
    double share = 0;  // of its classes
    u64 stated = 0;    // processes that they say they have
    u32 processes = 0;
    Instant born{};
    std::unique_ptr<Pool> state{};
    bool takes(const std::string& other, const ClientClassParams& p) const;
  };
  std::size_t join(const ClientClassParams& params);
  void furnish(Shared& pool);

  World& world_;
  StreamKey places_;
  double rate_;
  bool keep_state_ = false;
  std::vector<double> before_, share_;  // [home] of the pools
  std::vector<Shared> pools_;
  std::vector<std::size_t> by_class_;
};

}  // namespace stampede
