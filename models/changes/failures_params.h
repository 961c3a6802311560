// How often hardware fails by itself, and how long until it works again.
#pragma once
#include "sim/params.h"

namespace stampede {

// Time until what failed works again (lognormal).
struct RepairParams {
  Duration mean = 4_h;
  double cv = 1;
  static void describe(Schema<RepairParams>& s);
};

struct GpuFailureParams {
  double afr = 0;
  Share gang{0.5};
  RepairParams repair;
  static void describe(Schema<GpuFailureParams>& s);
};

struct NodeFailureParams {
  double afr = 0;
  RepairParams repair;
  static void describe(Schema<NodeFailureParams>& s);
};

struct SwitchFailureParams {
  double afr = 0;
  i32 nodes = 16;
  RepairParams repair;
  static void describe(Schema<SwitchFailureParams>& s);
};

struct FailuresParams {
  GpuFailureParams gpu;
  NodeFailureParams node;
  SwitchFailureParams network_switch;
  i32 spares = 0;
  Duration spare_ready = 10_min;
  bool any() const { return gpu.afr > 0 || node.afr > 0 || network_switch.afr > 0; }
  static void describe(Schema<FailuresParams>& s);
};

}  // namespace stampede
