#include "models/changes/failures_params.h"

#include "sim/registry.h"

namespace stampede {
namespace {

constexpr const char* kDrawn = "failures are drawn from the start";
constexpr double kMost = 1e6;  // one in half a minute

}  // namespace

void RepairParams::describe(Schema<RepairParams>& s) {
  s.name("Repair");
  s.field("mean", &RepairParams::mean)
      .fixed(kDrawn)
      .at_least(1)
      .help("mean time until it works again");
  s.field("cv", &RepairParams::cv)
      .fixed(kDrawn)
      .range(0, 10)
      .help("standard deviation over mean (lognormal)");
}

void GpuFailureParams::describe(Schema<GpuFailureParams>& s) {
  using P = GpuFailureParams;
  s.name("GpuFailures");
  s.field("afr", &P::afr)
      .fixed(kDrawn)
      .range(0, kMost)
      .help("failures of each GPU in a year: 8760 h over its mean time between failures; 0: none");
  s.field("gang", &P::gang)
      .fixed(kDrawn)
      .range(0, 1)
      .help(
          "share of them that take the whole node with them, which is then repaired; the others "
          "end the server that uses the GPU, which is started again");
  s.field("repair", &P::repair).help("of a node that was taken with its GPU");
}

void NodeFailureParams::describe(Schema<NodeFailureParams>& s) {
  using P = NodeFailureParams;
  s.name("NodeFailures");
  s.field("afr", &P::afr)
      .fixed(kDrawn)
      .range(0, kMost)
      .help("failures of each node in a year for other reasons than its GPUs; 0: none");
  s.field("repair", &P::repair).help("of the node");
}

void SwitchFailureParams::describe(Schema<SwitchFailureParams>& s) {
  using P = SwitchFailureParams;
  s.name("SwitchFailures");
  s.field("afr", &P::afr)
      .fixed(kDrawn)
      .range(0, kMost)
      .help("failures of each switch in a year, which cut its nodes off; 0: none");
  s.field("nodes", &P::nodes)
      .fixed(kDrawn)
      .range(1, 100000)
      .help("nodes behind one switch, by their numbers");
  s.field("repair", &P::repair).help("of the switch");
}

void FailuresParams::describe(Schema<FailuresParams>& s) {
  using P = FailuresParams;
  s.name("failures");
  s.field("gpu", &P::gpu).help("GPUs");
  s.field("node", &P::node).help("nodes");
  s.field("switch", &P::network_switch).help("the switches between nodes and the network");
  s.field("spares", &P::spares)
      .fixed(kDrawn)
      .range(0, 1e6)
      .scales()
      .help("nodes of each region that wait to take the place of one that fails");
  s.field("spare_ready", &P::spare_ready)
      .fixed(kDrawn)
      .at_least(1)
      .help("until a spare has taken that place, with empty disks");
}

static const Register<FailuresParams> registered{
    "model", "failures", "GPUs, nodes and switches that fail by themselves, and their repair", ""};

}  // namespace stampede
