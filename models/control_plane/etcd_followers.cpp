// Etcd's followers: proposals they send on, commits they hear of and answer their clients with.
#include <algorithm>

#include "models/control_plane/etcd.h"

namespace stampede {
namespace {
constexpr u32 kReplying = 0x100;  // second stage of a follower's apply
}  // namespace

// A follower sends a proposal on with its next cycle, which may have to wait for its own fsync.
void Etcd::forward(u32 slot) {
  Request& r = requests_[slot];
  const u32 m = r.write.member;
  if (!members_[m].busy(r.ready) && forward_waiting_[m].empty()) {
    r.ready = r.ready + params_.round_trip / 2;
    enqueue(slot);
    return;
  }
  forward_waiting_[m].push_back(slot);
  if (!world_.scheduler.pending(forward_event_[m]))
    forward_event_[m] = world_.scheduler.at(later(members_[m].loop_free(r.ready)),
                                            Priority::kCompletion, component_, kForward, m);
}

void Etcd::forward_wake(u32 m) {
  const Instant now = world_.now();
  auto send = [&](std::vector<u32>& list) {
    for (const u32 slot : list) {
      requests_[slot].ready = std::max(requests_[slot].ready, now) + params_.round_trip / 2;
      enqueue(slot);
    }
    list.clear();
  };
  if (members_[m].stalled_until() > now && m != leader_) {
    forward_event_[m] = world_.scheduler.at(members_[m].stalled_until(), Priority::kCompletion,
                                            component_, kForward, m);
    return;
  }
  send(forward_sending_[m]);
  if (m == leader_ || !members_[m].busy(now)) {
    send(forward_waiting_[m]);
    return;
  }
  // The next fsync starts in the same cycle: what waited is sent after it.
  forward_sending_[m].swap(forward_waiting_[m]);
  forward_event_[m] = world_.scheduler.at(members_[m].loop_free(now), Priority::kCompletion,
                                          component_, kForward, m);
}

// Followers hear of the commit and apply it when their own disk and loop let them.
void Etcd::follower_commit(u32 b, Instant sent) {
  Batch& batch = batches_[b];
  for (u32 m = 0; m < members_.size(); ++m) {
    if (m == leader_) continue;
    bool has_clients = false;
    for (const u32 slot : batch.requests) has_clients |= requests_[slot].write.member == m;
    if (!has_clients) continue;
    const Instant heard = sent + params_.round_trip / 2;
    const Instant at = std::max(batch.on_disk[m], members_[m].loop_free(heard));
    ++batch.users;
    world_.scheduler.at(at, Priority::kCompletion, component_, kFollowerApply, b, m);
  }
}

void Etcd::follower_apply(u32 b, u32 argument) {
  const u32 m = argument & 0xff;
  const Instant now = world_.now();
  if ((argument & kReplying) == 0) {
    const Instant open = members_[m].unlocked_at(now);
    if (open > now) {
      world_.scheduler.at(open, Priority::kCompletion, component_, kFollowerApply, b, m);
      return;
    }
    Duration cost{};
    for (const u32 slot : batches_[b].requests)
      cost += write_cpu(params_.cpu_apply, requests_[slot].write.bytes);
    world_.scheduler.at(run_cpu(m, now, cost), Priority::kCompletion, component_, kFollowerApply, b,
                        m | kReplying);
    return;
  }
  for (std::size_t i = 0; i < batches_[b].requests.size(); ++i) {
    const u32 slot = batches_[b].requests[i];
    members_[m].applied(1, requests_[slot].write.bytes);
    if (requests_[slot].write.member == m) reply(slot);
  }
  finish_use(b);
}

}  // namespace stampede
