// What the slots of hedging and single flight need: second attempts of a request, and attempts that
// take over an execution which nobody waits for any more.
#include "models/clients/population.h"

#include <algorithm>

#include "models/clients/population_class.h"
#include "models/clients/service_level.h"

namespace stampede {
namespace {

constexpr u8 kSecond = 0x80;      // in the number of a second attempt, beside that of the first
constexpr u32 kLoser = 1U << 31;  // in the serial of an attempt that lost; no request's gets there

}  // namespace

void Population::register_slot_stats() {
  StatsTable& t = world_.stats;
  if (std::any_of(classes_.begin(), classes_.end(), [](const auto& c) {
        return c->params.breaker.policy != ClientBreakerKind::kNone;
      })) {
    t.counter("clients", "unsent_total", "attempts that clients' own breakers held back",
              &counts_.unsent);
    t.counter("clients", "breakers_opened_total", "times that a breaker of a client opened",
              &counts_.breakers_opened);
  }
  if (!wiring_.hedging.empty())
    t.counter("clients", "hedges_total", "second attempts of requests", &counts_.hedges);
  if (wiring_.single_flight != nullptr)
    t.counter("clients", "taken_over_total", "attempts that took over one that was left",
              &counts_.taken_over);
}

// The first attempt goes on; the second concerns the request only once it is taken on.
void Population::hedge(RequestSlot slot) {
  Request& r = requests_[slot];
  const u32 number = kSecond | r.tries;
  if (!budget_allows(r, world_.now(), true, RetryCause::kTransport, number)) return;
  ++counts_.attempts;
  ++counts_.hedges;
  const Session& s = sessions_[r.session];
  const RegionRoute route = wiring_.balancer->route(r.home, s.client, s.key);
  const auto refused = [&](const Verdict& verdict) {
    ++counts_.attempts_ended[static_cast<std::size_t>(verdict.code)];
    tell_balancer(route.region, verdict.code, verdict.incident);
  };
  if (!route.verdict.accepted()) return refused(route.verdict);
  wiring_.service->attempt_offered(route.region, route.moved_by);
  const PathState& path = wiring_.network->path(s.client, route.region);
  if (path.reach == Reach::kNoRoute) return refused({Outcome::kUnreachable, {}, path.cause});
  if (path.reach == Reach::kBlackHole) {
    ++counts_.attempts_lost;
    return refused({Outcome::kTimeout, {}, path.cause});
  }
  const Verdict let_in = wiring_.regions[route.region]->admit(
      s.key, ~(r.key ^ static_cast<u64>(world_.now().ns)), r.class_id, what_brings(r, route, {}));
  if (!let_in.accepted()) return refused(let_in);
  const AttemptSlot attempt = make_out(slot, what_brings(r, route, let_in));
  Attempt& a = (*wiring_.attempts)[attempt];
  a.region = route.region;
  a.number |= kSecond;
  const Verdict verdict = wiring_.regions[route.region]->offer(attempt);
  if (!verdict.accepted()) {
    wiring_.attempts->give_back(attempt);
    return refused(verdict);
  }
  ++sessions_[r.session].working;
  become(r, r.state, true);
  if (r.attempt == kNoSlot) {  // the first was lost on its way
    r.attempt = attempt;
    r.region = route.region;
    return;
  }
  if (slot >= second_.size()) second_.resize(slot + 1, kNoSlot);
  second_[slot] = attempt;
}

// One of the attempts of a request ended without an answer.
void Population::lose(RequestSlot slot, AttemptSlot attempt) {
  Request& r = requests_[slot];
  const AttemptSlot second = second_of(slot);
  if (second != kNoSlot) second_[slot] = kNoSlot;
  if (r.attempt != attempt) return become(r, r.state);
  r.attempt = second;
  if (second != kNoSlot) r.region = (*wiring_.attempts)[second].region;
}

// The client hears the first token of `attempt` and tells the server of the other.
void Population::wins(RequestSlot slot, AttemptSlot attempt, Instant heard) {
  Request& r = requests_[slot];
  classes_[r.class_id]->hedging->first_token(heard - r.sent);
  if (!has_second(slot)) return;
  const AttemptSlot loser = r.attempt == attempt ? second_[slot] : r.attempt;
  lose(slot, loser);
  Attempt& a = (*wiring_.attempts)[loser];
  a.request = kNoSlot;
  a.serial = kLoser | ++losers_;
  world_.scheduler.at(heard, Priority::kArrival, component_, kLoserLeaves, loser, a.serial);
}

void Population::loser_leaves(AttemptSlot attempt, u32 ticket) {
  const Attempt& a = (*wiring_.attempts)[attempt];
  if (a.request == kNoSlot && a.serial == ticket)
    cancel_at_server(attempt, mix64(a.session_key ^ a.turn));
}

// Of a request with two attempts, those into a region that cannot be reached any more.
void Population::path_lost(RequestSlot slot, RegionId region) {
  Request& r = requests_[slot];
  const PathState& path = wiring_.network->path(r.client, region);
  if (path.reach == Reach::kReachable) return;
  blame(r, path.cause);
  for (const AttemptSlot attempt : {r.attempt, second_[slot]}) {
    Attempt& a = (*wiring_.attempts)[attempt];
    if (a.region != region) continue;
    a.request = kNoSlot;
    a.incident = path.cause;
    ++counts_.attempts_lost;
    lose(slot, attempt);
  }
}

// An execution of the same turn that nobody waits for becomes the request's own.
bool Population::take_over(RequestSlot slot) {
  Request& r = requests_[slot];
  const Session& s = sessions_[r.session];
  const AttemptSlot other = wiring_.single_flight->under_way({r.region, s.turn, s.key});
  if (other == kNoSlot) return false;
  Attempt& a = (*wiring_.attempts)[other];
  if (a.request != kNoSlot) return false;
  a.request = slot;
  a.serial = r.serial;
  r.attempt = other;
  r.budget_spent = lengths_of(*classes_[r.class_id], s).budget_spent;
  --counts_.attempts;  // one execution, counted when it began
  ++counts_.taken_over;
  if (wiring_.regions[r.region]->streams(other)) first_token(other, world_.now());
  return true;
}

}  // namespace stampede
