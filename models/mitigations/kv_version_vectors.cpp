// Branches of a session's context are found by version vectors instead of by clocks.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace kv_version_vectors {

const RegisterOverlay<NoOverlayParams> registered{
    {"kv_version_vectors",
     MitigationSlot::kKv,
     "conflicting writes of a context are found by version vectors, not clocks",
     "Dynamo: vector clocks",
     {Need::kRegions}},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.kv_cache.consistency", "ap_vv"}};
    }};

}  // namespace kv_version_vectors
}  // namespace stampede
