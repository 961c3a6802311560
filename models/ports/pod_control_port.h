// The boundary between whoever harms the pods of one region's cluster and the cluster.
#pragma once
#include <vector>

#include "models/ports/pods_port.h"

namespace stampede {

struct PodPlace {
  PodId pod = 0;
  WorkloadId workload = 0;
  u32 node = 0;
};

// How pods are restarted by hand.
struct PodRestart {
  i32 max_unavailable = 0;  // at most so many at once not ready; 0: all together
  Duration jitter{};        // each waits up to that long before its turn, drawn by pod
};

struct PodControlPort {
  virtual ~PodControlPort() = default;
  // Those whose server runs and that nobody has asked to end, in ascending order.
  virtual std::vector<PodPlace> serving() const = 0;
  // It exists, and nobody has asked it to end: ready, starting, or on a host that is gone.
  virtual bool wanted(PodId pod) const = 0;
  // Their processes die with all that they have, without a grace (incident pods_killed); their
  // kubelets start them again after the back-off. Pods that do not serve are left out.
  virtual void crash(const std::vector<PodId>& pods, IncidentId cause) = 0;
  // Their servers end with their grace and are started again, all at once or some at a time
  // (incidents pods_restarted, and restarts_done once all are ready). Returns what restarting()
  // takes.
  virtual u64 restart(const std::vector<PodId>& pods, const PodRestart& how, IncidentId cause) = 0;
  virtual bool restarting(u64 round) const = 0;
  // Pods that wait for their turn are left as they are.
  virtual void stop_restarting(u64 round) = 0;
};

}  // namespace stampede
