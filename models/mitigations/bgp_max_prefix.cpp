// A session on which far more prefixes come than usual is shut down.
#include <fmt/format.h>

#include "models/mitigations/overlay.h"

namespace stampede {
namespace bgp_max_prefix {

struct Params {
  double times = 2;
  Duration restart = 15_min;
  static void describe(Schema<Params>& s) {
    s.field("times", &Params::times)
        .range(1, 1000)
        .help("how many times the prefixes of the start a customer may announce");
    s.field("restart", &Params::restart)
        .range(0, 86400)
        .help("time until a session that was shut down is tried again; 0: not by itself");
  }
};

const RegisterOverlay<Params> registered{
    {"bgp_max_prefix", MitigationSlot::kRoutingChange,
     "a session on which far more prefixes come than usual is shut down",
     "RFC 7454: maximum prefixes on a peering"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.network.bgp.max_prefix", fmt::format("{}", p.times)},
                                {"spec.network.bgp.max_prefix_restart", print(p.restart)}};
    }};

}  // namespace bgp_max_prefix
}  // namespace stampede
