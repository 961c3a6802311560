// Mitigations that are an overlay: a patch of parameters, applied after the scenario file and
// before the command line. One file a mitigation; registering it is all that is needed.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/mitigations/facts.h"

namespace stampede {

// Who is meant by `spec.clients[*]` in a patch.
enum class PatchedClients : u8 { kAll, kThatRetry };

struct Patch {
  std::string path, value;  // as of --set; [*] stands for every element of a list
  PatchedClients clients = PatchedClients::kAll;
  double times = 0;  // not 0: what stands there so many times, instead of `value`
};
// A quantity so many times as the scenario has it.
inline Patch so_many_times(std::string path, double times) {
  return {std::move(path), "", PatchedClients::kAll, times};
}
using OverlayFunction = std::function<std::vector<Patch>(const void* params)>;
std::map<std::string, OverlayFunction>& overlays();

// `static const RegisterOverlay<Params> x{{"name", slot, "help", "source"}, [](const Params&)
// {...}};`
template <class Params>
struct RegisterOverlay {
  template <class F>
  RegisterOverlay(const MitigationFacts& facts, F patches) : entry(facts) {
    overlays()[facts.name] = [patches](const void* p) -> std::vector<Patch> {
      return patches(*static_cast<const Params*>(p));
    };
  }
  RegisterMitigation<Params> entry;
};

// Of mitigations without parameters.
struct NoOverlayParams {
  static void describe(Schema<NoOverlayParams>&) {}
};

}  // namespace stampede
