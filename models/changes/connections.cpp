// What happens to connections between clients and servers.

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

struct DropConnectionsParams {
  PodTarget target;
  Duration handshake = 2_ms;
  static void describe(Schema<DropConnectionsParams>& s) {
    s.field("target", &DropConnectionsParams::target).help("of which of the pods that serve");
    s.field("handshake", &DropConnectionsParams::handshake)
        .at_least(0)
        .help("CPU time of a pod's front end for each stream that has to be set up again (TLS)");
  }
};

const RegisterAction<DropConnectionsParams> drop_connections{
    "drop_connections",
    "all streams to the pods break off at once; their clients come back as their retry policies "
    "say",
    "", [](const DropConnectionsParams& p, const Act& act) -> Effect {
      const auto struck = pods_in(act.scene, p.target);
      for (const auto& [region, pods] : struck)
        act.scene.servers[region]->drop_connections(pods, p.handshake, act.root);
      return {.nothing = struck.empty()};
    }};

}  // namespace
}  // namespace stampede
