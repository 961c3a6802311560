// Parameters of the choice of a pod: the policy and what it needs.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class ChoiceKind : u8 {
  kRoundRobin,             // by request
  kRoundRobinConnections,  // by long connection
  kLeastRequest,
  kPowerOfTwo,
  kSessionAffinity  // consistent hash of the session with bounded loads
};

struct ReplicaChoiceParams {
  ChoiceKind policy = ChoiceKind::kRoundRobin;
  u32 connections = 1000;
  Duration connection_life{};
  Duration max_connection_age{};
  double balance_factor = 1.25;
  u32 ring_points = 100;
  static void describe(Schema<ReplicaChoiceParams>& s);
};

}  // namespace stampede
