#include "models/control_plane/relists.h"

#include <algorithm>
#include <utility>

#include "models/control_plane/reflector.h"

namespace stampede {
namespace {

constexpr u32 kWatcherUser = 1u << 24;  // apart from other users

}  // namespace

Relists::Relists(World& world, const std::string& path, ApiServerPort& api,
                 const ApiServerParams& params, std::function<void(u32 watcher)> back)
    : world_(world),
      api_(api),
      params_(params),
      back_(std::move(back)),
      component_(world.scheduler.add(this)),
      backoff_(world.stream(path, "relist_backoff")) {}

void Relists::start(u32 watcher, Duration after, IncidentId cause) {
  const u32 slot = relists_.take();
  relists_[slot] = {watcher, 0, cause};
  list_later(slot, after);
}

void Relists::list_later(u32 slot, Duration after) {
  world_.scheduler.after(after, Priority::kControl, component_, 0, slot);
}

void Relists::handle(const Event& event) {
  ApiCall call;
  call.verb = ApiVerb::kList;
  call.object = ApiObject::kEndpointSlice;
  call.level = ApiLevel::kWorkloadLow;
  call.user = kWatcherUser + lists_++;
  call.list_objects = 1;
  call.bytes = static_cast<i32>(std::min<i64>(params_.relist_size.value, INT32_MAX));
  call.cause = relists_[event.subject].cause;
  api_.submit(call, this, event.subject);
}

void Relists::api_replied(u64 tag, const ApiCall&, ApiStatus status, IncidentId) {
  const u32 slot = static_cast<u32>(tag);
  Relist& r = relists_[slot];
  if (status == ApiStatus::kOk) {
    const u32 watcher = r.watcher;
    relists_.give_back(slot);
    return back_(watcher);
  }
  const Duration pause = reflector_pause(status, r.failed, uniform(draw(backoff_, lists_, slot)));
  if (status != ApiStatus::kTooManyRequests) ++r.failed;
  list_later(slot, pause);
}

}  // namespace stampede
