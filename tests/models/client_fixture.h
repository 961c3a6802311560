// What the tests of the request path share: clients before a network, a balancer and a server that
// do as they are told.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <vector>

#include "models/clients/demand.h"
#include "models/clients/population.h"
#include "models/clients/service_level.h"

namespace stampede::test {

// One access network at one region; the path to it is set by hand.
struct HandPath final : NetworkPort {
  PathState state;
  const PathState& path(ClientNetwork, RegionId) const override { return state; }
  const PathState& between(RegionId, RegionId) const override { return state; }
  ClientNetwork client_networks() const override { return 1; }
  RegionId home(ClientNetwork) const override { return 0; }
  double weight(ClientNetwork) const override { return 1; }
};

struct HandBalancer final : BalancerPort {
  RegionRoute answer{0, {}, kNoIncident};
  RegionRoute route(RegionId, ClientNetwork, u64) override { return answer; }
  bool listens = false;
  std::array<u64, static_cast<std::size_t>(Outcome::kCount)> heard{};
  bool learns() const override { return listens; }
  void ended(RegionId, Outcome outcome, IncidentId) override {
    ++heard[static_cast<std::size_t>(outcome)];
  }
};

struct CountingKv final : KvCachePort {
  i64 open = 0;
  u64 opened = 0, closed = 0, written = 0, aborted_tokens = 0;
  void session_opened(SessionSlot, u64, RegionId, u32) override { ++open, ++opened; }
  void session_closed(SessionSlot) override { --open, ++closed; }
  KvLookup lookup(SessionSlot, RegionId, u32, u32) override { return {}; }
  KvWritten write(const KvWrite&) override {
    ++written;
    return {};
  }
  void aborted(RegionId, u32 tokens, IncidentId) override { aborted_tokens += tokens; }
};

// Answers, keeps silent, refuses or breaks off, each after times of its own.
struct HandServer final : Component, RegionPort {
  struct Offer {
    Instant at;
    Attempt attempt;
    Outcome verdict = Outcome::kSucceeded;
  };
  World& world;
  AttemptPool& attempts;
  ClientPort* clients = nullptr;
  ComponentId id;
  std::function<Verdict(const Attempt&)> verdict = [](const Attempt&) { return Verdict{}; };
  Verdict admission;                 // before the attempt is made out
  Duration first = 1_s, last = 5_s;  // after the offer
  Outcome ends = Outcome::kSucceeded;
  bool poisons = false;
  IncidentId cause = kNoIncident;  // of breaking off
  IncidentId late = kNoIncident;   // of what a client no longer waits for
  // Of the times of an attempt; none without it.
  std::function<Duration(const Attempt&)> later = [](const Attempt&) { return Duration{}; };
  // Breaks off instead of giving a first token.
  std::function<bool(const Attempt&)> breaks = [](const Attempt&) { return false; };
  std::vector<Offer> offers;
  u64 cancelled = 0, finished = 0;
  std::vector<EventHandle> firsts, lasts;  // [attempt]

  HandServer(World& w, AttemptPool& pool) : world(w), attempts(pool), id(w.scheduler.add(this)) {}
  Verdict admit(u64, u64, u16, IncidentId) override { return admission; }
  Verdict offer(AttemptSlot slot) override {
    const Verdict v = verdict(attempts[slot]);
    offers.push_back({world.now(), attempts[slot], v.code});
    if (!v.accepted()) return v;
    firsts.resize(attempts.slots());
    lasts.resize(attempts.slots());
    const Duration extra = later(attempts[slot]);
    firsts[slot] = world.scheduler.after(first + extra, Priority::kCompletion, id, 0, slot);
    lasts[slot] = world.scheduler.after(last + extra, Priority::kCompletion, id, 1, slot);
    return v;
  }
  bool cancel(AttemptSlot slot) override {
    world.scheduler.cancel(firsts[slot]);
    world.scheduler.cancel(lasts[slot]);
    ++cancelled;
    release(slot);
    return true;
  }
  IncidentId delayed_by(AttemptSlot) override { return late; }
  void handle(const Event& e) override {
    const AttemptSlot slot = e.subject;
    if (e.kind == 0 && breaks(attempts[slot])) {
      world.scheduler.cancel(lasts[slot]);
      clients->broken(slot, Outcome::kTruncated, kNoIncident);
      return release(slot);
    }
    if (e.kind == 0) {
      if (attempts[slot].request != kNoSlot) clients->first_token(slot, world.now());
      return;
    }
    attempts[slot].poisoned = poisons;
    if (ends == Outcome::kSucceeded) {
      ++finished;
      clients->finished(slot, world.now());
    } else {
      clients->broken(slot, ends, cause);
    }
    release(slot);
  }
  void release(AttemptSlot slot) {
    const SessionSlot session = attempts[slot].session;
    attempts.give_back(slot);
    clients->released(session);
  }
};

// Requests of one class arrive in the first 100 s, 10 a second, then no more.
struct Clients {
  World world{7};
  AttemptPool attempts;
  HandPath network;
  HandBalancer balancer;
  CountingKv kv;
  HandServer server{world, attempts};
  ServiceLevel service;
  Population population;

  static ClientClassParams single_turn() {
    ClientClassParams p;
    p.name = "some";
    p.retry.policy = RetryKind::kNone;
    return p;
  }
  static Demand demand(double rate) {
    DemandParams p;
    p.rate = {rate};
    p.stages = {{100_s, 1}, {1000000_s, 0}};
    return Demand(p, UtcTime{0}, {1.0}, {Duration{}});
  }
  using Fill = std::function<void(World&, Population::Wiring&)>;  // of slots
  explicit Clients(const ClientClassParams& params, double rate = 10, const Fill& fill = {})
      : service(world, {}, 1, 24_h), population(world, {params}, demand(rate), 1, wired(fill)) {
    server.clients = &population;
    population.start();
  }
  Population::Wiring wired(const Fill& fill) {
    Population::Wiring wiring{&network, &balancer, {&server}, &kv, &attempts, &service};
    if (fill) fill(world, wiring);
    return wiring;
  }
  // Runs on and checks what must hold at any time.
  void run(Duration d) {
    const Instant end = world.now() + d;
    while (world.now() < end) {
      world.scheduler.run_until(std::min(end, world.now() + 10_s));
      ASSERT_EQ(offered(), service.counts().total_ended() + population.requests_in_flight());
      u64 ended_attempts = 0;
      for (const u64 n : population.counts().attempts_ended) ended_attempts += n;
      ASSERT_EQ(population.counts().attempts, ended_attempts + attempts.live());
    }
  }
  u64 offered() const { return service.counts().offered; }
  u64 ended(Outcome o) const { return service.counts().ended[static_cast<std::size_t>(o)]; }
  const Population::Counts& counts() const { return population.counts(); }
};

}  // namespace stampede::test
