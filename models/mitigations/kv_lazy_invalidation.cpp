// A flush raises the cache's epoch instead of removing every object before service may return.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace kv_lazy_invalidation {

const RegisterOverlay<NoOverlayParams> registered{
    {"kv_lazy_invalidation", MitigationSlot::kKv,
     "a flush raises the epoch; space is reclaimed later", "memcached: flush_all"},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.kv_cache.invalidation", "lazy"}};
    }};

}  // namespace kv_lazy_invalidation
}  // namespace stampede
