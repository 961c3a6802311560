#include "models/cluster/leader_election.h"

#include <fmt/format.h>

#include <utility>

namespace stampede::cluster {
namespace {

const IncidentKind kLeaderLost{"leader_lost",
                               "a leader's lease was not renewed in time: its process ends"};
const IncidentKind kLeaderElected{"leader_elected",
                                  "another process has taken the lease and listed what there is"};

constexpr Duration kListAgain = 800_ms, kListAgainLongest = 30_s;
constexpr i32 kLeaseBytes = 500;

}  // namespace

LeaderElection::LeaderElection(const Context& context, ApiServerPort& api, std::string name,
                               u32 number, std::vector<LimitedClient*> clients)
    : context_(context),
      api_(api),
      path_(context.path + "/" + std::move(name)),
      number_(number),
      clients_(std::move(clients)),
      component_(context.world.scheduler.add(this)),
      phase_(context.world.stream(path_, "lease")) {
  context_.world.stats.counter(path_, "leader_changes_total", "times that another process leads",
                               &changes_);
}

void LeaderElection::start() {
  renewed();
  try_again(from_seconds(params().retry.seconds() * uniform(draw(phase_, 0))));
}

void LeaderElection::try_again(Duration after) {
  context_.world.scheduler.cancel(next_);
  next_ =
      context_.world.scheduler.after(after, Priority::kControl, component_, kTry, number_, term_);
}

void LeaderElection::handle(const Event& event) {
  if (event.argument != term_) return;
  switch (event.kind) {
    case kTry:
      return try_lease();
    case kDeadline:
      return lost();
    case kList:
      return list();
  }
}

void LeaderElection::try_lease() {
  ApiCall call;
  call.verb = ApiVerb::kUpdate;
  call.object = ApiObject::kLeaderLease;
  call.level = ApiLevel::kLeaderElection;
  call.user = kControllerUser;
  call.key = number_;
  call.bytes = kLeaseBytes;
  call.deadline = params().renew_deadline / 2;
  api_.submit(call, this, (u64{term_} << 8) | kLease);
}

void LeaderElection::api_replied(u64 tag, const ApiCall&, ApiStatus status, IncidentId incident) {
  if (tag >> 8 != term_) return;
  if ((tag & 0xff) == kListed) return listed(status);
  try_again(params().retry);
  if (status != ApiStatus::kOk) {
    failed_by_ = incident;
    return;
  }
  failed_by_ = kNoIncident;
  renewed();
  if (state_ != State::kVacant) return;
  state_ = State::kListing;
  failures_ = 0;
  list();
}

void LeaderElection::renewed() {
  renewed_ = context_.world.now();
  context_.world.scheduler.cancel(deadline_);
  deadline_ = context_.world.scheduler.after(params().renew_deadline, Priority::kTimeout,
                                             component_, kDeadline, number_, term_);
}

// Whoever waits finds the lease run out at one of its own looks.
void LeaderElection::lost() {
  if (state_ == State::kVacant) return;
  state_ = State::kVacant;
  ++term_;
  std::vector<IncidentId> causes{failed_by_};
  context_.add_trouble(causes);
  if (vacant_ != kNoIncident) causes.push_back(vacant_);
  vacant_ = context_.world.incident(
      kLeaderLost, path_, std::move(causes),
      fmt::format("not renewed for {:g} s", params().renew_deadline.seconds()));
  for (LimitedClient* client : clients_) client->pause();
  const Duration left = renewed_ + params().lease - context_.world.now();
  const double look = uniform(draw(phase_, 1, term_)) * params().retry.seconds();
  try_again(std::max(Duration{}, left) + from_seconds(look));
}

void LeaderElection::list() {
  u32 pods = 0;
  for (const Workload& w : context_.state.workloads) pods += static_cast<u32>(w.members.size());
  ApiCall call;
  call.verb = ApiVerb::kList;
  call.object = ApiObject::kPod;
  call.level = ApiLevel::kWorkloadHigh;
  call.user = kControllerUser;
  call.list_objects = pods;
  call.bytes = static_cast<i32>(
      std::min<i64>(INT32_MAX, i64{pods} * context_.params.controllers.pod_size.value));
  call.cause = vacant_;
  api_.submit(call, this, (u64{term_} << 8) | kListed);
}

void LeaderElection::listed(ApiStatus status) {
  if (status != ApiStatus::kOk) {
    context_.world.scheduler.after(doubling(kListAgain, kListAgainLongest, ++failures_),
                                   Priority::kControl, component_, kList, number_, term_);
    return;
  }
  state_ = State::kLeading;
  ++changes_;
  context_.world.incident(kLeaderElected, path_, {std::exchange(vacant_, kNoIncident)}, "");
  for (LimitedClient* client : clients_) client->resume();
}

}  // namespace stampede::cluster
