// Every change of a pod goes through an edit, which keeps the counts of its workload.
#pragma once
#include "models/cluster/cluster_state.h"

namespace stampede::cluster {

class PodEdit {
 public:
  PodEdit(ClusterState& state, PodId pod) : state_(state), pod_(pod) { state_.begin_edit(pod_); }
  ~PodEdit() { state_.end_edit(pod_); }
  PodEdit(const PodEdit&) = delete;
  PodEdit& operator=(const PodEdit&) = delete;
  void touch() {}  // something beside the pod has changed that its counts depend on
  Pod* operator->() { return &state_.pods[pod_]; }

 private:
  ClusterState& state_;
  PodId pod_;
};

}  // namespace stampede::cluster
