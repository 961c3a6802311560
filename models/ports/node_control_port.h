// The boundary between whoever harms or clears the nodes of one region's cluster, and the cluster.
#pragma once
#include <vector>

#include "sim/journal.h"
#include "sim/time.h"

namespace stampede {

// How nodes come back.
struct NodeReturn {
  bool cold = false;  // with empty disks, so that images and weights come from registry and store
  Duration each{};    // one after another, each so long after the one before; 0: all at once
  bool anew = false;  // of detached hosts: installed anew, so that what runs there is gone
};

struct NodeControlPort {
  virtual ~NodeControlPort() = default;
  virtual u32 nodes() const = 0;
  virtual u32 zone_of(u32 node) const = 0;
  // Its host is dead or cut off.
  virtual bool silent(u32 node) const = 0;
  // The hosts die with all that runs there (incident nodes_failed). What is bound to them stays so,
  // and their GPUs stay taken, until the control plane has given them up or they are back.
  virtual void fail(const std::vector<u32>& nodes, IncidentId cause) = 0;
  // Started again, once every failure of theirs is repaired (incident nodes_repaired): kubelets
  // register and start what is bound there from the beginning.
  virtual void repair(const std::vector<u32>& nodes, const NodeReturn& how, IncidentId healed) = 0;
  // Hosts go on, and nothing gets to them or from them (incidents nodes_detached, nodes_attached).
  virtual void detach(const std::vector<u32>& nodes, IncidentId cause) = 0;
  virtual void attach(const std::vector<u32>& nodes, const NodeReturn& how, IncidentId healed) = 0;
  // Those that come back one after another do so at this pace from now on (incident repair_paced).
  // False if there are none.
  virtual bool pace_return(Duration each, IncidentId cause) = 0;
  // kubectl cordon: closed to new pods (incidents nodes_cordoned, nodes_uncordoned). Written
  // through the API server, again and again until it is taken.
  virtual void cordon(const std::vector<u32>& nodes, IncidentId cause) = 0;
  virtual void uncordon(const std::vector<u32>& nodes, IncidentId healed) = 0;
  // Pods that start there from now on are reached by nobody, while those that run go on (incidents
  // nodes_isolated, nodes_connected): a host that does not know of the network's new state.
  virtual void isolate(const std::vector<u32>& nodes, IncidentId cause) = 0;
  // Likewise those that run there: nobody accepts what the host shows of itself.
  virtual void cut_off(const std::vector<u32>& nodes, IncidentId cause) = 0;
  virtual void connect(const std::vector<u32>& nodes, IncidentId healed) = 0;
  // kubectl drain: cordons, then evicts what is there, as long as no workload lacks more than
  // `max_unavailable` of its pods (0: no budget). Goes on until it is over or uncordoned.
  virtual void drain(const std::vector<u32>& nodes, i32 max_unavailable, IncidentId cause) = 0;
};

}  // namespace stampede
