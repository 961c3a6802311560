#include "models/mitigations/overlay.h"

namespace stampede {

std::map<std::string, OverlayFunction>& overlays() {
  static std::map<std::string, OverlayFunction> functions;
  return functions;
}

}  // namespace stampede
