#include "models/control_plane/api_load.h"

#include <algorithm>
#include <utility>

namespace stampede {
namespace {

const IncidentKind kApiLoadStarted{"api_load_started",
                                   "agents begin to list objects at the API server"};
constexpr u32 kAgentUser = 1u << 20;  // its users, apart from kubelets and controllers
constexpr Duration kRetryAfter = 1_s;
}  // namespace

ApiLoad::ApiLoad(World& world, std::string path, ApiServerPort& api, u32 nodes)
    : world_(world), path_(std::move(path)), api_(api), nodes_(nodes) {}

u32 ApiLoad::start(const ApiReaders& readers, IncidentId cause) {
  if (!component_) component_ = world_.scheduler.add(this);
  const u32 index = static_cast<u32>(groups_.size());
  const u32 agents = static_cast<u32>(readers.agents_per_node * nodes_ + 0.5);
  groups_.push_back({readers, world_.incident(kApiLoadStarted, path_, {cause},
                                              std::to_string(agents) + " agents list objects")});
  const StreamKey phase = world_.stream(path_, "phase");
  for (u32 k = 0; k < agents; ++k)
    world_.scheduler.after(from_seconds(uniform(draw(phase, k, index)) * readers.period.seconds()),
                           Priority::kControl, *component_, 0, k, index);
  return index;
}

void ApiLoad::stop(u32 readers) { groups_[readers].running = false; }

void ApiLoad::handle(const Event& event) {
  const u32 agent = event.subject, index = event.argument;
  const Group& group = groups_[index];
  if (!group.running) return;
  ++lists;
  ApiCall call;
  call.verb = ApiVerb::kList;
  call.object = ApiObject::kPod;
  call.level = ApiLevel::kWorkloadLow;
  call.user = kAgentUser + agent;
  call.list_objects = group.readers.objects;
  call.bytes = static_cast<i32>(
      std::min<i64>(i64{group.readers.objects} * group.readers.bytes_per_object, INT32_MAX));
  call.cause = group.cause;
  api_.submit(call, this, (u64{index} << 32) | agent);
}

void ApiLoad::api_replied(u64 tag, const ApiCall&, ApiStatus status, IncidentId) {
  const u32 index = static_cast<u32>(tag >> 32), agent = static_cast<u32>(tag);
  const bool again = status != ApiStatus::kOk;
  refused += again;
  world_.scheduler.after(again ? kRetryAfter : groups_[index].readers.period, Priority::kControl,
                         *component_, 0, agent, index);
}

}  // namespace stampede
