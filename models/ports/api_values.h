// What the objects of the Kubernetes API say, as far as the simulator needs it: one small record
// for each kind of write.
#pragma once
#include <variant>

#include "sim/units.h"

namespace stampede {

// Of an object: counts its writes. A write that names one (an update, in Kubernetes' words, with a
// resource version) takes effect only while the object still has it; one that names none (a patch)
// always does.
inline constexpr u32 kAnyVersion = UINT32_MAX;

enum class StatusWriter : u8 { kKubelet, kScheduler, kNodeLifecycle };

struct PodStatusValue {
  bool ready = false;    // routable once its endpoints are committed
  bool running = false;  // its server process was started
  bool known = false;    // a kubelet has said something of the pod
  StatusWriter by = StatusWriter::kKubelet;
  u16 restarts = 0;
  bool operator==(const PodStatusValue&) const = default;
};

// Not final: a pod that a kubelet may run is only marked, and ends once the kubelet has deleted it
// finally.
struct PodDeletionValue {
  bool final = false;
};

struct BindingValue {
  u32 node = 0;
};

enum class NodeCondition : u8 { kUnknown, kReady, kTainted, kCordoned, kUncordoned };
struct NodeStatusValue {
  NodeCondition condition = NodeCondition::kUnknown;
};

struct ScaleValue {
  i32 replicas = 0;
};

// The replica set's own size, as the deployment writes it; a write of its status carries no value.
struct ReplicaSetValue {
  i32 replicas = 0;
};

// Pods there are, as the deployment's status says.
struct DeploymentValue {
  i32 replicas = 0;
};

struct EndpointSliceValue {
  u64 version = 0;  // of what its writer keeps
};

using ApiValue =
    std::variant<std::monostate, PodStatusValue, PodDeletionValue, BindingValue, NodeStatusValue,
                 ScaleValue, ReplicaSetValue, DeploymentValue, EndpointSliceValue>;

}  // namespace stampede
