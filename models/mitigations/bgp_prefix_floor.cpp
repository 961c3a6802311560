// A push that would withdraw too many of a network's prefixes is rejected.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace bgp_prefix_floor {

struct Params {
  Share share{0.1};
  static void describe(Schema<Params>& s) {
    s.field("share", &Params::share)
        .range(0, 1)
        .help("share of all announced prefixes that one push may withdraw");
  }
};

const RegisterOverlay<Params> registered{
    {"bgp_prefix_floor", MitigationSlot::kRoutingChange,
     "a push that withdraws too many prefixes is rejected",
     "Cloudflare 2020: limits were added afterwards"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.network.safeguards.prefix_floor", print(p.share)}};
    }};

}  // namespace bgp_prefix_floor
}  // namespace stampede
