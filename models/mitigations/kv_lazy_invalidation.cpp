// A flush raises the cache's epoch instead of removing every object before service may return.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace {

const RegisterOverlay<NoOverlayParams> registered{
    "kv_lazy_invalidation", "a flush raises the epoch; space comes back later",
    "generation numbers of caches (memcached flush_all); lazy reclamation",
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.kv_cache.invalidation", "lazy"}};
    }};

}  // namespace
}  // namespace stampede
