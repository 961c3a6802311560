// The walking skeleton at full volume: the real clients over stubs of everything else and a plain
// multi-server station that refuses when full, so that an attempt costs what clients, pools, timers
// and the event set cost. Prints ns per attempt and per request; --requests N sets the volume.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "models/clients/demand.h"
#include "models/clients/population.h"
#include "models/clients/service_level.h"

namespace stampede {
namespace {

struct OneHop : NetworkPort {
  PathState state{Reach::kReachable, 40_ms, 0, 0};
  const PathState& path(ClientNetwork, RegionId) const override { return state; }
  const PathState& between(RegionId, RegionId) const override { return state; }
  ClientNetwork client_networks() const override { return 24; }
  RegionId home(ClientNetwork c) const override { return static_cast<RegionId>(c / 8); }
  double weight(ClientNetwork) const override { return 0.125; }
};
struct HomeRoute : BalancerPort {
  RegionRoute route(RegionId home, ClientNetwork, u64) override { return {home, {}, 0}; }
};
struct NoCache : KvCachePort {
  void session_opened(SessionSlot, u64, RegionId, u32) override {}
  void session_closed(SessionSlot) override {}
  KvLookup lookup(SessionSlot, RegionId, u32, u32) override { return {}; }
  KvWritten write(const KvWrite&) override { return {}; }
  void aborted(RegionId, u32, IncidentId) override {}
};

// c servers, no queue: an attempt beyond them is refused.
struct LossStation : Component, RegionPort {
  World& world;
  AttemptPool& attempts;
  Population* clients = nullptr;
  ComponentId id;
  u32 free;
  LossStation(World& w, AttemptPool& a, u32 servers)
      : world(w), attempts(a), id(w.scheduler.add(this)), free(servers) {}
  Verdict admit(u64, u64, u16, IncidentId) override { return {}; }
  Verdict offer(AttemptSlot slot) override {
    if (free == 0) return {Outcome::kRejected503, {}, 0};
    --free;
    world.scheduler.after(2_s, Priority::kCompletion, id, 0, slot);
    return {};
  }
  bool cancel(AttemptSlot) override { return false; }
  void prefetch(u8, u32 slot, bool next) const override {
    if (next)
      clients->prefetch_attempt(slot, true);
    else
      attempts.prefetch(slot);
  }
  void handle(const Event& event) override {
    ++free;
    const SessionSlot session = attempts[event.subject].session;
    clients->first_token(event.subject, world.now());
    clients->finished(event.subject, world.now());
    attempts.give_back(event.subject);
    clients->released(session);
  }
};

int run(double requests) {
  const double rate = 3440;
  const Duration length = from_seconds(requests / rate);
  World world(1);
  AttemptPool attempts;
  OneHop network;
  HomeRoute balancer;
  NoCache kv;
  ServiceLevel service(world, {}, 3, length + 1_h);
  const std::vector<double> shares{0.6, 0.25, 0.15};
  std::vector<std::unique_ptr<LossStation>> stations;
  Population::Wiring wiring{&network, &balancer, {}, &kv, &attempts, &service};
  for (const double share : shares) {
    // Sized so that about two attempts in three find no free server.
    stations.push_back(
        std::make_unique<LossStation>(world, attempts, static_cast<u32>(rate * share * 2 * 0.72)));
    wiring.regions.push_back(stations.back().get());
  }
  ClientClassParams c;
  c.name = "clients";
  c.continue_probability = {0.5};
  c.first_token_timeout = 60_s;
  c.total_timeout = 300_s;
  c.retry.max_attempts = 5;
  DemandParams demand;
  demand.rate = {rate};
  Population clients(world, {c}, Demand(demand, {}, shares, {{}, {}, {}}), 3, wiring);
  for (auto& s : stations) s->clients = &clients;
  const auto begin = std::chrono::steady_clock::now();
  clients.start();
  world.scheduler.run_until(Instant{} + length);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto offered = static_cast<double>(service.counts().offered);
  const auto tried = static_cast<double>(clients.counts().attempts);
  std::printf("requests %.0f  attempts %.0f  events %llu  seconds %.2f\n", offered, tried,
              static_cast<unsigned long long>(world.scheduler.handled()), seconds);
  std::printf("ns/request %.0f  ns/attempt %.0f  ns/event %.0f\n", seconds * 1e9 / offered,
              seconds * 1e9 / tried,
              seconds * 1e9 / static_cast<double>(world.scheduler.handled()));
  std::printf("succeeded %llu  in flight %llu\n",
              static_cast<unsigned long long>(service.counts().ended[0]),
              static_cast<unsigned long long>(clients.requests_in_flight()));
  return service.counts().offered == service.counts().total_ended() + clients.requests_in_flight()
             ? 0
             : 1;
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) { return stampede::run(argc > 2 ? std::atof(argv[2]) : 5e6); }
