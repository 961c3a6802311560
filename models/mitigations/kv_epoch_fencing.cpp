// Manifest writes on a stale base are rejected by a compare-and-set.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace kv_epoch_fencing {

const RegisterOverlay<NoOverlayParams> registered{
    {"kv_epoch_fencing", MitigationSlot::kKv, "stale manifest writes are rejected",
     "3FS: CRAQ rejects writes of an older chain version"},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.kv_cache.fencing", "true"}};
    }};

}  // namespace kv_epoch_fencing
}  // namespace stampede
