#include "models/control_plane/etcd.h"

#include <algorithm>
#include <array>

namespace stampede {
namespace {
constexpr std::size_t kApplyChunk = 64;  // writes applied between two answers
}  // namespace

Etcd::Etcd(World& world, EtcdParams params, std::string path)
    : world_(world),
      params_(params),
      file_(params.initial_file, params.initial_free, static_cast<u32>(params.members)) {
  STAMPEDE_CHECK(params_.members % 2 == 1 && params_.members <= 5, "etcd has 1, 3 or 5 members");
  component_ = world_.scheduler.add(this);
  election_stream_ = world_.stream(path, "election");
  members_.resize(static_cast<std::size_t>(params_.members));
  forward_waiting_.resize(members_.size());
  forward_sending_.resize(members_.size());
  forward_event_.resize(members_.size());
  tune_members();
  world_.stats.counter(path, "etcd_writes_total", "writes answered with success", &writes_);
  StatInfo& late =
      world_.stats.counter(path, "etcd_late_writes_total",
                           "writes that took effect after their client's time-out", &late_);
  late.truth = true;
  world_.stats.counter(path, "etcd_fsyncs_total", "fsyncs of the leader's log", &fsyncs_);
  world_.stats.counter(path, "etcd_proposals_total", "proposals in those fsyncs", &proposals_);
  world_.stats.counter(path, "etcd_elections_total", "changes of leader", &elections_);
  world_.stats.gauge(path, "etcd_file_bytes", "B", "size of the database file",
                     [this] { return static_cast<double>(file_.file_bytes()); });
  world_.stats.gauge(
      path, "etcd_file_ratio", "1", "size of the database file by its quota", [this] {
        return static_cast<double>(file_.file_bytes()) / static_cast<double>(params_.quota.value);
      });
  world_.stats.gauge(path, "etcd_in_use_bytes", "B", "database file without its free pages",
                     [this] { return static_cast<double>(file_.in_use_bytes()); });
  world_.stats.gauge(path, "etcd_apply_gap", "1", "writes committed and not yet applied",
                     [this] { return static_cast<double>(apply_gap()); });
  world_.stats.gauge(path, "etcd_outstanding", "1", "writes that are not answered yet",
                     [this] { return static_cast<double>(outstanding_); });
  world_.stats.gauge(path, "etcd_alarm", "1", "1 while the quota alarm is up",
                     [this] { return alarm_ ? 1.0 : 0.0; });
}

// What faults add stays beside what the parameters say.
void Etcd::tune_members() {
  for (EtcdMember& m : members_) {
    m.fsync = params_.fsync + m.log_delay;
    m.database_fsync = params_.fsync + m.database_delay;
    m.growth_per_write = params_.fsync_per_write;
    m.growth_per_kib = params_.fsync_per_kib;
    m.commit_per_write = params_.backend_per_write;
    m.commit_per_kib = params_.backend_per_kib;
    m.commit_interval = params_.backend_interval;
  }
}

const EtcdRecord& Etcd::keep_record() {
  if (!record_) record_ = std::make_unique<EtcdRecord>();
  for (EtcdMember& m : members_) m.commits_told = &record_->commit;
  record_->unreachable.resize(members_.size());
  return *record_;
}

// The fsync and the backend commit that run end as they began.
void Etcd::retuned(const LiveChange& change) {
  live_causes_.note(change.path, change.cause, world_.now());
  if (world_.now() > Instant{}) {
    settle();
    for (EtcdMember& m : members_) m.settle(world_.now());
  }
  tune_members();
}

Duration Etcd::scaled(Duration cpu) const {
  return {static_cast<i64>(static_cast<double>(cpu.ns) / params_.cpu_cores + 0.5)};
}

Duration Etcd::write_cpu(Duration base, i32 bytes) const {
  // Half of the cost of size falls on receiving, half on applying.
  return base + params_.cpu_per_kib * std::max(0, bytes - 256) / 2048;
}

// First-in first-out; work that comes later than now leaves no gap before it.
Instant Etcd::run_cpu(u32 member, Instant from, Duration cost) {
  EtcdMember& m = members_[member];
  const Duration length = scaled(cost);
  const Instant done = std::max(from, m.cpu_free) + length;
  m.cpu_free = std::max(world_.now(), m.cpu_free) + length;
  return done;
}

u32 Etcd::new_request(const EtcdWrite& write, Instant at, EtcdClient* client, u32 tag) {
  const u32 slot = requests_.take_as_left();
  Request& r = requests_[slot];
  r.write = write;
  r.write.member = static_cast<u8>(member_for(write.member, at));
  r.start = r.ready = at;
  r.client = client;
  r.tag = tag;
  r.fate = EtcdStatus::kTimeout;
  r.version = 0;
  r.unsettled = false;
  r.where = Where::kAccepted;
  return slot;
}

void Etcd::free_request(u32 slot) {
  Request& r = requests_[slot];
  ++r.generation;
  r.where = Where::kFree;
  requests_.give_back(slot);
}

void Etcd::submit(const EtcdWrite& write, Instant at, EtcdClient* client, u32 tag) {
  settle();
  const u32 slot = new_request(write, at, client, tag);
  ++outstanding_;
  Request& r = requests_[slot];
  if (committed_ - applied_ > params_.max_apply_gap) {
    const Instant done = run_cpu(r.write.member, at, params_.cpu_reject);
    world_.scheduler.at(later(done), Priority::kCompletion, component_, kReject, slot);
    return;
  }
  r.ready = run_cpu(r.write.member, at, write_cpu(params_.cpu_accept, write.bytes));
  by_start_.push_back({slot, r.generation});
  r.until = at + params_.request_timeout;
  // One that was shortened is met before those that run already: it has an event of its own.
  const bool overtakes = params_.request_timeout < longest_timeout_ && r.until < latest_until_;
  if (!overtakes) {
    latest_until_ = std::max(latest_until_, r.until);
    longest_timeout_ = params_.request_timeout;
  }
  if (!world_.scheduler.pending(timeout_event_))
    timeout_event_ = world_.scheduler.at(r.until, Priority::kTimeout, component_, kTimeoutCheck);
  if (const Instant end = std::min(write.give_up, r.until); end < r.until || overtakes)
    world_.scheduler.at(later(end), Priority::kTimeout, component_, kGiveUp, slot, r.generation);
  if (r.write.member == leader_) {
    enqueue(slot);
  } else {
    forward(slot);
  }
}

void Etcd::enqueue(u32 slot) {
  const Instant ready = requests_[slot].ready;
  auto place = queue_.end();
  while (place != queue_.begin() && requests_[*(place - 1)].ready > ready) --place;
  queue_.insert(place, slot);
  if (!loop_busy_) wake_loop(requests_[queue_.front()].ready);
}

void Etcd::wake_loop(Instant at) {
  at = later(at);
  if (world_.scheduler.pending(loop_event_)) {
    if (loop_event_at_ <= at) return;
    world_.scheduler.cancel(loop_event_);
  }
  loop_event_at_ = at;
  loop_event_ = world_.scheduler.at(at, Priority::kCompletion, component_, kLoopWake);
}

void Etcd::run_loop() {
  if (loop_busy_) return;
  const Instant now = world_.now();
  while (!single() && !in_flight_.empty() && batches_[in_flight_.front()].acked <= now) {
    const u32 batch = in_flight_.front();
    in_flight_.pop_front();
    follower_commit(batch, now);
    commit(batch);
  }
  if (next_leader_ != kNobody && in_flight_.empty()) hand_over();
  if (next_leader_ == kNobody && !queue_.empty() && requests_[queue_.front()].ready <= now) {
    take_batch();
    return;
  }
  Instant next = kNever;
  if (next_leader_ == kNobody && !queue_.empty()) next = requests_[queue_.front()].ready;
  if (!in_flight_.empty()) next = std::min(next, batches_[in_flight_.front()].acked);
  if (next != kNever) wake_loop(next);
}

// Takes whatever is queued, up to the size of a batch, sends it to the followers and starts the
// fsync.
void Etcd::take_batch() {
  const Instant now = world_.now();
  const u32 b = batches_.take_as_left();
  Batch& batch = batches_[b];
  batch.requests.clear();
  batch.applied = 0;
  batch.users = 0;
  i64 bytes = 0;
  while (!queue_.empty() && requests_[queue_.front()].ready <= now) {
    const i32 size = requests_[queue_.front()].write.bytes;
    if (!batch.requests.empty() && bytes + size > params_.max_batch.value) break;
    bytes += size;
    batch.requests.push_back(queue_.front());
    queue_.pop_front();
  }
  const i64 n = static_cast<i64>(batch.requests.size());
  proposals_ += static_cast<u64>(n);
  ++fsyncs_;

  // The loop's thread does not queue behind all requests; after a fsync it waits for its turn on a
  // busy CPU, for a time slice at most.
  EtcdMember& leader = members_[leader_];
  const Duration work = scaled(params_.cpu_cycle + params_.cpu_loop * n);
  leader.cpu_free = std::max(now, leader.cpu_free) + work + scaled(params_.cpu_wake);
  const Instant start = now + work + std::min(backlog_, scaled(params_.cpu_wait));
  backlog_ = {};

  batch.on_disk.assign(members_.size(), start);
  for (u32 m = 0; m < members_.size(); ++m) {
    if (m == leader_) continue;
    const Instant arrives = start + params_.round_trip / 2 + scaled(params_.cpu_cycle);
    members_[m].contact = arrives;
    batch.on_disk[m] = members_[m].append(arrives, n, bytes);
    if (record_) record_->round_trip.add(params_.round_trip.seconds());
  }
  batch.acked = acked_by_quorum(batch);
  loop_busy_ = true;
  writing_ = b;
  loop_started_ = start;
  fsync_ends_ = leader.fsync_end(start, n, bytes);
  fsync_event_ = world_.scheduler.at(fsync_ends_, Priority::kCompletion, component_, kFsyncEnd);
  if (!single()) {
    in_flight_.push_back(b);
    arm_election();
  }
}

// When the leader hears of so many followers that with itself they are a majority.
Instant Etcd::acked_by_quorum(const Batch& batch) const {
  if (single()) return kNever;
  std::array<Instant, 4> acks{};
  std::size_t n = 0;
  for (u32 m = 0; m < members_.size(); ++m)
    if (m != leader_) acks[n++] = batch.on_disk[m] + params_.round_trip / 2;
  const std::size_t last = members_.size() / 2 - 1;
  std::nth_element(acks.begin(), acks.begin() + static_cast<std::ptrdiff_t>(last),
                   acks.begin() + static_cast<std::ptrdiff_t>(n));
  return acks[last];
}

// A client whose member is gone goes to the next one.
u32 Etcd::member_for(u32 member, Instant at) const {
  const auto n = static_cast<u32>(members_.size());
  for (u32 k = 0; k < n; ++k)
    if (!members_[(member + k) % n].stopped(at)) return (member + k) % n;
  return member % n;
}

void Etcd::fsync_ended() {
  loop_busy_ = false;
  if (record_) record_->fsync.add((world_.now() - loop_started_).seconds());
  backlog_ = std::max(Duration{}, members_[leader_].cpu_free - world_.now());
  if (single()) commit(writing_);
  run_loop();
}

void Etcd::commit(u32 batch) {
  for (const u32 slot : batches_[batch].requests) decide(requests_[slot]);
  ++batches_[batch].users;
  committed_ += static_cast<i64>(batches_[batch].requests.size());
  apply_queue_.push_back(batch);
  pump_apply();
}

void Etcd::decide(Request& r) {
  const bool full = alarm_ && !r.write.remove;
  r.fate = full ? EtcdStatus::kNoSpace : EtcdStatus::kOk;
  if (r.write.expires != kNever) return;
  r.version = version(r.write.key);
  if (r.write.expects != kAnyVersion && r.write.expects != r.version) {
    r.fate = EtcdStatus::kConflict;
  } else if (r.write.remove) {
    versions_.erase(r.write.key);
  } else if (!full) {
    r.version = ++versions_[r.write.key];
  }
}

void Etcd::pump_apply() {
  if (applying_ || apply_queue_.empty()) return;
  const Instant now = world_.now();
  settle();
  applying_ = true;
  const Instant open = members_[leader_].unlocked_at(now);
  if (open > now) {
    world_.scheduler.at(open, Priority::kCompletion, component_, kApplyWake);
    return;
  }
  const Batch& batch = batches_[apply_queue_.front()];
  apply_count_ = std::min(kApplyChunk, batch.requests.size() - batch.applied);
  Duration cost{};
  for (std::size_t i = 0; i < apply_count_; ++i)
    cost += write_cpu(params_.cpu_apply, requests_[batch.requests[batch.applied + i]].write.bytes);
  world_.scheduler.at(run_cpu(leader_, now, cost), Priority::kCompletion, component_, kApplyEnd);
}

void Etcd::apply_ended() {
  const u32 b = apply_queue_.front();
  const Instant now = world_.now();
  file_.expire(now);
  const std::size_t first = batches_[b].applied;
  for (std::size_t i = first; i < first + apply_count_; ++i) {
    const u32 slot = batches_[b].requests[i];
    const EtcdWrite write = requests_[slot].write;
    if (requests_[slot].fate == EtcdStatus::kOk) {
      if (write.remove)
        file_.remove(write.key);
      else
        file_.put(write.key, write.bytes, write.existed, write.expires);
    }
    members_[leader_].applied(1, write.bytes);
    ++applied_;
    if (single() || write.member == leader_) reply(slot);
  }
  batches_[b].applied += apply_count_;
  if (batches_[b].applied == batches_[b].requests.size()) {
    apply_queue_.pop_front();
    finish_use(b);
  }
  applying_ = false;
  pump_apply();
}

// The answer to an applied write, or news of one that was given up.
void Etcd::reply(u32 slot) {
  if (requests_[slot].where == Where::kAccepted)
    answer(slot, requests_[slot].fate);
  else
    settle_fate(slot);
}

void Etcd::settle_fate(u32 slot) {
  Request& r = requests_[slot];
  if (!r.unsettled) return;
  r.unsettled = false;
  const bool applied = r.fate == EtcdStatus::kOk;
  if (applied) ++late_;
  if (r.client != nullptr) r.client->etcd_settled(r.tag, applied, r.version);
}

void Etcd::answer(u32 slot, EtcdStatus status) {
  Request& r = requests_[slot];
  r.where = Where::kAnswered;
  --outstanding_;
  if (status == EtcdStatus::kOk) ++writes_;
  if (record_) {
    ++record_->handled[static_cast<std::size_t>(status)];
    record_->handling.add(std::max(world_.now() - r.start, Duration{}).seconds());
  }
  r.unsettled = status == EtcdStatus::kTimeout;
  if (r.client != nullptr) r.client->etcd_replied(r.tag, status, r.version);
}

void Etcd::finish_use(u32 b) {
  Batch& batch = batches_[b];
  if (--batch.users > 0) return;
  for (const u32 slot : batch.requests)
    if (requests_[slot].where != Where::kFree) {
      // A follower that changed its role meanwhile leaves nobody to answer: the time-out will.
      if (requests_[slot].where == Where::kAccepted) {
        requests_[slot].where = Where::kLost;
      } else {
        settle_fate(slot);
        free_request(slot);
      }
    }
  batch.requests.clear();
  batches_.give_back(b);
}

void Etcd::handle(const Event& event) {
  switch (event.kind) {
    case kLoopWake:
      run_loop();
      break;
    case kFsyncEnd:
      fsync_ended();
      break;
    case kApplyWake:
      applying_ = false;
      pump_apply();
      break;
    case kApplyEnd:
      apply_ended();
      break;
    case kFollowerApply:
      follower_apply(event.subject, event.argument);
      break;
    case kForward:
      forward_wake(event.subject);
      break;
    case kReject:
      answer(event.subject, EtcdStatus::kTooManyRequests);
      free_request(event.subject);
      break;
    case kTimeoutCheck:
      check_timeouts();
      break;
    case kGiveUp: {
      const Request& r = requests_[event.subject];
      if (r.generation == event.argument &&
          (r.where == Where::kAccepted || r.where == Where::kLost))
        give_up(event.subject, EtcdStatus::kTimeout);
      break;
    }
    case kElection:
      elect(event.subject);
      break;
    case kDefragmented:
      file_.defragment(event.subject);
      break;
  }
}

}  // namespace stampede
