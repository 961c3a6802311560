#include "models/control_plane/api_load.h"

#include <algorithm>
#include <utility>

#include "models/control_plane/reflector.h"

namespace stampede {
namespace {

const IncidentKind kApiLoadStarted{"api_load_started",
                                   "agents begin to list objects at the API server"};
constexpr u32 kAgentUser = 1u << 20;  // its users, apart from kubelets and controllers
}  // namespace

ApiLoad::ApiLoad(World& world, std::string path, ApiServerPort& api, const NodeControlPort& hosts)
    : world_(world), path_(std::move(path)), api_(api), hosts_(hosts) {}

u32 ApiLoad::start(const ApiReaders& readers, IncidentId cause) {
  if (!component_) component_ = world_.scheduler.add(this);
  const u32 index = static_cast<u32>(groups_.size());
  const u32 agents = static_cast<u32>(readers.agents_per_node * hosts_.nodes() + 0.5);
  groups_.push_back({readers, world_.incident(kApiLoadStarted, path_, {cause},
                                              std::to_string(agents) + " agents list objects")});
  groups_.back().failed.resize(agents);
  const StreamKey phase = world_.stream(path_, "phase");
  for (u32 k = 0; k < agents; ++k)
    world_.scheduler.after(from_seconds(uniform(draw(phase, k, index)) * readers.period.seconds()),
                           Priority::kControl, *component_, 0, k, index);
  return index;
}

void ApiLoad::stop(u32 readers, IncidentId ended) {
  groups_[readers].running = false;
  api_.eased(ended);
}

void ApiLoad::handle(const Event& event) {
  const u32 agent = event.subject, index = event.argument;
  const Group& group = groups_[index];
  if (!group.running) return;
  if (hosts_.silent(agent % hosts_.nodes())) {
    world_.scheduler.after(group.readers.period, Priority::kControl, *component_, 0, agent, index);
    return;
  }
  ++lists;
  ApiCall call;
  call.verb = ApiVerb::kList;
  call.object = ApiObject::kPod;
  call.level = ApiLevel::kWorkloadLow;
  call.user = kAgentUser + agent;
  const double objects = group.readers.objects + group.readers.objects_per_node * hosts_.nodes();
  call.list_objects = static_cast<u32>(objects);
  call.bytes = static_cast<i32>(
      std::min<i64>(i64{call.list_objects} * group.readers.bytes_per_object, INT32_MAX));
  call.cause = group.cause;
  api_.submit(call, this, (u64{index} << 32) | agent);
}

void ApiLoad::api_replied(u64 tag, const ApiCall&, ApiStatus status, IncidentId) {
  const u32 index = static_cast<u32>(tag >> 32), agent = static_cast<u32>(tag);
  refused += status != ApiStatus::kOk;
  world_.scheduler.after(pause(agent, index, status), Priority::kControl, *component_, 0, agent,
                         index);
}

Duration ApiLoad::pause(u32 agent, u32 index, ApiStatus status) {
  u8& failed = groups_[index].failed[agent];
  if (status == ApiStatus::kOk) {
    failed = 0;
    return groups_[index].readers.period;
  }
  const double u = uniform(draw(world_.stream(path_, "backoff"), lists, agent));
  const Duration wait = reflector_pause(status, failed, u);
  if (status != ApiStatus::kTooManyRequests) failed = static_cast<u8>(std::min(failed + 1, 8));
  return wait;
}

}  // namespace stampede
