// Blocks are checked when they are loaded: corruption becomes a miss.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace kv_checksum {

const RegisterOverlay<NoOverlayParams> registered{
    {"kv_checksum", MitigationSlot::kKv, "corrupted KV becomes a miss",
     "vLLM: pull request 29261, 0.1 to 0.2 us a token to hash prefix blocks"},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.kv_cache.checksums", "true"}};
    }};

}  // namespace kv_checksum
}  // namespace stampede
