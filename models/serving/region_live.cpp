// What a region does when it gets other parameters while it runs; its engines stand in
// region_pods.cpp.
#include <string>

#include "models/serving/region.h"

namespace stampede {

void Region::retuned(const LiveChange& change) {
  if (change.path.starts_with("gateway.rate_limit.")) {
    limit_.retune(gateway_.rate_limit);
    limited_by_ = change.cause;
  } else if (change.path.starts_with("gateway.sessions.")) {
    resize_logins();
  } else if (change.path == "gateway.max_queue") {
    bounded_by_ = change.cause;
  } else if (change.path.find(".engine.") != std::string_view::npos) {
    for (std::size_t w = 0; w < params_.pools.size(); ++w)
      if (change.path.starts_with("serving.pools[" + std::to_string(w) + "]"))
        retune_engines(static_cast<WorkloadId>(w));
  }
}

// Who waits in line for a connection keeps the time-out that it came with.
void Region::resize_logins() {
  logins_.retune(gateway_.sessions);
  if (!held_) return;
  for (const AttemptSlot next : held_->retune(gateway_.sessions))
    world_.scheduler.at(world_.now(), Priority::kArrival, component_, kLoginGranted, next,
                        held_->ticket(next));
}

void Region::use_choice(WorkloadId workload, ReplicaChoice* choice) {
  wiring_.choice[workload] = choice;
  endpoints_[workload].connect(choice, wiring_.filters[workload]);
  endpoints_[workload].refilter(world_.now());
  await_filters(workload);
}

}  // namespace stampede
