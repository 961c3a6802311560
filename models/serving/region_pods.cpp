// What the cluster asks of a region's pods: start, stop, probe, sample; the endpoints it sends; and
// what pods ask of services.
#include "models/serving/region.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/ports/cache_control_port.h"
#include "models/serving/engine.h"
#include "models/serving/pool_saturation.h"
#include "models/serving/refusals.h"
#include "models/serving/region_latencies.h"
#include "models/serving/running_versions.h"

namespace stampede {
namespace {

const IncidentKind kReplicaOverloaded{"replica_overloaded",
                                      "a pod's front-end CPU is above its line"};
const IncidentKind kReplicaRelieved{"replica_relieved",
                                    "no pod's front-end CPU is above its line any more"};

const IncidentKind kPeersExceeded{
    "peers_exceeded", "a pool has more servers than each can keep a thread or a connection to"};
const IncidentKind kPeersWithin{"peers_within", "it has no more of them than that"};

// One pod over the line is the noise of its own arrivals, unless it is the only one; one in twenty,
// and at least two, are an overloaded region.
constexpr double kOverloadedShare = 0.05;

}  // namespace

Region::Pod& Region::pod(PodId id) {
  if (id >= pods_.size()) {
    pods_.resize(id + 1);
    active_.by_pod.resize(id + 1, 0);
  }
  return pods_[id];
}

void Region::pod_started(PodId id, WorkloadId workload) {
  Pod& p = pod(id);
  STAMPEDE_CHECK(!p.engine, "a pod is started before its last engine has ended");
  const u32 processes = p.processes + 1;
  p = Pod{};
  p.processes = processes;
  p.engine = std::make_unique<Engine>(*profiles_[workload]);
  p.life = ++lives_;
  if (latencies_) latencies_->of(id) = {};
  p.workload = workload;
  watch_admissions(p);
  listen_to_blocks(id);
  p.serving = true;
  const FrontEndParams& front = params_.pools[workload].front_end;
  p.sampled_at = world_.now();
  p.front_end.measure(world_.now(), 0, 0, front);
  ++serving_[workload];
  if (too_many_peers(workload)) get_stuck(p);
  begin_anew(id);
  for (AdmissionPolicy* policy : admission_to(workload)) policy->started(id);
  if (!versions_) return;
  versions_->begin(id, workload, world_.now());
  set_pace(id);
  look_at_process(id);
}

// Terminating: nothing new, what runs may finish within the grace.
void Region::pod_stopped(PodId id, WorkloadId, IncidentId cause) {
  Pod& p = pod(id);
  if (!p.serving) return;
  p.stopped_by = cause;
  take_out(p);
  if (idle(id)) return kill(id);
  p.grace_ends = world_.now() + params_.termination_grace;
  world_.scheduler.at(p.grace_ends, Priority::kControl, component_, kGraceOver, id);
}

void Region::pod_killed(PodId id, WorkloadId, IncidentId cause) {
  Pod& p = pod(id);
  p.stopped_by = cause;
  if (p.serving) take_out(p);
  kill(id);
}

void Region::pod_kept_down(PodId id, WorkloadId workload, IncidentId cause) {
  pod(id).stopped_by = cause;
  if (shrunk_[workload].cause != kNoIncident) shrunk_[workload].kept_by = cause;
  if (endpoints_[workload].size() == 0) endpoint_cause_[workload] = cause;
}

void Region::take_out(Pod& p) {
  p.serving = false;
  p.draining = true;
  if (p.overloaded) recovered(p);
  --serving_[p.workload];
  if (p.stuck) --stuck_[p.workload];
  p.stuck = false;
  fewer_peers(p.workload, p.stopped_by);
}

void Region::kill(PodId id) {
  Pod& p = pods_[id];
  if (!p.engine || !p.draining) return;
  world_.scheduler.cancel(p.event);
  advance(id);
  retired_[p.workload] += work_of(p);
  const Spent spent = spent_by(p);
  const Instant now = engine_time(p);
  gone_[p.workload] += spent;
  if (kv_events_[p.workload] != nullptr) kv_events_[p.workload]->cleared(id, world_.now());
  const std::unique_ptr<Engine> dying = std::move(p.engine);
  p.draining = false;
  break_off_calls(id);
  std::vector<AttemptSlot> lost;
  const u32 running = dying->running();
  dying->kill(now, [&](u32 slot) {
    const Attempt& a = (*wiring_.attempts)[slot];
    count_waste(a, dying->tokens_emitted(a.ticket, now), lost.size() < running);
    lost.push_back(slot);
  });
  for (const Rendering& r : std::exchange(p.rendering, {})) {
    renderings_.leave(r.attempt);
    lost.push_back(r.attempt);
  }
  for (const AttemptSlot slot : lost) {
    closed(id);
    attempt_ended(id, (*wiring_.attempts)[slot], Outcome::kTruncated, world_.now());
    drop(slot, Outcome::kTruncated, pods_[id].stopped_by);
  }
}

void Region::set_pace(PodId id) {
  Pod& p = pods_[id];
  if (!p.engine) return;
  const double factor = faults_.pace(id) * (versions_ ? versions_->slower(id) : 1);
  if (versions_)
    if (const auto version = versions_->slows(id)) trait_of(*version, RunningVersions::kSlow, id);
  if (!p.clock && factor == 1) return;
  advance(id);
  const Instant now = world_.now();
  if (!p.clock) p.clock = std::make_unique<PodClock>(now);
  p.clock->set_pace(now, factor, p.engine->busy(engine_time(p)));
  world_.scheduler.cancel(p.event);
  p.event_at = kNever;
  reschedule(id);
}

std::vector<AttemptSlot> Region::attempts_at(PodId id) const {
  std::vector<AttemptSlot> here;
  if (id < pods_.size() && pods_[id].engine)
    pods_[id].engine->for_each([&](u32 slot) { here.push_back(slot); });
  if (id < pods_.size())
    for (const Rendering& r : pods_[id].rendering) here.push_back(r.attempt);
  return here;
}

// Of the last one: the overload is over if none follows for a while. Pods that fail their probes
// get no traffic, recover, get all of it back and are overloaded again: that is one overload.
void Region::recovered(Pod& p) {
  p.overloaded = false;
  if (--overloaded_pods_ > 0 || overload_ == kNoIncident) return;
  relieved_by_ = eased_by_;
  relief_ = world_.scheduler.after(params_.pools[p.workload].front_end.relieved_after,
                                   Priority::kSample, component_, kRelieved);
}

void Region::relieved() {
  relieved_ = {overload_, world_.end(kReplicaRelieved, name_, overload_, relieved_by_, "")};
  overload_ = kNoIncident;
}

void Region::eased(IncidentId by) {
  if (overload_ != kNoIncident && by > overload_) eased_by_ = by;
  refusals_->eased(by);
  for (PoolSaturation& pool : saturation_) pool.eased(by);
}

std::vector<IncidentId> Region::what_brought_overload(WorkloadId workload) const {
  constexpr i64 kTenth = 10;
  std::vector<IncidentId> causes;
  for (const Pod& p : pods_)
    if (p.overloaded && p.workload == workload) p.brought_by.collect(world_.now(), kTenth, causes);
  causes.push_back(strain_of_size(workload));
  tuned_.add_to(causes, world_.now());
  return causes;
}

bool Region::probe(PodId id, WorkloadId workload) {
  Pod& p = pod(id);
  if (!p.serving) return false;
  const FrontEndParams& front = params_.pools[workload].front_end;
  const Instant now = world_.now();
  const Instant measured_since = p.front_end.measured_at();
  const double utilisation = p.front_end.measure(
      now, p.engine->counters(engine_time(p)).generated_tokens, p.engine->waiting(), front);
  if (utilisation <= front.overload_above.value) {
    p.overloaded_since = kNever;
    if (p.overloaded) recovered(p);
  } else {
    if (p.overloaded_since == kNever) p.overloaded_since = measured_since;
    if (!p.overloaded && now - p.overloaded_since >= front.overload_for) {
      p.overloaded = true;
      ++overloaded_pods_;
      world_.scheduler.cancel(relief_);
      const double pods = static_cast<double>(serving_[workload]);
      if (overload_ == kNoIncident &&
          overloaded_pods_ >= std::max(kOverloadedShare * pods, std::min(2.0, pods))) {
        eased_by_ = kNoIncident;
        taken_by_.clear();
        overload_ = world_.incident(kReplicaOverloaded, name_, what_brought_overload(workload),
                                    "front-end CPU above the line in pod " + std::to_string(id));
      }
    }
  }
  const bool answered = (faults_.empty() || faults_.answers_probes(id)) && has_place(id) &&
                        p.front_end.answers(uniform(draw(probe_stream_, id, p.probes++)), front);
  if (!answered) ++counts_.probes_failed;
  return answered;
}

PodSample Region::sample(PodId id, WorkloadId workload) {
  Pod& p = pod(id);
  if (!p.serving) return {};
  const Instant now = world_.now();
  const double used = p.front_end.used(now, params_.pools[workload].front_end);
  const double dt = (now - p.sampled_at).seconds();
  PodSample sample;
  sample.cpu_milli = dt > 0 ? static_cast<i64>((used - p.used_before) / dt * 1000) : 0;
  sample.waiting_milli = static_cast<i64>(p.engine->waiting()) * 1000;
  sample.cause = overload_incident(id);
  const FrontEndParams& front = params_.pools[workload].front_end;
  const i64 requests = working(id);
  sample.memory_bytes = static_cast<i64>(front.memory_idle.value) +
                        requests * static_cast<i64>(front.memory_per_request.value);
  if (versions_) sample.memory_bytes += static_cast<i64>(versions_->lost(id, now));
  p.used_before = used;
  p.sampled_at = now;
  return sample;
}

void Region::keep_latencies() {
  if (!latencies_) latencies_ = std::make_unique<Latencies>(*this);
  latencies_->queue_times = true;
}

const PoolLatencies& Region::keep_pool_latencies(WorkloadId workload) {
  if (!latencies_) latencies_ = std::make_unique<Latencies>(*this);
  return latencies_->pools[workload];
}

bool Region::export_metrics(PodId id, WorkloadId workload, PodExports& exports) {
  const Pod& p = pod(id);
  if (!p.serving) return false;
  const Instant now = engine_time(p);
  const EngineCounters counted = p.engine->counters(now);
  exports.waiting = p.engine->waiting();
  exports.running = p.engine->running() + calls_.count(id);
  exports.kv_use = static_cast<double>(p.engine->kv_blocks_used(now)) /
                   static_cast<double>(profiles_[workload]->kv_blocks);
  exports.busy_seconds = p.engine->busy(now).seconds();
  exports.prompt_tokens = counted.prompt_tokens;
  exports.output_tokens = counted.generated_tokens;
  if (!latencies_) return true;
  exports.requests = latencies_->of(id).requests;
  exports.latencies = &latencies_->of(id).histograms;
  return true;
}

PodGauges Region::gauges(PodId id) {
  if (!pod(id).engine) return {};
  advance(id);
  reschedule(id);
  const Engine& engine = *pods_[id].engine;
  return {engine.waiting(), engine.running(), engine.kv_blocks_used(engine_time(pods_[id])),
          profiles_[pods_[id].workload]->kv_blocks, engine.queued_tokens()};
}

PoolState& PoolState::operator+=(const PoolState& s) {
  waiting += s.waiting;
  running += s.running;
  kv_blocks_used += s.kv_blocks_used;
  kv_blocks += s.kv_blocks;
  steps += s.steps;
  tokens += s.tokens;
  preemptions += s.preemptions;
  looked_up_tokens += s.looked_up_tokens;
  cached_tokens += s.cached_tokens;
  busy_ns += s.busy_ns;
  return *this;
}

PoolState Region::pool_state(WorkloadId workload) const {
  PoolState state;
  Spent all = gone_[workload];
  for (const Pod& p : pods_) {
    if (!p.engine || p.workload != workload) continue;
    all += spent_by(p);
    state.waiting += p.engine->waiting();
    state.running += p.engine->running();
    state.kv_blocks_used += p.engine->kv_blocks_used(engine_time(p));
    state.kv_blocks += profiles_[workload]->kv_blocks;
  }
  state.steps = all.steps;
  state.tokens = all.tokens.prompt + all.tokens.generated;
  state.preemptions = all.preemptions;
  state.busy_ns = all.busy_ns;
  state.looked_up_tokens = looked_up_[workload].asked;
  state.cached_tokens = looked_up_[workload].found;
  return state;
}

void Region::note_size(WorkloadId workload, std::size_t size, IncidentId cause) {
  Shrunk& shrunk = shrunk_[workload];
  const std::size_t before = endpoints_[workload].size();
  if (shrunk.cause == kNoIncident && size < before && cause != kNoIncident)
    shrunk = {before, cause, kNoIncident};
  else if (size >= shrunk.before)
    shrunk = {};
}

CheckAnswer Region::check(PodId id, double luck) const {
  if (!faults_.empty() && faults_.silent(id)) return CheckAnswer::kSilent;
  if (id >= pods_.size() || !pods_[id].serving) return CheckAnswer::kRefused;
  const Pod& p = pods_[id];
  const bool answers =
      has_place(id) && p.front_end.answers(luck, params_.pools[p.workload].front_end);
  return answers ? CheckAnswer::kWell : CheckAnswer::kSilent;
}

IncidentId Region::unwell(PodId id) {
  if (id >= pods_.size()) return kNoIncident;
  if (!has_place(id))
    if (const IncidentId cause = busy_with(id)) return cause;
  if (const IncidentId cause = overload_incident(id)) return cause;
  const Pod& p = pods_[id];
  if (p.serving) return kNoIncident;
  return p.stopped_by != kNoIncident ? p.stopped_by : endpoint_cause_[p.workload];
}

void Region::filters_changed(WorkloadId workload) {
  endpoints_[workload].refilter(world_.now());
  await_filters(workload);
}

// Who gives back what it took relieves nobody.
bool Region::took(IncidentId cause) const {
  return std::find(taken_by_.begin(), taken_by_.end(), cause) != taken_by_.end();
}

void Region::endpoints_changed(WorkloadId workload, const std::vector<PodId>& routable,
                               IncidentId cause) {
  for (const PodId id : routable) pod(id);
  if (routable.size() < endpoints_[workload].size() && !took(cause)) taken_by_.push_back(cause);
  if (routable.size() > endpoints_[workload].size() && !took(cause)) eased(cause);
  endpoint_cause_[workload] = cause;
  note_size(workload, routable.size(), cause);
  endpoints_[workload].set_view(routable, world_.now());
  await_filters(workload);
}

u64 Region::waiting() const {
  u64 sum = 0;
  for (const Pod& p : pods_)
    if (p.engine) sum += p.engine->waiting();
  return sum;
}

double Region::bottleneck_load() const {
  double most = 0;
  for (const WorkloadId w : routes_.entries) most = std::max(most, load_[w]);
  return most;
}

double Region::mean_cpu(WorkloadId workload) const {
  double sum = 0;
  for (const Pod& p : pods_)
    if (p.serving && p.workload == workload) sum += p.front_end.utilisation();
  return serving_[workload] > 0 ? sum / static_cast<double>(serving_[workload]) : 0;
}

void Region::update_load() {
  const Instant now = world_.now();
  const double span = (now - load_at_).seconds();
  if (span <= 0) return;
  load_at_ = now;
  const RateLimitParams& limit = gateway_.rate_limit;
  refusals_->look(world_, name_, counts_.arrived, limit.requests > 0 ? limit.window : Duration{});
  look_at_lines();
  for (std::size_t w = 0; w < load_.size(); ++w) {
    Work done = retired_[w];
    for (const Pod& p : pods_)
      if (p.engine && p.workload == w) done += work_of(p);
    const double pods = static_cast<double>(std::max<std::size_t>(1, serving_[w]));
    // Smoothed over a minute: a single step of a small pool says little.
    const double load = (done.units - load_before_[w].units) / span / pods;
    load_[w] += (load - load_[w]) * std::min(1.0, span / 60);
    load_before_[w] = done;
  }
}

// A prefill engine is as loaded as it is busy; a decoding one is always busy, and as loaded as its
// tokens per second stand to those of a full batch.
Region::Work Region::work_of(const Pod& p) const {
  const Instant now = engine_time(p);
  const EngineParams& e = params_.pools[p.workload].engine;
  if (e.role == EngineRole::kPrefill) return {p.engine->busy(now).seconds()};
  const double full = e.step_base.seconds() + e.step_per_sequence.seconds() * e.max_num_seqs;
  return {static_cast<double>(p.engine->counters(now).generated_tokens) * full / e.max_num_seqs};
}

// Each engine takes it up with its next step; engines that start later begin with it.
void Region::retune_engines(WorkloadId workload) {
  EngineParams engine = params_.pools[workload].engine;
  engine.macro_steps = !params_.exact_steps;
  engine.holds_handed_over = profiles_[workload]->holds_handed_over;
  engine.pulls = profiles_[workload]->pulls;
  engine.max_num_batched_tokens = std::max(engine.max_num_batched_tokens, engine.max_num_seqs);
  kept_profiles_.push_back(std::make_unique<const EngineProfile>(engine));
  profiles_[workload] = kept_profiles_.back().get();
  for (PodId id = 0; id < pods_.size(); ++id) {
    if (!pods_[id].engine || pods_[id].workload != workload) continue;
    advance(id);
    pods_[id].engine->retune(world_.now(), *profiles_[workload]);
    reschedule(id);
  }
  rebase_load();
}

// Work is counted in full batches, which are others now.
void Region::rebase_load() {
  for (std::size_t w = 0; w < load_before_.size(); ++w) {
    load_before_[w] = retired_[w];
    for (const Pod& p : pods_)
      if (p.engine && p.workload == w) load_before_[w] += work_of(p);
  }
  load_at_ = world_.now();
}

// ---- services that a pod asks for what it works on, before its engine gets it -------------------
// Nothing: its engine gets the attempt now.
std::optional<Verdict> Region::ask_for_work(AttemptSlot slot, PodId id) {
  ServicePort* port = wiring_.services->work[pods_[id].workload];
  if (port == nullptr) return std::nullopt;
  Attempt& a = (*wiring_.attempts)[slot];
  const auto reply = port->ask(a.session_key, slot, *this, a.incident);
  if (!reply) {
    a.pod = id;
    a.started = world_.now();
    calls_.add(id, slot);
    ++asking_;
    return Verdict{};
  }
  if (reply->ok) return std::nullopt;
  a.started = world_.now();
  attempt_ended(id, a, Outcome::kRejected503, world_.now());
  return no_room(Bound::kService, reply->cause, slot);
}

void Region::work_replied(AttemptSlot slot, const ServiceReply& reply) {
  calls_.leave(slot);
  --asking_;
  const PodId id = (*wiring_.attempts)[slot].pod;
  const Verdict verdict =
      reply.ok ? to_engine(slot, id) : no_room(Bound::kService, reply.cause, slot);
  if (verdict.accepted()) return;
  attempt_ended(id, (*wiring_.attempts)[slot], verdict.code, world_.now());
  drop(slot, verdict.code, verdict.incident);
  end_if_drained(id);
}

// Its process is gone.
void Region::break_off_calls(PodId id) {
  for (const AttemptSlot slot : calls_.at(id)) {
    services_of(slot)->leave(slot);
    calls_.leave(slot);
    --asking_;
    attempt_ended(id, (*wiring_.attempts)[slot], Outcome::kTruncated, world_.now());
    drop(slot, Outcome::kTruncated, pods_[id].stopped_by);
  }
}

u32 Region::in_line(PodId id) const { return pods_[id].engine->waiting(); }

// Who was never begun with; kNoSlot: none.
AttemptSlot Region::next_in_line(PodId id) { return pods_[id].engine->next_in_line(); }

u32 Region::working(PodId id) const {
  const Pod& p = pods_[id];
  return p.engine->waiting() + p.engine->running() + static_cast<u32>(p.rendering.size()) +
         calls_.count(id);
}

bool Region::has_place(PodId id) const {
  if (lacks_peers(pods_[id])) return false;
  const u32 most = params_.pools[pods_[id].workload].front_end.max_requests;
  return most == 0 || !pods_[id].engine || working(id) < most;
}

// Why all its places are taken: what those wait for that wait, or what ails the pod.
IncidentId Region::busy_with(PodId id) {
  if (lacks_peers(pods_[id])) return crowded_[pods_[id].workload];
  const std::vector<AttemptSlot> waiting = calls_.at(id);
  if (!waiting.empty())
    if (const IncidentId late = services_of(waiting.front())->delayed_by(waiting.front()))
      return late;
  return trouble_of(id);
}

// ---- servers that keep something for each other one -----------------------------------------
bool Region::too_many_peers(WorkloadId workload) const {
  const u32 most = params_.pools[workload].front_end.max_peers;
  return most > 0 && serving_[workload] > most;
}

void Region::pool_grew(WorkloadId workload, IncidentId cause) { count_peers(workload, cause); }

void Region::fewer_peers(WorkloadId workload, IncidentId cause) {
  std::vector<IncidentId>& left = peers_left_[workload];
  if (crowded_[workload] == kNoIncident)
    left.clear();
  else if (cause > crowded_[workload] && std::find(left.begin(), left.end(), cause) == left.end())
    left.push_back(cause);
  count_peers(workload, cause);
}

void Region::count_peers(WorkloadId workload, IncidentId cause) {
  IncidentId& crowded = crowded_[workload];
  const bool too_many = too_many_peers(workload);
  if (too_many)
    for (Pod& p : pods_)
      if (p.serving && p.workload == workload) get_stuck(p);
  if ((too_many || stuck_[workload] > 0) == (crowded != kNoIncident)) return;
  const std::string text = fmt::format("{} servers, at most {}", serving_[workload],
                                       params_.pools[workload].front_end.max_peers);
  if (crowded == kNoIncident)
    crowded = world_.incident(kPeersExceeded, name_, {cause, tuned_.lately(world_.now())}, text);
  else
    world_.end(kPeersWithin, name_, std::exchange(crowded, kNoIncident), peers_left_[workload],
               text);
}

// It could not reach all of its peers and is of no use until its process is started anew.
void Region::get_stuck(Pod& p) {
  if (p.stuck || !params_.pools[p.workload].front_end.peers_need_restart) return;
  p.stuck = true;
  ++stuck_[p.workload];
}

bool Region::lacks_peers(const Pod& p) const {
  return crowded_[p.workload] != kNoIncident && (p.stuck || too_many_peers(p.workload));
}

bool Region::idle(PodId id) const {
  const Pod& p = pods_[id];
  return p.engine->idle() && p.rendering.empty() && calls_.count(id) == 0;
}

void Region::end_if_drained(PodId id) {
  if (pods_[id].engine && pods_[id].draining && idle(id)) kill(id);
}

IncidentId Region::lose_prefixes(Share share, IncidentId cause) {
  const StreamKey key = world_.stream(name_, "lost texts");
  const u32 number = losses_++;
  u64 blocks = 0;
  for (PodId id = 0; id < pods_.size(); ++id) {
    if (!pods_[id].engine) continue;
    advance(id);
    blocks += pods_[id].engine->lose_texts(engine_time(pods_[id]), [&](u64 name) {
      return uniform(draw(key, name, number, id)) < share.value;
    });
    reschedule(id);
  }
  if (blocks == 0) return kNoIncident;
  return world_.incident(kCacheLost, name_, {cause},
                         fmt::format("engines lose what {} blocks hold", blocks));
}

}  // namespace stampede
