// Clients that retry draw their delay from 0 to the exponential one, so that waves spread out.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace full_jitter_backoff {

const RegisterOverlay<NoOverlayParams> registered{
    {"full_jitter_backoff",
     MitigationSlot::kRetryDelay,
     "retry delays are drawn between 0 and the exponential delay",
     "AWS jitter: \"full jitter\"",
     {Need::kRetries, Need::kRetryDelays}},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.clients[*].retry.full_jitter", "true"}};
    }};

}  // namespace full_jitter_backoff
}  // namespace stampede
