// Arrivals and conversations; what becomes of a request stands in population_requests.cpp.
#include "models/clients/population.h"

#include <algorithm>
#include <string>

#include "models/clients/demand.h"
#include "models/clients/population_class.h"
#include "sim/check.h"

namespace stampede {
namespace {

const IncidentKind kDemandSpike{"demand_spike", "the curve of demand has a spike"};

std::vector<double> shares_of_homes(const Demand& demand, std::size_t regions) {
  std::vector<double> shares;
  for (std::size_t r = 0; r < regions; ++r) shares.push_back(demand.share(r));
  return shares;
}

u16 steps_of(const ClientClassParams& p, double u) {
  const double steps = 1 + (p.steps - 1) * exponential(u);
  return static_cast<u16>(steps > 60000 ? 60000 : steps + 0.5);
}

}  // namespace

Population::Class::Class(ClientClassParams p, World& world, ComponentId id, u32 index)
    : params(std::move(p)),
      first_prompt(params.first_prompt),
      message(params.message),
      answer(params.answer),
      resumed(params.resumed_context),
      policy(params.retry),
      lengths(world.stream("clients/" + params.name, "lengths")),
      behaviour(world.stream("clients/" + params.name, "behaviour")),
      retry(world.stream("clients/" + params.name, "retry")),
      first_token(world.scheduler, id, Priority::kTimeout, kFirstTokenTimeout, index),
      between(world.scheduler, id, Priority::kTimeout, kGapTimeout, index),
      total(world.scheduler, id, Priority::kTimeout, kTotalTimeout, index),
      ring_think_time(params.think_time),
      fallback_saved(static_cast<double>(params.fallback.budget_burst)) {
  be_patient(kNoIncident);
}

Population::Population(World& world, std::vector<ClientClassParams> classes, Demand demand,
                       std::size_t regions, Wiring wiring)
    : world_(world),
      demand_(std::make_unique<Demand>(std::move(demand))),
      wiring_(std::move(wiring)),
      component_(world.scheduler.add(this)),
      regions_(regions),
      balancer_learns_(wiring_.balancer->learns()),
      processes_(std::make_unique<ClientProcesses>(world, demand_->params().rate,
                                                   shares_of_homes(*demand_, regions))),
      networks_(regions),
      network_cumulative_(regions),
      ways_(world.stream("clients", "ways")) {
  for (ClientNetwork c = 0; c < wiring_.network->client_networks(); ++c) {
    const RegionId home = wiring_.network->home(c);
    const double before = networks_[home].empty() ? 0 : network_cumulative_[home].back();
    networks_[home].push_back(c);
    network_cumulative_[home].push_back(before + wiring_.network->weight(c));
  }
  for (ClientClassParams& p : classes)
    classes_.push_back(std::make_unique<Class>(std::move(p), world, component_,
                                               static_cast<u32>(classes_.size())));
  for (const auto& c : classes_)
    c->own_rate = c->rate = demand_->params().rate.per_second * c->params.share.value;
  for (std::size_t k = 0; k < wiring_.traces.size(); ++k)
    if (wiring_.traces[k]) classes_[k]->play(wiring_.traces[k], world);
  for (std::size_t k = 0; k < wiring_.hedging.size(); ++k)
    classes_[k]->hedging = wiring_.hedging[k];
  std::vector<const ClientClassParams*> all;
  for (const auto& c : classes_) all.push_back(&c->params);
  processes_->settle(all);
  world.end_checks.push_back([this] { verify_calls(); });
  register_slot_stats();
  for (std::size_t k = 0; k < classes_.size(); ++k)
    for (std::size_t r = 0; r < regions; ++r) {
      const std::string path = "clients/" + classes_[k]->params.name + "/" + std::to_string(r);
      Chain chain;
      chain.class_id = static_cast<u16>(k);
      chain.home = static_cast<RegionId>(r);
      chain.times = world.stream(path, "arrivals");
      chain.choices = world.stream(path, "choices");
      chains_.push_back(std::move(chain));
    }
}

u64 Population::deferred() const {
  u64 sum = 0;
  for (const Chain& chain : chains_) sum += chain.deferred;
  return sum;
}

Population::~Population() = default;

void Population::start() {
  started_ = true;
  for (u32 i = 0; i < chains_.size(); ++i) start_chain(i);
  for (u32 k = 0; k < classes_.size(); ++k)
    if (classes_[k]->trace) schedule_trace_arrival(k);
  schedule_spikes();
}

// What is under way when a chain starts: conversations between two turns, and agents' tasks, whose
// steps still to come are distributed as those of new ones.
void Population::start_chain(u32 i) {
  Chain& chain = chains_[i];
  const ClientClassParams& p = classes_[chain.class_id]->params;
  const double rate = demand_->rate(chain.home, world_.now()) * p.share.value;
  if (p.trace || rate <= 0) return;
  chain.started = true;
  const auto live = static_cast<u64>(rate * p.think_time.seconds()) + 2;
  if (p.steps > 0) {
    for (u64 n = 0; n < live; ++n) {
      const SessionSlot slot = open_session(chain, chain.sessions++, true);
      const Words w = draw(chain.choices, n, UINT32_MAX);
      sessions_[slot].steps_left = steps_of(p, uniform(w));
      sessions_[slot].waiting = true;
      world_.scheduler.after(from_seconds(p.think_time.seconds() * uniform2(w)), Priority::kArrival,
                             component_, kNextStep, slot);
    }
  } else if (p.continue_probability.value > 0) {
    fill_ring(chain, live);
  }
  chain.next = draw(chain.choices, 0);
  chain.after_next = draw(chain.choices, 1);
  chain.hazard_left = exponential(uniform(draw(chain.times, chain.arrivals)));
  schedule_arrival(i);
}

void Population::fill_ring(Chain& chain, u64 sessions) {
  for (u64 n = 0; n < sessions; ++n) chain.ring.push(open_session(chain, chain.sessions++, true));
}

double Population::normal_rate(const Chain& chain, Instant at) const {
  const ClientClassParams& p = classes_[chain.class_id]->params;
  const double rate = demand_->rate(chain.home, at) * p.share.value;
  return p.steps > 0 ? rate / p.steps : rate;
}

void Population::schedule_arrival(u32 index) {
  Chain& chain = chains_[index];
  const Instant at = next_arrival(chain.hazard_left, [&](Instant t) {
    const double rate = normal_rate(chain, t);
    // Work put back comes on top, as fast again as the normal flow once most of it is answered.
    return chain.deferred > 0 && chain.answered > 0.5 ? rate * 2 : rate;
  });
  if (at != kNever)
    chain.arrival = world_.scheduler.at(at, Priority::kArrival, component_, kArrival, index);
}

void Population::arrive(u32 index) {
  Chain& chain = chains_[index];
  const u64 number = chain.arrivals++;
  ask(chain, {number, chain.next, chain.choices, chain.sessions,
              spiked_by_ != kNoIncident ? spiked_by_ : chain.raised_by});
  if (chain.deferred > 0 && chain.answered > 0.5 && number % 2 == 1) --chain.deferred;
  look_ahead(chain);
  chain.hazard_left = exponential(uniform(draw(chain.times, chain.arrivals)));
  schedule_arrival(index);
}

// In a conversation that ends with the answer.
void Population::ask_once(const Chain& chain, const Arrival& a) {
  const SessionSlot slot = open_session(chain, a.sessions++, false);
  sessions_[slot].closing = true;
  offer_turn(slot, 0, a.because);
}

// A user or an agent's task of the chain asks.
[[gnu::always_inline]] inline void Population::ask(Chain& chain, const Arrival& a) {
  Class& c = *classes_[chain.class_id];
  if (c.params.steps > 0) {  // an agent's task: a session of its own
    const SessionSlot slot = open_session(chain, a.sessions++, false);
    sessions_[slot].steps_left = steps_of(c.params, uniform(a.choice));
    return offer_turn(slot, 0, a.because);
  }
  if (chain.ring.size() == 0) return ask_once(chain, a);  // single-turn clients
  double u = uniform(a.choice);
  SessionSlot* cell = &chain.ring.draw(u);
  for (u32 again = 0; sessions_[*cell].waiting && again < 4; ++again) {
    u = uniform(draw(a.choices, a.number, 1 + again));
    cell = &chain.ring.draw(u);
  }
  Session& session = sessions_[*cell];
  const Words v = draw(c.behaviour, session.key, session.turn);
  if (session.waiting || (session.turn > 0 && uniform(v) >= c.params.continue_probability.value)) {
    close_session(*cell);
    *cell = open_session(chain, a.sessions++, false);
  }
  offer_turn(*cell, 0, a.because);
}

// ---- spikes ----------------------------------------------------------------------------------
// The curve knows its spikes; requests offered meanwhile name the incident, as far as nothing else
// brought them.
void Population::schedule_spikes() {
  for (u32 k = 0; k < demand_->spikes().size(); ++k)
    if (demand_->spikes()[k].factor > 1)
      world_.scheduler.at(Instant{} + demand_->spikes()[k].at, Priority::kFault, component_,
                          kCurveSpike, k);
}

std::vector<IncidentId> Population::spikes() const {
  std::vector<IncidentId> last;
  for (const CurveSpike& spike : curve_spikes_) last.push_back(spike.incident);
  for (const AddedSpike& spike : added_spikes_)
    if (world_.scheduler.pending(spike.next)) last.push_back(spike.cause);
  return last;
}

void Population::curve_spike(u32 index, bool begins) {
  const DemandSpike& spike = demand_->spikes()[index];
  if (begins) {
    const IncidentId incident =
        world_.incident(kDemandSpike, "clients", {},
                        "demand x " + print_number(spike.factor) + " for " + print(spike.during));
    curve_spikes_.push_back({index, incident});
    world_.scheduler.after(spike.during, Priority::kFault, component_, kCurveSpikeEnd, index);
  } else {
    std::erase_if(curve_spikes_, [&](const CurveSpike& s) { return s.index == index; });
  }
  spiked_by_ = curve_spikes_.empty() ? kNoIncident : curve_spikes_.back().incident;
}

// A spike that a change adds is a Poisson process of its own beside the chain's, so that no other
// draw moves.
u32 Population::start_spike(const Spike& spike, IncidentId cause) {
  const u32 id = add_spike(spike.client_class, spike.home, cause);
  added_spikes_[id].extra = spike.factor - 1;
  if (!classes_[chains_[added_spikes_[id].chain].class_id]->trace) schedule_added(id);
  return id;
}

u32 Population::start_flood(const Flood& flood, IncidentId cause) {
  const u32 id = add_spike(flood.client_class, flood.home, cause);
  const ClientClassParams& p = classes_[chains_[added_spikes_[id].chain].class_id]->params;
  added_spikes_[id].outside = flood.rate.per_second / (p.steps > 0 ? p.steps : 1);
  schedule_added(id);
  return id;
}

u32 Population::add_spike(const std::string& client_class, RegionId home, IncidentId cause) {
  const auto id = static_cast<u32>(added_spikes_.size());
  AddedSpike& added = added_spikes_.emplace_back();
  added.cause = cause;
  added.began = world_.now();
  for (u32 k = 0; k < chains_.size(); ++k)
    if (chains_[k].home == home && classes_[chains_[k].class_id]->params.name == client_class)
      added.chain = k;
  STAMPEDE_CHECK(added.chain != kNoSlot, "no class of clients is called " + client_class);
  // Keyed by what it is, so that one spike more elsewhere moves nothing.
  u32 alike = 0;
  for (u32 k = 0; k < id; ++k)
    alike += added_spikes_[k].chain == added.chain && added_spikes_[k].began == added.began;
  const std::string path = "clients/" + client_class + "/" + std::to_string(home) + "/spike/" +
                           std::to_string(added.began.ns) + "/" + std::to_string(alike);
  added.times = world_.stream(path, "arrivals");
  added.choices = world_.stream(path, "choices");
  // Above all numbers of the chain's own sessions, and apart from those of its other spikes.
  u64 block = mix64(static_cast<u64>(added.began.ns) + alike) & 0x7fff;
  const auto taken = [&] {
    return std::any_of(added_spikes_.begin(), added_spikes_.end(), [&](const AddedSpike& other) {
      return other.chain == added.chain && other.sessions >> 32 == (0x8000 | block);
    });
  };
  while (taken()) block = (block + 1) & 0x7fff;
  added.sessions = (0x8000 | block) << 32;
  return id;
}

void Population::end_spike(u32 spike) { world_.scheduler.cancel(added_spikes_[spike].next); }

void Population::schedule_added(u32 id) {
  AddedSpike& added = added_spikes_[id];
  const Chain& chain = chains_[added.chain];
  added.hazard_left = exponential(uniform(draw(added.times, added.arrivals, added.redraws)));
  const Instant at = next_arrival(added.hazard_left, [&](Instant t) {
    return added.outside > 0 ? added.outside : added.extra * normal_rate(chain, t);
  });
  if (at == kNever) return;
  added.next = world_.scheduler.at(at, Priority::kArrival, component_, kSpikeArrival, id);
}

void Population::arrive_in_spike(u32 id) {
  AddedSpike& added = added_spikes_[id];
  const u64 number = added.arrivals++;
  Chain& chain = chains_[added.chain];
  const Arrival arrival{number, draw(added.choices, number), added.choices, added.sessions,
                        added.cause};
  if (added.outside > 0 && classes_[chain.class_id]->params.steps <= 0)
    ask_once(chain, arrival);
  else
    ask(chain, arrival);
  schedule_added(id);
}

// ---- sessions --------------------------------------------------------------------------------
// Choices are drawn two arrivals ahead, so that their rows are there when they are needed: of the
// arrival after the next its cell in the ring, of the next one, whose cell is there, the session.
void Population::look_ahead(Chain& chain) {
  chain.next = chain.after_next;
  chain.after_next = draw(chain.choices, chain.arrivals + 1);
  if (chain.ring.size() == 0) return;
  __builtin_prefetch(&chain.ring.peek(uniform(chain.after_next), 1), 1);
  fetch_session(chain.ring.peek(uniform(chain.next), 0));
}

void Population::fetch_session(SessionSlot session) const {
  __builtin_prefetch(&sessions_[session], 1);
  wiring_.kv->prefetch_session(session);
}

void Population::prefetch_attempt(AttemptSlot attempt, bool finishes) const {
  const Attempt& a = (*wiring_.attempts)[attempt];
  if (a.request != kNoSlot) requests_.prefetch(a.request);
  if (finishes) fetch_session(a.session);
}

void Population::prefetch(u8 kind, u32 subject, bool next) const {
  if (kind == kRetry) {
    if (next)
      fetch_session(requests_[subject].session);
    else
      requests_.prefetch(subject);
  } else if ((kind == kNextStep || kind == kResubmit) && !next) {
    fetch_session(subject);
  }
}

SessionSlot Population::open_session(const Chain& chain, u64 number, bool warm) {
  const Class& c = *classes_[chain.class_id];
  const SessionSlot slot = sessions_.take();
  Session& s = sessions_[slot];
  s.used = true;
  s.key = mix64((static_cast<u64>(chain.class_id) << 56) | (static_cast<u64>(chain.home) << 48) |
                number);
  s.home = chain.home;
  s.class_id = static_cast<u8>(chain.class_id);
  const Words w = draw(c.behaviour, s.key, UINT32_MAX);
  const std::vector<double>& cumulative = network_cumulative_[chain.home];
  const double point = uniform(w) * cumulative.back();
  std::size_t n = 0;
  while (n + 1 < cumulative.size() && cumulative[n] <= point) ++n;
  s.client = networks_[chain.home][n];
  if (uniform2(w) < c.params.resumed_share.value || (warm && c.params.steps > 0)) {
    s.turn = 1;
    s.context = c.resumed.at(uniform(draw(c.behaviour, s.key, UINT32_MAX, 1)));
  } else if (warm) {  // under way at the start: it has had its first turn
    const Words h = draw(c.behaviour, s.key, UINT32_MAX, 1);
    s.turn = 1;
    s.context = c.first_prompt.at(uniform(h)) +
                static_cast<u32>((1 - c.params.reasoning_share.value) * c.answer.at(uniform2(h)));
  }
  wiring_.kv->session_opened(slot, s.key, s.home, s.context);
  return slot;
}

void Population::close_session(SessionSlot slot) {
  Session& s = sessions_[slot];
  s.closing = true;
  if (s.working > 0 || s.waiting) return;  // released() or the request's end comes back to it
  wiring_.kv->session_closed(slot);
  s.used = false;
  sessions_.give_back(slot);
}

void Population::released(SessionSlot slot) {
  Session& s = sessions_[slot];
  STAMPEDE_CHECK(s.used && s.working > 0, "a server released a session that it did not hold");
  --s.working;
  if (s.closing) close_session(slot);
}

// ---- other parameters while it runs -----------------------------------------------------------
LiveRoot Population::live_demand() { return live_root(demand_->params(), this); }

LiveRoot Population::live_class(std::size_t k) { return live_root(classes_[k]->params, this); }

void Population::retuned(const LiveChange& change) {
  if (change.path.starts_with("demand.")) {
    demand_->retuned();
    const bool shape = change.path != "demand.rate";
    for (u32 k = 0; k < classes_.size(); ++k) {
      if (shape)
        classes_[k]->tuned.note(change.path, started_ ? change.cause : kNoIncident, world_.now());
      rates_changed(k, change);
    }
    return;
  }
  for (u32 k = 0; k < classes_.size(); ++k) {
    const std::string prefix = "clients[" + std::to_string(k) + "].";
    if (change.path.starts_with(prefix)) retune_class(k, change.path.substr(prefix.size()), change);
  }
}

// What decides how much work a request makes, or how often one follows another.
constexpr const char* kOfLoad[] = {
    "first_prompt.", "message.",          "answer.",     "resumed_",  "reasoning_share",
    "loop_",         "token_budget",      "max_context", "continue_", "think_time",
    "step_gap",      "cancel_on_timeout", "retry.",      "resubmit.", "breaker."};

void Population::retune_class(u32 k, std::string_view key, const LiveChange& change) {
  Class& c = *classes_[k];
  const IncidentId cause = change.cause;
  const auto below = [&](const char* group) { return key.starts_with(group); };
  if (std::any_of(std::begin(kOfLoad), std::end(kOfLoad), below))
    c.tuned.note(key, started_ ? cause : kNoIncident, world_.now());
  if (below("first_prompt.")) c.first_prompt = LengthTable(c.params.first_prompt);
  if (below("message.")) c.message = LengthTable(c.params.message);
  if (below("answer.")) c.answer = LengthTable(c.params.answer);
  if (below("resumed_context.")) c.resumed = LengthTable(c.params.resumed_context);
  if (below("retry.")) {
    const u32 before = std::exchange(c.policy, RetryPolicy(c.params.retry)).max_attempts();
    if (c.policy.max_attempts() <= before) asks_less(k, change);
  }
  if (below("retry.budget") || below("breaker.")) {
    processes_->changed(static_cast<u16>(k), c.params);
    recount_calls();
  }
  if (key == "first_token_timeout" || key == "between_tokens_timeout" || key == "total_timeout") {
    STAMPEDE_CHECK(c.patience_number < UINT16_MAX, "time-outs were changed too often");
    c.earlier.push_back(c.patience);
    ++c.patience_number;
    c.be_patient(started_ ? cause : kNoIncident);
  }
  if (key == "share") rates_changed(k, change);
  if (key == "continue_probability" || key == "think_time") resize_rings(k);
}

// Regions, and the ways to them, get less of this class.
void Population::asks_less(u32 k, const LiveChange& change) {
  const Relief relief{change.by, change.path, static_cast<u16>(k)};
  for (RegionId r = 0; r < wiring_.regions.size(); ++r) {
    wiring_.regions[r]->eased(relief);
    for (ClientNetwork n = 0; n < wiring_.network->client_networks(); ++n)
      if (const PathHarm* harm = wiring_.network->path(n, r).harm) harm->eased(relief);
  }
}

// The next arrival is drawn anew by the new rate: a Poisson process has no memory.
void Population::rates_changed(u32 k, const LiveChange& change) {
  Class& c = *classes_[k];
  const double rate = demand_->params().rate.per_second * c.params.share.value;
  if (!started_) c.own_rate = rate;  // as if the scenario had said so
  if (rate < std::exchange(c.rate, rate)) asks_less(k, change);
  const bool more = rate > c.own_rate;
  for (u32 i = 0; i < chains_.size(); ++i) {
    Chain& chain = chains_[i];
    if (chain.class_id != k) continue;
    chain.raised_by = more ? change.cause : kNoIncident;
    if (!started_) continue;
    if (!chain.started) {
      start_chain(i);
      continue;
    }
    world_.scheduler.cancel(chain.arrival);
    chain.hazard_left = exponential(uniform(draw(chain.times, chain.arrivals, ++chain.redraws)));
    schedule_arrival(i);
  }
  for (u32 s = 0; s < added_spikes_.size(); ++s) {
    AddedSpike& added = added_spikes_[s];
    if (added.chain == kNoSlot || chains_[added.chain].class_id != k) continue;
    if (!world_.scheduler.cancel(added.next)) continue;  // it is over
    ++added.redraws;
    schedule_added(s);
  }
}

// More conversations go on at once where users think longer, and fewer where they think less.
void Population::resize_rings(u32 k) {
  Class& c = *classes_[k];
  const double factor = c.params.think_time.seconds() / c.ring_think_time.seconds();
  c.ring_think_time = c.params.think_time;
  for (Chain& chain : chains_) {
    if (chain.class_id != k || !chain.started || c.params.steps > 0) continue;
    const std::size_t before = chain.ring.size();
    if (before == 0 && c.params.continue_probability.value > 0) {
      const double rate = demand_->rate(chain.home, world_.now()) * c.params.share.value;
      fill_ring(chain, static_cast<u64>(rate * c.params.think_time.seconds()) + 2);
      continue;
    }
    const auto wanted = static_cast<std::size_t>(static_cast<double>(before) * factor + 0.5);
    if (wanted > before) fill_ring(chain, wanted - before);
    for (const SessionSlot slot : chain.ring.shrink(std::max<std::size_t>(wanted, 2)))
      close_session(slot);
  }
}

void Population::handle(const Event& event) {
  switch (event.kind) {
    case kArrival:
      arrive(event.subject);
      return;
    case kTraceArrival:
      arrive_from_trace(event.subject);
      return;
    case kSpikeArrival:
      arrive_in_spike(event.subject);
      return;
    case kCurveSpike:
    case kCurveSpikeEnd:
      curve_spike(event.subject, event.kind == kCurveSpike);
      return;
    case kNextStep:
      offer_turn(event.subject, 0);
      return;
    case kResubmit:
      offer_turn(event.subject, static_cast<u8>(event.argument));
      return;
    case kRetry:
      if (requests_[event.subject].serial == event.argument) send(event.subject);
      return;
    case kHedge:
      if (awaits_first_token(event.subject, event.argument)) hedge(event.subject);
      return;
    case kArrivesLate:
      return arrives_late(event.subject, event.argument);
    case kLoserLeaves:
      return loser_leaves(event.subject, event.argument);
    case kFirstTokenTimeout:
      classes_[event.subject]->first_token.expire(
          event.argument, [&](u32 slot, u32 serial) { return awaits_first_token(slot, serial); },
          [&](u32 slot, u32) { give_up_waiting(slot); },
          [&](u32 slot) { requests_.prefetch(slot); });
      return;
    case kGapTimeout:
      classes_[event.subject]->between.expire(
          event.argument, [&](u32 slot, u32 serial) { return requests_[slot].serial == serial; },
          [&](u32 slot, u32) { give_up_waiting(slot); },
          [&](u32 slot) { requests_.prefetch(slot); });
      return;
    case kTotalTimeout:
      classes_[event.subject]->total.expire(
          event.argument, [&](u32 slot, u32 serial) { return requests_[slot].serial == serial; },
          [&](u32 slot, u32) { give_up_waiting(slot); },
          [&](u32 slot) { requests_.prefetch(slot); });
      return;
    default:
      invariant_failed("clients: unknown event");
  }
}

// ---- requests that come from a recording instead of modelled demand
// ------------------------------
void Population::Class::play(std::shared_ptr<TraceSource> source, World& world) {
  const std::string path = "clients/" + params.name;
  trace = std::make_unique<TraceArrivals>(*params.trace, std::move(source),
                                          world.stream(path, "thinning"));
  homes = world.stream(path, "homes");
  for (const char c : params.trace->content) salt = mix64(salt ^ static_cast<unsigned char>(c));
}

void Population::schedule_trace_arrival(u32 index) {
  Class& c = *classes_[index];
  if (c.trace->next(c.next))
    world_.scheduler.at(c.next.at, Priority::kArrival, component_, kTraceArrival, index);
}

// Each recorded request is a session of its own, at home where a draw by the regions' shares says;
// those of one recorded conversation have the home and the key in common.
void Population::arrive_from_trace(u32 index) {
  Class& c = *classes_[index];
  double sum = 0;
  for (std::size_t r = 0; r < regions_; ++r) sum += demand_->share(r);
  const u64 key = c.next.row.has_session ? mix64(c.salt ^ c.next.row.session) : c.next.number;
  double point = uniform(draw(c.homes, key)) * sum;
  std::size_t home = 0;
  while (home + 1 < regions_ && point >= demand_->share(home)) point -= demand_->share(home++);
  Chain& chain = chains_[index * regions_ + home];
  chain.sessions = key;  // what its draws are keyed by
  const SessionSlot slot = open_session(chain, chain.sessions++, false);
  sessions_[slot].closing = true;
  if (slot >= recorded_.size()) recorded_.resize(slot + 1);
  std::swap(recorded_[slot], c.next.row);
  offer_turn(slot, 0);
  schedule_trace_arrival(index);
}

void Population::ask_as_recorded(Attempt& a) const {
  const TraceRow& row = recorded_[a.session];
  a.prompt = row.prompt;
  a.output = a.answer_kept = row.output;
}

// A conversation's turns begin with what was said before.
void Population::text_runs(SessionSlot session, u32 tokens, std::vector<TextRun>& runs) const {
  const Session& s = sessions_[session];
  const Class& c = *classes_[s.class_id];
  if (c.trace) return trace_text_runs(recorded_[session], c.salt, tokens, runs);
  runs.clear();
  if (tokens >= kTextBlockTokens) runs.push_back({mix64(s.key), tokens / kTextBlockTokens});
}

}  // namespace stampede
