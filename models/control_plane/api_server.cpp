#include "models/control_plane/api_server.h"

#include <algorithm>
#include <utility>

#include "models/control_plane/etcd.h"

namespace stampede {
namespace {

const IncidentKind kApiServerEnded{
    "api_server_ended",
    "an API server is out of memory: its process ends, again and again if it has to"};
const IncidentKind kApiServerBack{"api_server_back",
                                  "an API server that had ended has run for `clear_after`"};

constexpr Duration kRefusal = 1_ms;  // to be told of a 429
constexpr i32 kSmallest = 128;       // of a stored object [B]

bool is_write(const ApiCall& call) {
  return call.verb != ApiVerb::kGet && call.verb != ApiVerb::kList;
}

// Parts of one stored object share a key: status and binding are writes of the pod.
u64 storage_key(const ApiCall& call) {
  ApiObject object = call.object;
  if (object == ApiObject::kPodStatus || object == ApiObject::kBinding) object = ApiObject::kPod;
  if (object == ApiObject::kScale) object = ApiObject::kDeployment;
  return (static_cast<u64>(object) << 32) | call.key;
}

}  // namespace

ApiServer::ApiServer(World& world, ApiServerParams params, std::string path)
    : world_(world),
      params_(params),
      path_(std::move(path)),
      relists_(world, path_, *this, params_, [this](u32 watcher) { caught_up(watcher); }),
      waits_(params.saturated_wait) {
  component_ = world_.scheduler.add(this);
  etcd_ = std::make_unique<Etcd>(world_, params_.etcd, path_ + ".etcd");
  etcd_->on_alarm([this] { file_full(); });
  if (params_.events_etcd == EventsEtcd::kSplit) {
    EtcdParams events = params_.etcd;
    events.initial_file = Bytes{0};
    events_etcd_ = std::make_unique<Etcd>(world_, events, path_ + ".events_etcd");
  }
  for (i32 i = 0; i < params_.servers; ++i)
    servers_.push_back({PriorityLevels(params_.seats, params_.queue_length), {}});
  watchers_of_.resize(static_cast<std::size_t>(ApiObject::kCount));
  world_.scheduler.after(1_s, Priority::kSample, component_, kTick);
  schedule_compaction();

  world_.stats.counter(path_, "api_calls_total", "calls submitted", &calls_total_);
  world_.stats.counter(path_, "api_429_total", "calls refused with 429", &refused_);
  world_.stats.counter(path_, "api_409_total", "writes based on another version of their object",
                       &conflicts_);
  world_.stats.counter(path_, "watchers_terminated_total",
                       "times that a watcher was told 410: it was too far behind", &terminated_);
  world_.stats.gauge(path_, "etcd_writes_per_second", "1/s", "writes answered in the last second",
                     [this] { return writes_per_second_; });
  world_.stats.gauge(path_, "etcd_proposals_per_fsync", "1",
                     "proposals in each fsync of the last second", [this] { return batch_; });
  world_.stats.gauge(path_, "write_wait_p99_seconds", "s",
                     "99th percentile of writes' waits over 10 s",
                     [this] { return waits_.p99().seconds(); });
  const char* names[] = {"exempt",        "system",       "node_high",      "leader_election",
                         "workload_high", "workload_low", "global_default", "catch_all"};
  for (std::size_t i = 1; i < PriorityLevels::kLevels; ++i)
    world_.stats.gauge(path_, std::string("api_seats_in_use_") + names[i], "1",
                       "seats in use of this priority level", [this, i] {
                         return static_cast<double>(seats_in_use(static_cast<ApiLevel>(i)));
                       });
  StatInfo& frozen = world_.stats.gauge(path_, "frozen_seconds", "s",
                                        "time for which the control plane has been frozen",
                                        [this] { return frozen_seconds(); });
  frozen.truth = true;
  world_.stats.explain(path_, [this] {
    return std::vector<IncidentId>{unavailable_, frozen_, saturated_, disk_stalled(),
                                   disk_slowed()};
  });
}

ApiServer::~ApiServer() = default;

LiveRoot ApiServer::live_etcd() { return {etcd_->live().params, etcd_->live().type, this}; }
LiveRoot ApiServer::live_events_etcd() { return events_etcd_->live(); }

void ApiServer::schedule_compaction() {
  compaction_ =
      world_.scheduler.after(params_.compaction_interval, Priority::kControl, component_, kCompact);
}

// Calls stay where they are: a server that is taken away finishes what it has.
void ApiServer::retuned(const LiveChange& change) {
  eased(change.by);
  if (change.path.starts_with("control_plane.etcd.")) return etcd_->retuned(change);
  live_causes_.note(change.path, change.cause, world_.now());
  waits_.retune(params_.saturated_wait);
  retune_servers();
  if (world_.now() > Instant{}) return;
  world_.scheduler.cancel(compaction_);
  schedule_compaction();
}

void ApiServer::retune_servers() {
  while (static_cast<i32>(servers_.size()) < params_.servers)
    servers_.push_back({PriorityLevels(params_.seats, params_.queue_length), {}});
  for (u32 s = 0; s < servers_.size(); ++s) {
    servers_[s].levels.retune(params_.seats, params_.queue_length);
    for (std::size_t l = 1; l < PriorityLevels::kLevels; ++l) dispatch(s, static_cast<ApiLevel>(l));
  }
}

i32 ApiServer::watchers_of(ApiObject object) const {
  i32 n = static_cast<i32>(watchers_of_[static_cast<std::size_t>(object)].size());
  if (object == ApiObject::kEndpointSlice) n += params_.node_watchers;
  return n;
}

i32 ApiServer::width_of(const ApiCall& call) const {
  if (call.verb != ApiVerb::kList) return 1;
  return static_cast<i32>(std::clamp<u32>((call.list_objects + 99) / 100, 1, 10));
}

Instant ApiServer::run_cpu(Server& server, Duration cost) {
  // Many cores as one fast one for the backlog; a call itself runs on one core.
  const Instant now = world_.now();
  const Instant begin = std::max(server.cpu_free, now);
  server.cpu_free =
      begin + Duration{static_cast<i64>(static_cast<double>(cost.ns) / params_.cpu_cores + 0.5)};
  return begin + cost;
}

const ApiRecord& ApiServer::keep_record() {
  if (!record_) record_ = std::make_unique<ApiRecord>();
  record_->up.clear();
  for (const Server& server : servers_) record_->up.push_back(server.down ? 0 : 1);
  return *record_;
}

void ApiServer::submit(const ApiCall& call, ApiCaller* caller, u64 tag) {
  ++calls_total_;
  const u32 slot = calls_.take_as_left();
  Call& c = calls_[slot];
  c.call = call;
  c.caller = caller;
  c.tag = tag;
  c.submitted = world_.now();
  c.deadline = c.submitted + (call.deadline.ns > 0 ? call.deadline : params_.default_deadline);
  c.server = server_for(call.user);
  c.reading = false;
  c.width = static_cast<u8>(width_of(call));
  c.queued = false;
  note_status(call);
  Server& server = servers_[c.server];
  if (const IncidentId limit = turned_away(call.level); limit != kNoIncident) {
    reply_later(slot, ApiStatus::kTooManyRequests, world_.now() + kRefusal, kRefuse);
    c.incident = limit;
  } else if (server.down) {  // none of them runs
    reply_later(slot, ApiStatus::kTimeout, world_.now() + kRefusal, kRefuse);
    c.incident = server.ended;
  } else if (server.levels.seat(call.level, c.width)) {
    start(slot);
  } else if (server.levels.enqueue(call.level, call.user, slot, c.width)) {
    c.queued = true;
    world_.scheduler.at(std::min(c.submitted + params_.queue_wait, c.deadline), Priority::kTimeout,
                        component_, kQueueTimeout, slot, c.generation);
  } else {
    reply_later(slot, ApiStatus::kTooManyRequests, world_.now() + kRefusal, kRefuse);
  }
}

void ApiServer::reply_later(u32 slot, ApiStatus status, Instant at, u8 kind) {
  calls_[slot].status = status;
  calls_[slot].incident = kNoIncident;
  world_.scheduler.at(std::max(at, world_.now() + 1_ns), Priority::kCompletion, component_, kind,
                      slot);
}

void ApiServer::start(u32 slot) {
  Call& c = calls_[slot];
  c.queued = false;
  Server& server = servers_[c.server];
  if (is_write(c.call)) {
    write(slot, run_cpu(server, params_.cpu_per_call));
    return;
  }
  if (c.call.verb == ApiVerb::kList) {
    const Duration cost = params_.cpu_per_call + params_.cpu_per_list_kib * (c.call.bytes / 1024);
    read_by_.add(world_.now(), c.call.cause, cost.ns / 1000);
    c.reading = true;
    const Instant done = run_cpu(server, cost);
    use_egress(c.call.bytes, c.call.cause);
    reply_later(slot, ApiStatus::kOk, std::max(done, egress_free_), kReply);
    hold_memory(slot, 1);
    return;
  }
  Instant done = run_cpu(server, params_.cpu_per_call);
  if (c.call.object != ApiObject::kMetrics) done = etcd_->read_done(done, c.server);
  reply_later(slot, ApiStatus::kOk, done, kReply);
}

void ApiServer::write(u32 slot, Instant at) {
  Call& c = calls_[slot];
  // What the server finds when it reads the object is refused before anything is proposed.
  const u32 found = etcd_->version(storage_key(c.call));
  const bool binding = c.call.object == ApiObject::kBinding;
  if (binding ? bound(c.call.key) : c.call.version != kAnyVersion && c.call.version != found)
    return reply_later(slot, ApiStatus::kConflict, etcd_->read_done(at, c.server), kReply);
  EtcdWrite w;
  w.key = storage_key(c.call);
  w.bytes = std::max(c.call.bytes, kSmallest);
  w.member = static_cast<u8>(c.server % params_.etcd.members);
  w.remove = c.call.verb == ApiVerb::kDelete && !only_marks(c.call);
  w.existed = c.call.verb != ApiVerb::kCreate || c.call.object == ApiObject::kBinding;
  w.give_up = c.deadline;
  if (c.call.object == ApiObject::kEvent) w.expires = at + params_.event_ttl;
  c.to_etcd = at;
  filled_by_.add(world_.now(), c.call.cause, w.bytes);
  lately_.add(world_.now(), c.call.cause, w.bytes);
  Etcd& store = c.call.object == ApiObject::kEvent && events_etcd_ ? *events_etcd_ : *etcd_;
  // A binding is a change of the pod as the server reads it, whatever its caller knows.
  w.expects = binding ? found : c.call.version;
  store.submit(w, at, this, slot);
}

void ApiServer::etcd_replied(u32 slot, EtcdStatus status, u32 version) {
  Call& c = calls_[slot];
  if (status == EtcdStatus::kConflict && c.call.object == ApiObject::kBinding && !bound(c.call.key))
    return write(slot, world_.now());  // something else of the pod has changed: read it again
  c.call.version = version;
  if (c.call.object != ApiObject::kEvent || !events_etcd_) waits_.add(world_.now() - c.to_etcd);
  ApiStatus answer = ApiStatus::kOk;
  IncidentId incident = kNoIncident;
  if (status != EtcdStatus::kOk && status != EtcdStatus::kConflict) incident = ailment();
  if (status == EtcdStatus::kTooManyRequests) answer = ApiStatus::kTooManyRequests;
  if (status == EtcdStatus::kTimeout) answer = ApiStatus::kTimeout;
  if (status == EtcdStatus::kNoSpace) answer = ApiStatus::kNoSpace;
  if (status == EtcdStatus::kConflict) answer = ApiStatus::kConflict;
  if (status == EtcdStatus::kOk)
    committed(c.call);
  else
    note_failure(c.call, incident);
  finish(slot, answer, incident);
}

// What became of a write whose caller was told of a time-out.
void ApiServer::etcd_settled(u32 slot, bool applied, u32 version) {
  ApiCall call = calls_[slot].call;
  ++calls_[slot].generation;
  calls_.give_back(slot);
  call.version = version;
  if (applied) committed(call);
}

void ApiServer::finish(u32 slot, ApiStatus status, IncidentId incident) {
  Call& c = calls_[slot];
  if (record_) record_->answered(c.call, status, world_.now() - c.submitted);
  if (c.call.verb == ApiVerb::kGet || status == ApiStatus::kConflict)
    c.call.version = etcd_->version(storage_key(c.call));
  const ApiCall call = c.call;
  ApiCaller* caller = c.caller;
  const u64 tag = c.tag;
  const u32 server = c.server;
  servers_[server].levels.release(call.level, c.width);
  if (c.reading) hold_memory(slot, -1);
  // Of a write that timed out there is more to hear.
  if (!is_write(call) || status != ApiStatus::kTimeout) {
    ++c.generation;
    calls_.give_back(slot);
  }
  // Telling many watchers takes seats after the answer.
  const i32 watchers = watchers_of(call.object);
  if (status == ApiStatus::kOk && is_write(call) && watchers >= 10) {
    const i32 width = std::min(10, (watchers + 9) / 10);
    const Duration area = 5_ms * ((watchers + 9) / 10);
    if (servers_[server].levels.seat(call.level, width))
      world_.scheduler.after(area / width, Priority::kCompletion, component_, kRelease,
                             server << 8 | static_cast<u32>(call.level), static_cast<u32>(width));
  }
  dispatch(server, call.level);
  if (status == ApiStatus::kTooManyRequests) ++refused_;
  if (status == ApiStatus::kConflict) ++conflicts_;
  if (caller != nullptr) caller->api_replied(tag, call, status, incident);
}

// The end of a call that never had a seat.
void ApiServer::refuse(u32 slot) {
  const Call c = calls_[slot];
  ++calls_[slot].generation;
  calls_.give_back(slot);
  if (c.status == ApiStatus::kTooManyRequests) ++refused_;
  if (record_) record_->answered(c.call, c.status, world_.now() - c.submitted);
  note_failure(c.call, c.incident);
  if (c.caller != nullptr) c.caller->api_replied(c.tag, c.call, c.status, c.incident);
}

void ApiServer::dispatch(u32 server, ApiLevel level) {
  while (!servers_[server].down) {
    const u32 slot = servers_[server].levels.next(level);
    if (slot == PriorityLevels::kNone) return;
    start(slot);
  }
}

// Deleting a pod that a kubelet may run only marks it; the kubelet's final deletion removes it.
bool ApiServer::only_marks(const ApiCall& call) const {
  if (call.object != ApiObject::kPod || call.verb != ApiVerb::kDelete ||
      std::get<PodDeletionValue>(call.value).final)
    return false;
  return bound(call.key);
}

// A pod never seen was there from the start.
bool ApiServer::bound(u32 id) const {
  const auto pod = pods_.find(id);
  return pod == pods_.end() || pod->second.bound;
}

// A write is in etcd: remember what must be compared later and tell the watchers.
void ApiServer::committed(const ApiCall& call) {
  if (call.object == ApiObject::kPodStatus) {
    const auto known = pods_.try_emplace(call.key, Pod{false, true}).first;
    known->second.ready = std::get<PodStatusValue>(call.value).ready;
  } else if (call.object == ApiObject::kBinding) {
    pods_[call.key].bound = true;
  } else if (call.object == ApiObject::kPod && call.verb == ApiVerb::kCreate) {
    pods_[call.key] = {};
  } else if (call.object == ApiObject::kPod && call.verb == ApiVerb::kDelete && !only_marks(call)) {
    pods_.erase(call.key);
  }
  if (call.object == ApiObject::kEndpointSlice) slice_at_ = world_.now();
  fan_out(call);
}

void ApiServer::handle(const Event& event) {
  switch (event.kind) {
    case kReply:
      finish(event.subject, calls_[event.subject].status, calls_[event.subject].incident);
      break;
    case kServerBack:
      return server_back(event.subject);
    case kRefuse:
      refuse(event.subject);
      break;
    case kQueueTimeout: {
      Call& c = calls_[event.subject];
      if (c.generation != event.argument || !c.queued) break;
      servers_[c.server].levels.withdraw(c.call.level, event.subject);
      c.queued = false;
      const bool late = world_.now() >= c.deadline;
      c.status = late ? ApiStatus::kTimeout : ApiStatus::kTooManyRequests;
      c.incident = saturated_;
      refuse(event.subject);
      break;
    }
    case kDeliver:
      deliver(event.subject);
      break;
    case kRelease:
      servers_[event.subject >> 8].levels.release(static_cast<ApiLevel>(event.subject & 0xff),
                                                  static_cast<i32>(event.argument));
      dispatch(event.subject >> 8, static_cast<ApiLevel>(event.subject & 0xff));
      break;
    case kStallOver:
      return tell_disks({event.subject}, "the disks go on");
    case kTick:
      tick();
      break;
    case kCompact:
      etcd_->compact_to_mark();
      if (events_etcd_) events_etcd_->compact_to_mark();
      schedule_compaction();
      break;
    case kMaintain:
      upkeep_.pop_front();
      if (!upkeep_.empty()) maintain();
      break;
  }
}

// ---- servers that run out of memory under LISTs, and what their watchers do then ----------------
// Where the user's calls go; if that server has ended, the next that runs.
u16 ApiServer::server_for(u32 user) const {
  const auto n = static_cast<u64>(params_.servers);
  const u64 own = mix64(user) % n;
  for (u64 k = 0; k < n; ++k)
    if (!servers_[(own + k) % n].down) return static_cast<u16>((own + k) % n);
  return static_cast<u16>(own);
}

void ApiServer::hold_memory(u32 slot, double sign) {
  Call& c = calls_[slot];
  Server& server = servers_[c.server];
  c.reading = sign > 0;
  server.memory += sign * params_.memory_per_list_byte * c.call.bytes;
  if (sign > 0 && params_.memory.value > 0 && !server.down &&
      server.memory > static_cast<double>(params_.memory.value))
    end_server(c.server);
}

// What it worked on for readers fails; what waits there waits until it is back, or goes elsewhere.
void ApiServer::end_server(u32 index) {
  Server& server = servers_[index];
  if (server.ended == kNoIncident) {
    std::vector<IncidentId> causes;
    if (const IncidentId read = read_by_.most(world_.now()); read != kNoIncident)
      causes.push_back(read);
    live_causes_.add_to(causes, world_.now());
    server.ended = world_.incident(kApiServerEnded, path_, std::move(causes),
                                   "server " + std::to_string(index) + " is out of memory");
  }
  server.down = true;
  if (record_) record_->up[index] = 0;
  ++ends_;
  server.memory = 0;
  for (u32 slot = 0; slot < calls_.slots(); ++slot) {
    Call& c = calls_[slot];
    if (!c.reading || c.server != index) continue;
    c.reading = false;
    c.status = ApiStatus::kTimeout;
    c.incident = server.ended;
  }
  world_.scheduler.after(params_.restart_time, Priority::kControl, component_, kServerBack, index);
  const StreamKey when = world_.stream(path_, "relist");
  const i32 watchers = (params_.node_watchers + params_.servers - 1) / params_.servers;
  for (i32 k = 0; k < watchers; ++k)
    relists_.start(kLostServer,
                   from_seconds(uniform(draw(when, ends_, static_cast<u32>(k))) *
                                params_.relist_spread.seconds()),
                   server.ended);
}

void ApiServer::server_back(u32 index) {
  servers_[index].down = false;
  if (record_) record_->up[index] = 1;
  servers_[index].back_at = world_.now();
  for (std::size_t l = 1; l < PriorityLevels::kLevels; ++l)
    dispatch(index, static_cast<ApiLevel>(l));
}

// Those that end again and again are told of once.
void ApiServer::check_servers() {
  for (std::size_t k = 0; k < servers_.size(); ++k) {
    Server& server = servers_[k];
    if (server.down || server.ended == kNoIncident) continue;
    if (world_.now() - server.back_at < params_.clear_after) continue;
    world_.end(kApiServerBack, path_, std::exchange(server.ended, kNoIncident), kNoIncident,
               "server " + std::to_string(k) + " has run for " + print(params_.clear_after));
  }
}

}  // namespace stampede
