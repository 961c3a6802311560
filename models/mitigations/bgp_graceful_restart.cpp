// Routes of a session that was lost stay in use until it has had time to come back.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace bgp_graceful_restart {

struct Params {
  Duration time = 120_s;
  static void describe(Schema<Params>& s) {
    s.field("time", &Params::time)
        .range(1, 4095)
        .help("how long the routes of a lost session are kept")
        .source("RFC 4724: Restart Time, at most 4095 s, usually 120 s");
  }
};

const RegisterOverlay<Params> registered{
    {"bgp_graceful_restart", MitigationSlot::kRoutingChange,
     "routes of a lost session are kept until it has had time to come back", "RFC 4724"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.network.bgp.restart_time", print(p.time)}};
    }};

}  // namespace bgp_graceful_restart
}  // namespace stampede
