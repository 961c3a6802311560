// More clients have another provider configured.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace provider_fallback {

struct Params {
  Share share{0.3};
  static void describe(Schema<Params>& s) {
    s.field("share", &Params::share).range(0, 1).help("share of the clients that fall back");
  }
};

const RegisterOverlay<Params> registered{
    {"provider_fallback", MitigationSlot::kFallback,
     "a share of all clients falls back to another provider", "LiteLLM: fallbacks"},
    [](const Params& p) {
      return std::vector<Patch>{{"spec.clients[*].fallback.share", print(p.share)}};
    }};

}  // namespace provider_fallback
}  // namespace stampede
