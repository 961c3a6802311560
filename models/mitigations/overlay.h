// Mitigations that are an overlay: a patch of parameters, applied after the scenario file and
// before the command line. One file a mitigation; registering it is all that is needed.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/registry.h"

namespace stampede {

struct Patch {
  std::string path, value;  // as of --set; [*] stands for every element of a list
};
using OverlayFunction = std::function<std::vector<Patch>(const void* params)>;
std::map<std::string, OverlayFunction>& overlays();

// `static const RegisterOverlay<Params> x{"name", "help", "source", [](const Params&) {...}};`
template <class Params>
struct RegisterOverlay {
  template <class F>
  RegisterOverlay(const char* name, const char* help, const char* source, F patches)
      : entry("mitigation", name, help, source) {
    overlays()[name] = [patches](const void* p) -> std::vector<Patch> {
      return patches(*static_cast<const Params*>(p));
    };
  }
  Register<Params> entry;
};

// Of mitigations without parameters.
struct NoOverlayParams {
  static void describe(Schema<NoOverlayParams>&) {}
};

}  // namespace stampede
