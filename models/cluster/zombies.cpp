#include "models/cluster/zombies.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/cluster/pod_edit.h"

namespace stampede::cluster {
namespace {

const IncidentKind kZombiePods{"zombie_pods",
                               "pods are ready but not routable for longer than `zombie_after`"};

}  // namespace

ZombieWatch::ZombieWatch(const Context& context, const EndpointSlices& endpoints)
    : context_(context), endpoints_(endpoints), component_(context.world.scheduler.add(this)) {
  context_.state.zombie_listener = this;
}

void ZombieWatch::candidate_added() {
  if (scheduled_) return;
  scheduled_ = true;
  const Instant due = context_.state.candidates.front().first + context_.params.zombie_after + 1_ns;
  const Instant soonest = context_.world.now() + 1_ns;
  context_.world.scheduler.at(due > soonest ? due : soonest, Priority::kControl, component_, 0);
}

void ZombieWatch::handle(const Event&) {
  scheduled_ = false;
  ClusterState& state = context_.state;
  const Instant now = context_.world.now();
  while (!state.candidates.empty() &&
         state.candidates.front().first + context_.params.zombie_after < now) {
    const auto [since, id] = state.candidates.front();
    state.candidates.pop_front();
    // A pod that left and came back has a later entry of its own.
    if (state.pods[id].candidate && state.pods[id].candidate_since == since)
      PodEdit(state, id)->zombie = true;
  }
  if (!state.candidates.empty()) candidate_added();
  check();
}

// One incident each time the count passes its threshold; it must have been zero in between.
void ZombieWatch::check() {
  i64 zombies = 0, running = 0;  // Pending pods are no part of the fleet
  for (const Workload& w : context_.state.workloads) {
    zombies += w.counts.zombies;
    running += w.counts.running;
  }
  if (zombies == 0) reported_ = false;
  if (reported_ || zombies < context_.params.zombie_minimum ||
      static_cast<double>(zombies) <=
          context_.params.zombie_share.value * static_cast<double>(running))
    return;
  reported_ = true;
  std::vector<IncidentId> causes;
  for (WorkloadId w = 0; w < context_.state.workloads.size(); ++w) {
    if (context_.state.workloads[w].counts.zombies > 0) causes.push_back(endpoints_.blocked_by(w));
    for (const PodId id : context_.state.workloads[w].members) {
      const Pod& pod = context_.state.pods[id];
      if (!pod.zombie) continue;
      causes.push_back(pod.write_failed);
      causes.push_back(pod.overloaded);
      if (pod.node != kNoNode) causes.push_back(context_.state.nodes[pod.node].lease_failed);
    }
  }
  context_.add_trouble(causes);
  std::sort(causes.begin(), causes.end());
  causes.erase(std::unique(causes.begin(), causes.end()), causes.end());
  context_.world.incident(kZombiePods, context_.path, std::move(causes),
                          fmt::format("{} pods ready but not routable for {}, of {}", zombies,
                                      print(context_.params.zombie_after), running));
}

}  // namespace stampede::cluster
