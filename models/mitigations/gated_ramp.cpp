// Reopening goes in small steps, each as soon as the load expected of it is borne.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace gated_ramp {

struct Params {
  Duration hold = 2_min;
  Share load_limit{0.9};
  static void describe(Schema<Params>& s) {
    s.field("hold", &Params::hold)
        .range(1, 86400)
        .help("time until a step is judged; twice the averaging time of the load");
    s.field("load_limit", &Params::load_limit)
        .range(0.01, 10)
        .help("expected load up to which the ramp takes the next step");
  }
};

const RegisterOverlay<Params> registered{
    {"gated_ramp", MitigationSlot::kSafety,
     "reopening in small steps, each judged by the load that it will bring",
     "Slack 2022: clients let back in steps; Roblox 2021: the same"},
    [](const Params& p) {
      return std::vector<Patch>{
          {"spec.safety.ramp_steps", "[1%, 2%, 5%, 10%, 20%, 35%, 50%, 65%, 80%, 100%]"},
          {"spec.safety.ramp_hold", print(p.hold)},
          {"spec.safety.ramp_load_limit", print(p.load_limit)},
          {"spec.safety.ramp_looks_ahead", "true"}};
    }};

}  // namespace gated_ramp
}  // namespace stampede
