#include "models/cluster/scale_command.h"

namespace stampede::cluster {

ScaleCommand::ScaleCommand(const Context& context, ApiServerPort& client)
    : context_(context),
      client_(client),
      component_(context.world.scheduler.add(this)),
      wanted_(context.state.workloads.size()) {}

void ScaleCommand::scale(WorkloadId workload, i32 replicas, IncidentId cause) {
  Wanted& wanted = wanted_[workload];
  wanted.replicas = replicas;
  wanted.cause = cause;
  ++wanted.generation;
  ask(workload);
}

void ScaleCommand::forget(WorkloadId workload) {
  wanted_[workload].replicas = -1;
  ++wanted_[workload].generation;
}

void ScaleCommand::ask(WorkloadId workload) {
  const Wanted& wanted = wanted_[workload];
  ApiCall call;
  call.verb = ApiVerb::kUpdate;
  call.object = ApiObject::kScale;
  call.level = ApiLevel::kGlobalDefault;
  call.user = kOperatorUser;
  call.key = workload;
  call.value = ScaleValue{wanted.replicas};
  call.bytes = static_cast<i32>(context_.params.controllers.small_object_size.value);
  call.cause = wanted.cause;
  client_.submit(call, this, (u64{wanted.generation} << 32) | workload);
}

void ScaleCommand::api_replied(u64 tag, const ApiCall&, ApiStatus status, IncidentId) {
  const auto workload = static_cast<WorkloadId>(tag & UINT32_MAX);
  Wanted& wanted = wanted_[workload];
  if (wanted.generation != static_cast<u32>(tag >> 32)) return;
  if (status == ApiStatus::kOk) return forget(workload);
  context_.world.scheduler.after(context_.params.controllers.operator_retry, Priority::kControl,
                                 component_, 0, workload, wanted.generation);
}

void ScaleCommand::handle(const Event& event) {
  const auto workload = static_cast<WorkloadId>(event.subject);
  if (wanted_[workload].generation == event.argument && wanted_[workload].replicas >= 0)
    ask(workload);
}

}  // namespace stampede::cluster
