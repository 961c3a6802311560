// API servers send LISTs piece by piece instead of holding them whole.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace streaming_lists {

struct Params {
  double times = 0.05;
  static void describe(Schema<Params>& s) {
    s.field("times", &Params::times)
        .range(0.0001, 1)
        .help("what is left of the memory that a LIST holds")
        .source("KEP-5116: a twentieth, 70 to 80 GB before and 3 GB after");
  }
};

const RegisterOverlay<Params> registered{
    {"streaming_lists",
     MitigationSlot::kControlPlane,
     "API servers hold a twentieth of the memory for each LIST",
     "KEP-5116",
     {Need::kBoundedApiMemory}},
    [](const Params& p) {
      return std::vector<Patch>{so_many_times("spec.control_plane.memory_per_list_byte", p.times)};
    }};

}  // namespace streaming_lists
}  // namespace stampede
