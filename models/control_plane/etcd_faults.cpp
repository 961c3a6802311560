// Etcd's faults, elections and maintenance, and what its members tell scrapes of who is gone.
// Source of the latter: etcd raft.go (a leader steps down after an election's time-out without a
// quorum: CheckQuorum; a follower knows none once it has not heard one for that long),
// rafthttp/pipeline.go (one failure a message).
// Limits of it: of messages to a member that is gone only heartbeats are counted, not entries,
// which a leader stops to send it, nor votes; time-outs are not drawn by member.
#include <algorithm>

#include "models/control_plane/etcd.h"

namespace stampede {

void Etcd::settle() {
  EtcdMember& leader = members_[leader_];
  leader.settle(world_.now());
  if (leader.commits() == commits_seen_) return;
  commits_seen_ = leader.commits();
  if (alarm_ || file_.file_bytes() <= params_.quota.value) return;
  alarm_ = true;
  if (on_alarm_) on_alarm_();
}

Instant Etcd::read_done(Instant at, u32 member) {
  settle();
  const Instant done = run_cpu(leader_, at, params_.cpu_reject);
  const Instant open = members_[member % members_.size()].defragmented();
  return std::max(done, open) + (single() ? Duration{} : params_.round_trip);
}

Duration Etcd::defragment_time() const {
  const double mib = static_cast<double>(file_.in_use_bytes()) / (1 << 20);
  return from_seconds(params_.defragment_per_mib.seconds() * mib);
}

void Etcd::defragment(u32 member) {
  settle();
  const Instant now = world_.now(), until = now + defragment_time();
  for (u32 m = 0; m < members_.size(); ++m)
    if (m == member || member == leader_) members_[m].lock(now, until);
  world_.scheduler.at(later(until), Priority::kControl, component_, kDefragmented, member);
}

bool Etcd::move_leader() {
  if (single()) return false;
  for (u32 k = 1; k < members_.size(); ++k) {
    const u32 m = (leader_ + k) % static_cast<u32>(members_.size());
    const bool free = !members_[m].busy(world_.now() + params_.heartbeat) &&
                      members_[m].defragmented() <= world_.now() &&
                      !members_[m].stopped(world_.now());
    if (free && next_leader_ == kNobody) next_leader_ = m;
  }
  if (next_leader_ == kNobody) return false;
  wake_loop(world_.now());
  return true;
}

// What waited for the old leader is sent on to the new one.
void Etcd::hand_over() {
  world_.scheduler.cancel(election_event_);
  lead(next_leader_);
  next_leader_ = kNobody;
  for (const u32 slot : queue_)
    requests_[slot].ready = std::max(requests_[slot].ready, world_.now()) + params_.round_trip / 2;
}

void Etcd::disarm() {
  alarm_ = false;
  // The next commit of the backend looks at the file again.
  members_[leader_].applied(1, 0);
}

u32 Etcd::index_from_leader(i32 member) const {
  return (leader_ + static_cast<u32>(member)) % static_cast<u32>(members_.size());
}

void Etcd::set_fsync_delay(i32 member, Duration delay) {
  EtcdMember& m = members_[index_from_leader(member)];
  m.log_delay = delay;
  m.fsync = params_.fsync + delay;
}

void Etcd::set_database_delay(i32 member, Duration delay) {
  settle();
  EtcdMember& m = members_[index_from_leader(member)];
  m.database_delay = delay;
  m.database_fsync = params_.fsync + delay;
}

void Etcd::stop(u32 member, Duration down) {
  const Instant until = world_.now() + down;
  count_unreachable();
  stall(from_leader(member), down);
  members_[member].stop(world_.now(), until);
  if (member == leader_ && next_leader_ != kNobody) next_leader_ = kNobody;
  // What its clients gave it and it has not passed on goes to another one.
  std::vector<u32> waiting;
  waiting.swap(forward_waiting_[member]);
  waiting.insert(waiting.end(), forward_sending_[member].begin(), forward_sending_[member].end());
  forward_sending_[member].clear();
  for (const u32 slot : waiting) {
    Request& r = requests_[slot];
    r.ready = std::max(r.ready, world_.now());
    r.write.member = static_cast<u8>(member_for(member, world_.now()));
    r.write.member == leader_ ? enqueue(slot) : forward(slot);
  }
}

void Etcd::stall(i32 member, Duration length) {
  settle();
  const Instant now = world_.now();
  const Instant until = now + length;
  const u32 m = index_from_leader(member);
  members_[m].stall(now, until);
  if (m == leader_) {
    if (!loop_busy_ || loop_started_ > now) return;  // the next fsync sees the stall itself
    if (fsync_ends_ < until) {
      fsync_ends_ = until;
      world_.scheduler.cancel(fsync_event_);
      fsync_event_ = world_.scheduler.at(until, Priority::kCompletion, component_, kFsyncEnd);
    }
    arm_election();
    return;
  }
  for (const u32 b : in_flight_) {
    Batch& batch = batches_[b];
    if (batch.on_disk[m] > now) batch.on_disk[m] = std::max(batch.on_disk[m], until);
    batch.acked = acked_by_quorum(batch);
  }
  if (loop_busy_) arm_election();
}

// Heartbeats ride the leader's loop: while its fsync lasts the followers hear nothing. The first of
// them whose time-out passes stands, unless its own disk holds its loop up too.
void Etcd::arm_election() {
  if (single()) return;
  world_.scheduler.cancel(election_event_);
  const Duration shortest = params_.heartbeat * (params_.election_ticks - 1);
  if (fsync_ends_ - loop_started_ < shortest) return;
  Instant first = kNever;
  u32 winner = 0;
  for (u32 m = 0; m < members_.size(); ++m) {
    if (m == leader_ || members_[m].stopped(world_.now())) continue;
    const Words words = draw(election_stream_, term_, m);
    const i64 ticks =
        params_.election_ticks + static_cast<i64>(uniform(words) * params_.election_ticks);
    const Duration phase = from_seconds(uniform2(words) * params_.heartbeat.seconds());
    // Ticks do not count while the follower's own loop is held up.
    const Instant silent_from = std::max(members_[m].contact, members_[m].busy_until());
    const Instant stands = silent_from + params_.heartbeat * ticks - phase;
    if (stands < first) {
      first = stands;
      winner = m;
    }
  }
  if (first == kNever) return;
  // The candidate and then its voters write their votes before they count; a leader that is back by
  // then keeps its place.
  std::vector<u32> voters;
  for (u32 m = 0; m < members_.size(); ++m)
    if (m != leader_ && !members_[m].stopped(world_.now())) voters.push_back(m);
  const std::size_t majority = members_.size() / 2 + 1;
  if (voters.size() < majority) return;
  std::stable_sort(voters.begin(), voters.end(), [&](u32 a, u32 b) {
    if ((a == winner) != (b == winner)) return a == winner;
    return members_[a].fsync_end(first, 1, 0) < members_[b].fsync_end(first, 1, 0);
  });
  voters.resize(majority);
  std::sort(voters.begin(), voters.end());
  Instant elected = first;
  for (const u32 m : voters) elected = members_[m].fsync_end(elected, 1, 0);
  elected = elected + params_.round_trip;
  if (elected < fsync_ends_ && elected > world_.now())
    election_event_ =
        world_.scheduler.at(elected, Priority::kControl, component_, kElection, winner);
}

void Etcd::lead(u32 member) {
  count_unreachable();
  leader_ = member;
  ++term_;
  ++elections_;
  members_[leader_].settle(world_.now());
  commits_seen_ = members_[leader_].commits();
}

void Etcd::elect(u32 winner) {
  // What the old leader holds is lost to its clients: nobody answers before the time-out.
  auto lose = [this](u32 slot) {
    if (requests_[slot].where == Where::kAccepted)
      requests_[slot].where = Where::kLost;
    else if (requests_[slot].where == Where::kAnswered) {
      settle_fate(slot);
      free_request(slot);
    }
  };
  for (const u32 slot : queue_) lose(slot);
  queue_.clear();
  for (const u32 b : in_flight_) {
    for (const u32 slot : batches_[b].requests) lose(slot);
    batches_[b].requests.clear();
    batches_.give_back(b);
  }
  in_flight_.clear();
  for (u32 m = 0; m < members_.size(); ++m) {
    if (m == winner) continue;
    for (const u32 slot : forward_waiting_[m]) lose(slot);
    for (const u32 slot : forward_sending_[m]) lose(slot);
    forward_waiting_[m].clear();
    forward_sending_[m].clear();
  }
  members_[leader_].set_busy(loop_started_, fsync_ends_);
  world_.scheduler.cancel(fsync_event_);
  world_.scheduler.cancel(loop_event_);
  loop_busy_ = false;
  next_leader_ = kNobody;
  lead(winner);
  // A leader that came in while its own fsync ran goes on when that ends.
  wake_loop(members_[leader_].loop_free(world_.now()));
}

bool Etcd::has_leader() const {
  const Instant now = world_.now();
  const Duration patience = params_.heartbeat * params_.election_ticks;
  if (!runs(leader_)) return now - members_[leader_].stopped_from() < patience;
  std::size_t running = 0;
  Instant last_gone{};
  for (const EtcdMember& m : members_) {
    running += !m.stopped(now);
    if (m.stopped(now)) last_gone = std::max(last_gone, m.stopped_from());
  }
  return running > members_.size() / 2 || now - last_gone < patience;
}

// From the last count to now; who leads and who is gone changed at no time between.
void Etcd::count_unreachable() {
  if (!record_) return;
  const Instant now = world_.now();
  const Instant from = std::max(record_->counted_to, members_[leader_].stopped_until());
  for (u32 m = 0; m < members_.size(); ++m) {
    const Instant until = std::min(now, members_[m].stopped_until());
    if (m != leader_ && until > std::max(from, members_[m].stopped_from()))
      record_->unreachable[m] += until - std::max(from, members_[m].stopped_from());
  }
  record_->counted_to = now;
}

u64 Etcd::sent_failures(u32 member) {
  count_unreachable();
  return static_cast<u64>(record_->unreachable[member] / params_.heartbeat);
}

}  // namespace stampede
