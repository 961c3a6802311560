// A region behind real clients, with two pods in each pool, and what must hold at any time.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/balancing/replica_choice.h"
#include "models/serving/region.h"
#include "tests/models/client_fixture.h"

namespace stampede::test {

struct HandSafety final : SafetyPort {
  bool open = false;
  IncidentId ramp = kNoIncident;  // that admits
  u64 told = 0;
  void answered(u64, RegionId, ReplicaId, bool, IncidentId) override { ++told; }
  Verdict admit(u64, RegionId) override {
    if (open) return {Outcome::kBreaker, {}, 5};
    Verdict admitted;
    admitted.incident = ramp;
    return admitted;
  }
  bool globally_open() const override { return open; }
};

inline ServingParams pools(std::vector<EngineRole> roles) {
  ServingParams p;
  for (const EngineRole role : roles) {
    PoolParams& pool = p.pools.emplace_back();
    pool.engine.role = role;
    pool.engine.max_num_seqs = 32;
    pool.front_end.cpu_per_request = 10_ms;
  }
  p.termination_grace = 20_s;
  return p;
}

// What stands in the slots of the request's way.
struct Slots {
  std::vector<EndpointFilter*> filters{};  // of the first pool
  std::function<void(World&, Region::Wiring&)> region{};
  std::function<void(World&, Population::Wiring&)> clients{};
  std::function<AdmissionPolicy*(const AdmissionPolicy::Place&)> admission{};  // of the first pool
};

// Ten requests a second for 100 s into one region of two pods a pool.
struct Service {
  World world{3};
  AttemptPool attempts;
  HandPath network;
  HandBalancer balancer;
  CountingKv kv;
  HandSafety safety;
  ServiceLevel level{world, {}, 1, 24_h};
  Region region;
  std::vector<std::unique_ptr<ReplicaChoice>> choice;
  Population clients;
  std::vector<PodId> pods;

  Service(const ClientClassParams& params, const ServingParams& serving,
          const GatewayParams& gateway = {}, double rate = 10, const Slots& slots = {})
      : region(world, 0, "here", serving, gateway),
        clients(world, {params}, Clients::demand(rate), 1, wired(slots)) {
    Region::Wiring wiring{&clients, &kv, &safety, &attempts, {}};
    wiring.filters = {slots.filters};
    if (slots.region) slots.region(world, wiring);
    if (slots.admission) wiring.admission = {{slots.admission({world, "here", region.active()})}};
    for (std::size_t w = 0; w < serving.pools.size(); ++w) {
      choice.push_back(make_live_choice(std::make_shared<const ReplicaChoiceParams>(), world,
                                        "choice", region.active()));
      wiring.choice.push_back(choice.back().get());
    }
    region.connect(wiring);
    for (std::size_t w = 0; w < serving.pools.size(); ++w) {
      const auto first = static_cast<PodId>(2 * w);
      for (const PodId id : {first, first + 1}) {
        region.pod_started(id, static_cast<WorkloadId>(w));
        pods.push_back(id);
      }
      region.endpoints_changed(static_cast<WorkloadId>(w), {first, first + 1}, kNoIncident);
    }
    clients.start();
  }
  Population::Wiring wired(const Slots& slots) {
    Population::Wiring wiring{&network, &balancer, {&region}, &kv, &attempts, &level};
    if (slots.clients) slots.clients(world, wiring);
    return wiring;
  }
  void run(Duration d) {
    const Instant end = world.now() + d;
    while (world.now() < end) {
      world.scheduler.run_until(std::min(end, world.now() + 1_s));
      for (const PodId id : pods) region.probe(id, id < 2 ? 0 : 1);
      ASSERT_EQ(level.counts().offered,
                level.counts().total_ended() + clients.requests_in_flight());
      ASSERT_EQ(attempts.live(), region.holds());
      u64 ended_attempts = 0;
      for (const u64 n : clients.counts().attempts_ended) ended_attempts += n;
      ASSERT_EQ(clients.counts().attempts, ended_attempts + attempts.live());
    }
  }
  void run_out() {
    run(20'000_s);  // abandoned attempts of a retry storm take their time
    EXPECT_EQ(clients.requests_in_flight(), 0U);
    EXPECT_EQ(attempts.live(), 0U);
    EXPECT_EQ(region.active().total, 0U);
    EXPECT_EQ(kv.open, 0);
  }
  u64 ended(Outcome o) const { return level.counts().ended[static_cast<std::size_t>(o)]; }
  u64 offered() const { return level.counts().offered; }
};

}  // namespace stampede::test
