#include "models/cluster/pod_restarts.h"

#include <algorithm>
#include <tuple>

namespace stampede::cluster {
namespace {

const IncidentKind kPodsRestarted{"pods_restarted", "pods are to restart, at once or by and by"};
const IncidentKind kRestartsDone{"restarts_done", "all pods of a restart are back"};
constexpr Duration kLook = 1_s;
}  // namespace

PodRestarts::PodRestarts(const Context& context, NodeRuntime& kubelets)
    : context_(context),
      kubelets_(kubelets),
      component_(context.world.scheduler.add(this)),
      jitter_(context.world.stream(context.path, "restart_jitter")) {}

u64 PodRestarts::restart(const std::vector<PodId>& pods, const PodRestart& how, IncidentId cause) {
  const u32 index = static_cast<u32>(rounds_.size());
  Round& round = rounds_.emplace_back();
  if (pods.empty()) return index;
  round.max_unavailable = how.max_unavailable;
  round.left = pods.size();
  round.begun = context_.world.incident(kPodsRestarted, context_.path, {cause},
                                        std::to_string(pods.size()) + " pods are to restart");
  const Instant now = context_.world.now();
  for (const PodId id : pods) {
    const double u = uniform(draw(jitter_, id, index));
    round.turns.push_back({id, now + from_seconds(u * how.jitter.seconds()), 0, Stage::kWaiting});
  }
  std::sort(round.turns.begin(), round.turns.end(), [](const Turn& a, const Turn& b) {
    return std::tie(a.earliest, a.pod) < std::tie(b.earliest, b.pod);
  });
  look(index);
  return index;
}

bool PodRestarts::done(const Turn& turn) const {
  const Pod& pod = context_.state.pods[turn.pod];
  return pod.gone || pod.deleting || (pod.restarts > turn.restarts && pod.ready);
}

void PodRestarts::stop(u64 index) {
  for (Turn& turn : rounds_[index].turns) {
    if (turn.stage != Stage::kWaiting) continue;
    turn.stage = Stage::kDone;
    --rounds_[index].left;
  }
}

void PodRestarts::look(u32 index) {
  Round& round = rounds_[index];
  const Instant now = context_.world.now();
  i32 unavailable = 0;
  for (Turn& turn : round.turns) {
    if (turn.stage == Stage::kRestarting && done(turn)) {
      turn.stage = Stage::kDone;
      --round.left;
    }
    unavailable += turn.stage == Stage::kRestarting;
  }
  for (Turn& turn : round.turns) {
    if (turn.stage != Stage::kWaiting || turn.earliest > now) continue;
    if (round.max_unavailable > 0 && unavailable >= round.max_unavailable) break;
    const Pod& pod = context_.state.pods[turn.pod];
    if (pod.container != Container::kServing) {  // it is ending, or starting as it is
      turn.stage = Stage::kDone;
      --round.left;
      continue;
    }
    turn.restarts = pod.restarts;
    turn.stage = Stage::kRestarting;
    ++unavailable;
    kubelets_.restart_asked(turn.pod, round.begun);
  }
  if (round.left == 0) {
    context_.world.incident(kRestartsDone, context_.path, {round.begun},
                            std::to_string(round.turns.size()) + " pods");
    return;
  }
  context_.world.scheduler.after(kLook, Priority::kControl, component_, 0, index);
}

void PodRestarts::handle(const Event& event) { look(event.subject); }

}  // namespace stampede::cluster
