// Manifest writes on a stale base are rejected by a compare-and-set.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace {

const RegisterOverlay<NoOverlayParams> registered{
    "kv_epoch_fencing", "stale manifest writes are rejected",
    "epoch fencing as in 3FS CRAQ and lease systems", [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.kv_cache.fencing", "true"}};
    }};

}  // namespace
}  // namespace stampede
