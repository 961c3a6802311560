// The API server over etcd: answers, watches, priority levels, incidents.
#include <gtest/gtest.h>

#include <vector>

#include "models/control_plane/api_server.h"
#include "models/ports/client_limiter.h"

namespace stampede {
namespace {

struct Caller : ApiCaller {
  std::vector<ApiStatus> statuses;
  std::vector<IncidentId> incidents;
  World* world = nullptr;
  Instant last{};
  void api_replied(u64, const ApiCall&, ApiStatus status, IncidentId incident) override {
    statuses.push_back(status);
    incidents.push_back(incident);
    if (world != nullptr) last = world->now();
  }
  std::size_t count(ApiStatus status) const {
    std::size_t n = 0;
    for (const ApiStatus s : statuses) n += s == status;
    return n;
  }
};

struct Watching : ApiWatcher {
  std::vector<ApiChange> changes;
  void api_changed(const ApiChange& change) override { changes.push_back(change); }
};

ApiCall status_write(u32 pod, u64 value, IncidentId cause = kNoIncident) {
  ApiCall call;
  call.verb = ApiVerb::kUpdate;
  call.object = ApiObject::kPodStatus;
  call.level = ApiLevel::kSystem;
  call.user = pod;
  call.key = pod;
  call.value = value;
  call.bytes = 4096;
  call.cause = cause;
  return call;
}

TEST(api_server, a_write_is_answered_and_reaches_its_watchers_in_order) {
  World world(1);
  ApiServer server(world, {}, "api");
  Caller caller;
  Watching watching;
  server.watch(ApiObject::kPodStatus, &watching, 5_ms);
  for (u32 i = 0; i < 50; ++i) server.submit(status_write(7, i, 0), &caller, i);
  world.scheduler.run_until(Instant{} + 2_s);
  ASSERT_EQ(caller.count(ApiStatus::kOk), 50u);
  ASSERT_EQ(watching.changes.size(), 50u);
  for (u32 i = 0; i < 50; ++i) EXPECT_EQ(watching.changes[i].value, i);
}

}  // namespace
}  // namespace stampede
