// What becomes of a request: its attempts, time-outs, retries and end, and how late both ways make
// it where segments are lost.
#include "models/clients/population.h"
#include "models/clients/population_class.h"
#include "models/clients/service_level.h"
#include "sim/check.h"

namespace stampede {
namespace {

Instant deadline(Instant from, Duration timeout) {
  return timeout.ns > 0 ? from + timeout : kNever;
}

}  // namespace

Population::Chain& Population::chain_of(const Request& r) {
  return chains_[r.class_id * regions_ + r.home];
}

Duration Population::one_way(const Request& r, RegionId region) const {
  return wiring_.network->path(r.client, region).round_trip / 2;
}

u32 Population::process_of(const Request& r) const {
  return processes_->process_of(r.class_id, r.home, sessions_[r.session].key);
}

bool Population::budget_allows(const Request& r, Instant at, bool retry, RetryCause cause,
                               u32 attempt) {
  RetryBudgets& budgets = processes_->pool_of(r.class_id).budgets;
  if (!budgets.limited()) return true;
  const double u =
      budgets.draws() ? uniform2(draw(classes_[r.class_id]->retry, r.key, attempt, 4)) : 0;
  return budgets.attempt(process_of(r), at, retry, cause, u);
}

u64 Population::process(const Attempt& a) const {
  const Session& s = sessions_[a.session];
  const u32 process = processes_->process_of(s.class_id, s.home, s.key);
  return mix64((u64{processes_->pool_number(s.class_id)} << 32) | process);
}

u64 Population::connection(const Attempt& a) const {
  const Session& s = sessions_[a.session];
  const u32 count = classes_[s.class_id]->params.connections;
  if (count == 0) return a.session_key;
  const u64 own = ((mix64(s.key) >> 32) * count) >> 32;
  return mix64(process(a) + own);
}

bool Population::breaker_allows(const Request& r) {
  ClientBreakers& breakers = processes_->pool_of(r.class_id).breakers;
  return !breakers.any() || breakers.allow(process_of(r), world_.now());
}

void Population::process_hears(const Request& r, Instant at, bool failed, bool budget_grows) {
  ClientProcesses::Pool& pool = processes_->pool_of(r.class_id);
  if (!pool.keeps_state()) return;
  const u32 process = process_of(r);
  if (pool.breakers.record(process, at, failed, at - r.sent)) {
    ++counts_.breakers_opened;
    pool.opened_by = r.blamed;
  }
  if (failed) pool.budgets.failure(process, at);
  if (budget_grows)
    pool.budgets.success(process, at, r.tries > 1, static_cast<RetryCause>(r.failed_by));
}

void Population::offer_turn(SessionSlot session, u8 resubmission, IncidentId because) {
  const RequestSlot slot = requests_.take_as_left();
  Session& s = sessions_[session];
  Request& r = requests_[slot];
  const u32 serial = r.serial + 1;
  r = Request{};
  r.serial = serial;
  r.key = mix64(s.key ^ mix64((static_cast<u64>(s.turn) << 8) | resubmission));
  r.offered = world_.now();
  r.session = session;
  r.client = s.client;
  r.class_id = s.class_id;
  r.home = s.home;
  r.resubmission = resubmission;
  r.blamed = because != kNoIncident ? because : classes_[r.class_id]->tuned.lately(world_.now());
  s.waiting = true;
  wiring_.service->offered(r.offered, r.home);
  send(slot);
}

// The region's gateway has let it in.
void Population::hand_in(RequestSlot slot, const RegionRoute& route, const Verdict& let_in,
                         Duration round_trip) {
  if (wiring_.single_flight != nullptr && take_over(slot)) return;
  const IncidentId brought_by = what_brings(requests_[slot], route, let_in);
  const AttemptSlot attempt = make_out(slot, brought_by);
  const Verdict verdict = wiring_.regions[route.region]->offer(attempt);
  if (!verdict.accepted()) {
    wiring_.attempts->give_back(attempt);
    blame(requests_[slot], brought_by);  // unless the refusal says more
    return refused(slot, verdict, round_trip);
  }
  requests_[slot].attempt = attempt;
  ++sessions_[requests_[slot].session].working;
  if (wiring_.single_flight != nullptr)
    wiring_.single_flight->started(work_of((*wiring_.attempts)[attempt]), attempt);
}

void Population::send(RequestSlot slot) {
  Request& r = requests_[slot];
  const Session& s = sessions_[r.session];
  const Instant now = world_.now();
  ++r.serial;
  ++r.tries;
  become(r, Request::State::kOpen);
  r.sent = now;
  const bool asks = processes_->keep_state();
  if (r.tries == 1 && asks && !budget_allows(r, now, false, RetryCause::kFinal, 0))
    return end_request(slot, Outcome::kRejected503, now);  // the client refuses itself
  if (asks && !breaker_allows(r)) {
    ++counts_.unsent;
    blame(r, processes_->pool_of(r.class_id).opened_by);
    return attempt_failed(slot, Outcome::kBreaker, {}, now, false);
  }
  if (r.tries > 1) ++counts_.retries;
  ++counts_.attempts;

  const RegionRoute route = wiring_.balancer->route(r.home, s.client, s.key);
  r.region = route.region;
  if (!route.verdict.accepted()) return refused(slot, route.verdict, 100_ms);
  wiring_.service->attempt_offered(route.region, route.moved_by);
  const PathState& path = wiring_.network->path(s.client, route.region);
  if (path.reach != Reach::kReachable) [[unlikely]]
    wiring_.regions[route.region]->eased({path.cause, {}, r.class_id});
  if (path.reach == Reach::kNoRoute)
    return refused(slot, {Outcome::kUnreachable, {}, path.cause}, path.round_trip);

  if (path.harm != nullptr && path.reach == Reach::kReachable &&
      comes_late(slot, path, route.moved_by))
    return;
  Verdict let_in;
  if (path.reach == Reach::kReachable) {
    let_in = wiring_.regions[route.region]->admit(s.key, r.key ^ static_cast<u64>(now.ns),
                                                  r.class_id, what_brings(r, route, let_in));
    if (!let_in.accepted()) {
      blame(r, route.moved_by);  // unless the refusal says more
      return refused(slot, let_in, path.round_trip);
    }
  }

  start_timeouts(slot);
  if (path.reach == Reach::kBlackHole) {  // only a time-out ends the wait
    blame(r, path.cause);
    ++counts_.attempts_lost;
    ++counts_.attempts_ended[static_cast<std::size_t>(Outcome::kTimeout)];
    return;
  }
  hand_in(slot, route, let_in, path.round_trip);
}

void Population::start_timeouts(RequestSlot slot) {
  Request& r = requests_[slot];
  Class& c = *classes_[r.class_id];
  r.patience = c.patience_number;
  if (c.patience.first_token.ns > 0)
    c.first_token.push(
        r.sent + c.patience.first_token, slot, r.serial,
        [&](u32 k, u32 serial) { return awaits_first_token(k, serial); },
        [&](u32 k) { requests_.prefetch(k); });
  if (c.patience.total.ns > 0)
    c.total.push(
        r.sent + c.patience.total, slot, r.serial,
        [&](u32 k, u32 serial) { return requests_[k].serial == serial; },
        [&](u32 k) { requests_.prefetch(k); });
  if (c.hedging != nullptr)
    if (const Duration delay = c.hedging->delay(); delay.ns > 0)
      world_.scheduler.at(r.sent + delay, Priority::kArrival, component_, kHedge, slot, r.serial);
}

// The turn's own lengths are the same under every policy and for every attempt.
Population::TurnLengths Population::lengths_of(const Class& c, const Session& s) const {
  const Words w = draw(c.lengths, s.key, s.turn);
  TurnLengths turn;
  turn.message = s.context == 0 ? c.first_prompt.at(uniform(w)) : c.message.at(uniform(w));
  u32 output = std::max<u32>(1, c.answer.at(uniform2(w)));
  const auto budget = static_cast<u32>(c.params.token_budget);
  double reasoning = c.params.reasoning_share.value * output;
  if (c.params.loop_probability.value > 0 &&
      uniform(draw(c.lengths, s.key, s.turn, 1)) < c.params.loop_probability.value)
    reasoning = output = budget;
  turn.budget_spent = reasoning >= budget;
  turn.output = std::min(output, budget);
  return turn;
}

// Writes the attempt that a region is then offered.
AttemptSlot Population::make_out(RequestSlot slot, IncidentId brought_by) {
  Request& r = requests_[slot];
  const Class& c = *classes_[r.class_id];
  const Session& s = sessions_[r.session];
  const TurnLengths turn = lengths_of(c, s);
  r.budget_spent = turn.budget_spent;

  const AttemptSlot attempt = wiring_.attempts->take();
  Attempt& a = (*wiring_.attempts)[attempt];
  a.session_key = s.key;
  a.request = slot;
  a.serial = r.serial;
  a.session = r.session;
  a.prompt = std::min(s.context + turn.message, static_cast<u32>(c.params.max_context));
  a.output = turn.output;
  a.answer_kept = static_cast<u32>((1 - c.params.reasoning_share.value) * turn.output);
  a.incident = brought_by;
  a.turn = s.turn;
  a.region = r.region;
  a.asked_by = static_cast<u8>(std::min<u16>(r.class_id, 255));
  a.number = static_cast<u8>(r.tries - 1);
  a.logs_in = s.turn == 0;
  a.rank = static_cast<u8>(8 + c.params.priority) & 0xf;
  if (c.trace) ask_as_recorded(a);
  if (wiring_.log) begin_trail(slot, attempt);
  return attempt;
}

void Population::refused(RequestSlot slot, const Verdict& verdict, Duration heard_after) {
  tell_balancer(requests_[slot].region, verdict.code, verdict.incident);
  ++counts_.attempts_ended[static_cast<std::size_t>(verdict.code)];
  blame(requests_[slot], verdict.incident);
  attempt_failed(slot, verdict.code, verdict.retry_after, world_.now() + heard_after);
}

void Population::attempt_failed(RequestSlot slot, Outcome outcome, Duration retry_after,
                                Instant heard_at, bool sent) {
  Request& r = requests_[slot];
  Class& c = *classes_[r.class_id];
  ++r.serial;
  r.attempt = kNoSlot;
  become(r, Request::State::kFailed);
  if (sent && processes_->keep_state()) process_hears(r, heard_at, true, false);
  const RetryCause cause = retry_cause(outcome);
  const auto delay = c.policy.next(c.retry, r.key, r.tries, cause, retry_after);
  if (!delay || !budget_allows(r, heard_at, true, cause, r.tries))
    return end_request(slot, outcome, heard_at);
  r.failed_by = static_cast<u8>(cause);
  become(r, Request::State::kBackoff);
  world_.scheduler.at(heard_at + *delay, Priority::kArrival, component_, kRetry, slot, r.serial);
}

bool Population::served_elsewhere(Class& c, const Request& r) {
  const FallbackParams& f = c.params.fallback;
  if (f.share.value <= 0 && f.local_cache.value <= 0) return false;
  const Words w = draw(c.retry, r.key, UINT32_MAX);
  if (uniform(w) < f.local_cache.value) return true;
  // Whether a client has another provider is a property of the client, not of the request.
  if (uniform(draw(c.retry, sessions_[r.session].key, UINT32_MAX, 1)) >= f.share.value)
    return false;
  const double elapsed = (world_.now() - c.fallback_refilled).seconds();
  c.fallback_refilled = world_.now();
  c.fallback_tokens = std::min(std::max(f.capacity.per_second, 1.0),
                               c.fallback_tokens + elapsed * f.capacity.per_second);
  const bool bounded = f.budget.value < 1;
  if (c.fallback_tokens < 1 || (bounded && c.fallback_saved < 1)) return false;
  c.fallback_tokens -= 1;
  c.fallback_saved -= bounded;
  return uniform2(w) >= f.parse_failures.value;
}

// What another provider answered becomes part of the conversation, but of no cache of this service.
void Population::remember_turn(const Class& c, Session& s) {
  const Words w = draw(c.lengths, s.key, s.turn);
  const u32 message = s.context == 0 ? c.first_prompt.at(uniform(w)) : c.message.at(uniform(w));
  const u32 answer = std::min(c.answer.at(uniform2(w)), static_cast<u32>(c.params.token_budget));
  const auto kept = static_cast<u32>((1 - c.params.reasoning_share.value) * answer);
  s.context = std::min(s.context + message + kept, static_cast<u32>(c.params.max_context));
}

void Population::end_request(RequestSlot slot, Outcome outcome, Instant at) {
  Request& r = requests_[slot];
  Class& c = *classes_[r.class_id];
  Chain& chain = chain_of(r);
  const SessionSlot session = r.session;
  Session& s = sessions_[session];
  const bool good = outcome == Outcome::kSucceeded;
  if (const FallbackParams& f = c.params.fallback; f.budget.value < 1)
    c.fallback_saved =
        std::min(static_cast<double>(f.budget_burst), c.fallback_saved + f.budget.value);
  if (!good && outcome != Outcome::kPoisoned && outcome != Outcome::kBudget &&
      served_elsewhere(c, r))
    outcome = Outcome::kServedElsewhere;
  wiring_.service->ended(r.offered, r.home, outcome, r.blamed);
  counts_.latencies +=
      mix64(r.key ^ (static_cast<u64>((at - r.offered).ns) << 4) ^ ~static_cast<u64>(outcome));
  if (wiring_.log) log_end(slot, outcome, at);
  chain.answered += 0.01 * ((good ? 1.0 : 0.0) - chain.answered);
  s.waiting = false;
  const u64 key = r.key;
  const u8 resubmission = r.resubmission;
  become(r, Request::State::kFree);
  ++r.serial;
  requests_.give_back(slot);

  const bool answered = good || outcome == Outcome::kServedElsewhere ||
                        outcome == Outcome::kPoisoned || outcome == Outcome::kBudget;
  if (answered) {
    if (outcome == Outcome::kServedElsewhere && c.params.fallback.keeps_conversation)
      remember_turn(c, s);
    ++s.turn;
    if (s.steps_left > 0 && --s.steps_left > 0) {
      const Duration gap = from_seconds(c.params.step_gap.seconds() *
                                        exponential(uniform(draw(c.behaviour, key, 2))));
      s.waiting = true;  // the task goes on: nobody may close it
      world_.scheduler.at(at + gap, Priority::kArrival, component_, kNextStep, session);
      return;
    }
    if (c.params.steps > 0) s.closing = true;
  } else {
    const ResubmitParams& again = c.params.resubmit;
    const Words w = draw(c.retry, key, UINT32_MAX, 2);
    if (resubmission < again.maximum && uniform(w) < again.probability.value) {
      ++counts_.resubmissions;
      s.waiting = true;
      const Duration pause = from_seconds(again.delay.seconds() * exponential(uniform2(w)));
      world_.scheduler.at(at + pause, Priority::kArrival, component_, kResubmit, session,
                          resubmission + 1u);
      return;
    }
    if (c.params.deferrable) ++chain.deferred;
    if (c.params.steps > 0) {
      ++counts_.agent_tasks_stalled;
      s.closing = true;
    }
  }
  if (s.closing) close_session(session);
}

Request* Population::live_request(const Attempt& a) {
  if (a.request == kNoSlot) return nullptr;
  Request& r = requests_[a.request];
  return r.serial == a.serial ? &r : nullptr;
}

void Population::first_token(AttemptSlot attempt, Instant at) {
  const Attempt& a = (*wiring_.attempts)[attempt];
  Request* r = live_request(a);
  if (r == nullptr) return;
  const Class& c = *classes_[r->class_id];
  const PathState& path = wiring_.network->path(r->client, a.region);
  Instant heard = at + path.round_trip / 2;
  if (path.harm != nullptr) heard += first_token_late(*r, a, path);
  const Class::Patience patience = c.patience_of(*r);
  if (heard > std::min(deadline(r->sent, patience.first_token), deadline(r->sent, patience.total)))
    return;  // its timer is about to fire
  if (c.hedging != nullptr) wins(a.request, attempt, heard);
  become(*r, Request::State::kStreaming);
  r->first_token = heard;
  ttft_.add(static_cast<u64>((heard - r->offered).ns));
  counts_.latencies += mix64(r->key ^ static_cast<u64>((heard - r->offered).ns));
}

bool Population::finished(AttemptSlot attempt, Instant at) {
  Attempt& a = (*wiring_.attempts)[attempt];
  work_ended(a, attempt);
  counts_.prompt_tokens += a.prompt;
  counts_.output_tokens += a.output;
  counts_.context_read += u64{a.output} * a.prompt + u64{a.output} * (a.output - 1) / 2;
  Request* r = live_request(a);
  const Class& c = *classes_[sessions_[a.session].class_id];
  Instant heard = at;
  if (r != nullptr) {
    const PathState& path = wiring_.network->path(r->client, a.region);
    heard += path.round_trip / 2;
    if (path.harm != nullptr) heard += end_late(*r, a, path, heard);
  }
  if (r == nullptr || r->state != Request::State::kStreaming ||
      heard > deadline(r->sent, c.patience_of(*r).total)) {
    ++counts_.doomed;
    counts_.wasted_tokens += a.output;
    ++counts_.attempts_ended[static_cast<std::size_t>(Outcome::kTimeout)];
    if (r != nullptr) {  // the timer that ends the wait is about to fire
      blame_way(*r);
      blame(*r, wiring_.regions[a.region]->delayed_by(attempt));
      lose(a.request, attempt);
    } else {
      a.serial = 0;  // nobody may still mean it
    }
    return false;
  }
  if (wiring_.log) keep_trail(a.request, a);
  const Outcome outcome = a.poisoned        ? Outcome::kPoisoned
                          : r->budget_spent ? Outcome::kBudget
                                            : Outcome::kSucceeded;
  ++counts_.attempts_ended[static_cast<std::size_t>(outcome)];
  if (outcome == Outcome::kSucceeded || outcome == Outcome::kPoisoned) {
    e2e_.add(static_cast<u64>((heard - r->offered).ns));
    ttft_answered_.add(static_cast<u64>((r->first_token - r->offered).ns));
    if (a.output > 1) tpot_.add(static_cast<u64>((heard - r->first_token).ns) / (a.output - 1));
    sessions_[a.session].context =
        std::min(a.prompt + a.answer_kept, static_cast<u32>(c.params.max_context));
  }
  r->attempt = kNoSlot;
  tell_balancer(a.region, Outcome::kSucceeded, kNoIncident);
  if (a.poisoned) blame(*r, a.incident);
  if (processes_->keep_state()) process_hears(*r, heard, false, outcome == Outcome::kSucceeded);
  end_request(a.request, outcome, heard);
  return outcome == Outcome::kSucceeded;
}

void Population::broken(AttemptSlot attempt, Outcome outcome, IncidentId cause) {
  Attempt& a = (*wiring_.attempts)[attempt];
  work_ended(a, attempt);
  ++counts_.attempts_ended[static_cast<std::size_t>(outcome)];
  Request* r = live_request(a);
  if (r == nullptr) {
    a.serial = 0;
    return;
  }
  if (wiring_.log) keep_trail(a.request, a);
  blame(*r, cause);
  tell_balancer(a.region, outcome, cause);
  if (has_second(a.request)) return lose(a.request, attempt);  // the other one goes on
  attempt_failed(a.request, outcome, {}, world_.now() + one_way(*r, a.region));
}

// A time-out: the client leaves. Its attempt goes on in the server unless the cancellation arrives.
void Population::give_up_waiting(RequestSlot slot) {
  Request& r = requests_[slot];
  const AttemptSlot both[] = {r.attempt, second_of(slot)};
  r.attempt = kNoSlot;
  if (both[1] != kNoSlot) second_[slot] = kNoSlot;
  blame(r, classes_[r.class_id]->patience_of(r).cause);  // unless the server says more
  blame_way(r);
  for (const AttemptSlot attempt : both)
    if (attempt != kNoSlot) leave_server(r, attempt);
  tell_balancer(r.region, Outcome::kTimeout, r.blamed);
  attempt_failed(slot, Outcome::kTimeout, {}, world_.now());
}

void Population::leave_server(Request& r, AttemptSlot attempt) {
  Attempt& a = (*wiring_.attempts)[attempt];
  if (wiring_.log) keep_trail(a.request, a);
  blame(r, wiring_.regions[a.region]->delayed_by(attempt));
  if (a.incident == kNoIncident) a.incident = r.blamed;  // what it does from here on, it does late
  a.request = kNoSlot;
  cancel_at_server(attempt, r.key);
}

// Whether the server hears of it is a matter of chance.
void Population::cancel_at_server(AttemptSlot attempt, u64 request_key) {
  const Attempt& a = (*wiring_.attempts)[attempt];
  const Class& c = *classes_[sessions_[a.session].class_id];
  if (uniform(draw(c.retry, request_key, a.number, 3)) >= c.params.cancel_on_timeout.value) return;
  const Work work = work_of(a);
  if (!wiring_.regions[a.region]->cancel(attempt)) return;
  if (wiring_.single_flight != nullptr) wiring_.single_flight->ended(work, attempt);
  ++counts_.attempts_ended[static_cast<std::size_t>(Outcome::kTimeout)];
}

Deadlines Population::deadlines(AttemptSlot attempt) const {
  const Attempt& a = (*wiring_.attempts)[attempt];
  if (a.request == kNoSlot || requests_[a.request].serial != a.serial) return {};
  const Request& r = requests_[a.request];
  const Class::Patience p = classes_[r.class_id]->patience_of(r);
  return {deadline(r.sent, p.first_token), deadline(r.sent, p.total)};
}

// Streams over a path that died hang until the client's own time-outs; the server learns nothing.
void Population::paths_changed(RegionId region) {
  for (RequestSlot slot = 0; slot < requests_.slots(); ++slot) {
    Request& r = requests_[slot];
    if ((r.region != region && !has_second(slot)) || r.attempt == kNoSlot) continue;
    if (has_second(slot)) {  // the client still waits for the other one
      path_lost(slot, region);
      continue;
    }
    const PathState& path = wiring_.network->path(r.client, region);
    if (path.reach == Reach::kReachable) continue;
    Attempt& a = (*wiring_.attempts)[r.attempt];
    a.request = kNoSlot;
    a.incident = path.cause;
    blame(r, path.cause);
    r.attempt = kNoSlot;
    ++counts_.attempts_lost;
    Class& c = *classes_[r.class_id];
    if (const Duration gap = c.patience_of(r).between;
        r.state == Request::State::kStreaming && gap.ns > 0)
      c.between.push(world_.now() + gap, slot, r.serial);
  }
}

namespace {

enum Purpose : u32 { kRequestDelay, kFirstTokenDelay, kEndDelay };

}  // namespace

Words Population::way_draw(const Request& r, u8 attempt, u32 purpose) const {
  return draw(ways_, r.key, attempt, purpose);
}

// Once for each attempt: by how much it comes late to its region. False: it is in time.
bool Population::comes_late(RequestSlot slot, const PathState& path, IncidentId moved_by) {
  Request& r = requests_[slot];
  const Class& c = *classes_[r.class_id];
  if (c.hedging != nullptr) return false;  // the second attempt supposes that the first is there
  const Session& s = sessions_[r.session];
  const u32 prompt = c.trace ? recorded_[r.session].prompt : s.context + lengths_of(c, s).message;
  path.harm->carry(prompt, 0, moved_by ? moved_by : r.blamed);
  const double u = uniform(way_draw(r, r.tries, kRequestDelay));
  const Duration late = path.harm->request_delay(u, prompt, path.round_trip);
  if (late.ns == 0) return false;
  start_timeouts(slot);
  if (slot >= moved_by_.size()) moved_by_.resize(slot + 1, kNoIncident);
  moved_by_[slot] = moved_by;
  ++on_the_way_;
  world_.scheduler.after(late, Priority::kArrival, component_, kArrivesLate, slot, r.serial);
  return true;
}

void Population::arrives_late(RequestSlot slot, u32 serial) {
  --on_the_way_;
  Request& r = requests_[slot];
  const auto lost = [this] {
    ++counts_.attempts_lost;
    ++counts_.attempts_ended[static_cast<std::size_t>(Outcome::kTimeout)];
  };
  if (!awaits_first_token(slot, serial)) return lost();  // its client has left
  const Session& s = sessions_[r.session];
  const PathState& path = wiring_.network->path(s.client, r.region);
  if (path.reach != Reach::kReachable) {
    blame(r, path.cause);
    return lost();
  }
  RegionRoute route;
  route.region = r.region;
  route.moved_by = moved_by_[slot];
  const Verdict let_in = wiring_.regions[r.region]->admit(
      s.key, r.key ^ static_cast<u64>(world_.now().ns), r.class_id, what_brings(r, route, {}));
  if (!let_in.accepted()) {
    blame(r, route.moved_by);
    return refused(slot, let_in, path.round_trip);
  }
  hand_in(slot, route, let_in, path.round_trip);
}

Duration Population::first_token_late(const Request& r, const Attempt& a,
                                      const PathState& path) const {
  return path.harm->answer_delay(uniform(way_draw(r, a.number, kFirstTokenDelay)), path.round_trip);
}

// `heard`: when its end would be without loss.
Duration Population::end_late(const Request& r, const Attempt& a, const PathState& path,
                              Instant heard) const {
  path.harm->carry(0, a.output, a.incident);
  return path.harm->end_delay(uniform(way_draw(r, a.number, kEndDelay)), a.output,
                              heard - r.first_token, path.round_trip);
}

void Population::blame_way(Request& r) {
  if (r.region == kNoRegion) return;
  const PathState& path = wiring_.network->path(r.client, r.region);
  if (path.harm != nullptr) blame(r, path.harm->cause());
}

// ---- what client processes count: every step of a request, or all anew from what requests are at
CallPhase Population::phase_of(const Request& r) {
  switch (r.state) {
    case Request::State::kFree:
      return CallPhase::kNone;
    case Request::State::kOpen:
      return r.tries > 1 || r.hedged ? CallPhase::kRetry : CallPhase::kTry;
    case Request::State::kStreaming:
    case Request::State::kFailed:
      return CallPhase::kHeard;
    case Request::State::kBackoff:
      return CallPhase::kWaits;
  }
  invariant_failed("clients: unknown state of a request");
}

void Population::become(Request& r, Request::State state, bool hedged) {
  if (processes_->keep_state()) [[unlikely]]
    return become_counted(r, state, hedged);
  r.state = state;
  r.hedged = hedged;
}

void Population::become_counted(Request& r, Request::State state, bool hedged) {
  const CallPhase before = phase_of(r);
  r.state = state;
  r.hedged = hedged;
  RetryBudgets& budgets = processes_->pool_of(r.class_id).budgets;
  if (budgets.counts_calls()) budgets.moved(process_of(r), before, phase_of(r));
}

// A class whose budget was changed may have joined other processes.
void Population::recount_calls() {
  processes_->forget_calls();
  for (RequestSlot slot = 0; slot < requests_.slots(); ++slot) {
    const Request& r = requests_[slot];
    if (r.state == Request::State::kFree) continue;
    RetryBudgets& budgets = processes_->pool_of(r.class_id).budgets;
    if (budgets.counts_calls()) budgets.moved(process_of(r), CallPhase::kNone, phase_of(r));
  }
}

void Population::verify_calls() {
  const auto counted = processes_->calls();
  recount_calls();
  STAMPEDE_CHECK(processes_->calls() == counted, "calls under way are not counted right");
}

}  // namespace stampede
