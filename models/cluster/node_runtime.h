// What the kubelets of a cluster are told by hand: hosts that die or return, servers to restart.
#pragma once
#include "models/cluster/cluster_state.h"

namespace stampede::cluster {

struct NodeRuntime {
  virtual ~NodeRuntime() = default;
  // The host dies, is started again; is out of reach, is reached again.
  virtual void node_died(NodeId node, IncidentId cause) = 0;
  virtual void node_started(NodeId node, IncidentId cause) = 0;
  virtual void node_detached(NodeId node, IncidentId cause) = 0;
  virtual void node_attached(NodeId node, IncidentId cause) = 0;
  // What runs there is reached by nobody; what was not reached is.
  virtual void node_cut_off(NodeId node, IncidentId cause) = 0;
  virtual void node_connected(NodeId node) = 0;
  // A pod that serves: with its grace, without a back-off.
  virtual void restart_asked(PodId pod, IncidentId cause) = 0;
};

}  // namespace stampede::cluster
