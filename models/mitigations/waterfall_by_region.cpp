// Traffic fills the nearest region up to its capacity, and only the rest goes on.
#include <fmt/format.h>

#include "models/mitigations/overlay.h"

namespace stampede {
namespace waterfall_by_region {

struct Params {
  double capacity_scaler = 1;
  static void describe(Schema<Params>& s) {
    s.field("capacity_scaler", &Params::capacity_scaler)
        .range(0.01, 10)
        .help("share of a region's capacity up to which it is filled")
        .source("Google serviceLbPolicy: capacityScaler of a backend, 1 by default");
  }
};

const RegisterOverlay<Params> registered{
    {"waterfall_by_region",
     MitigationSlot::kFallback,
     "the nearest region is filled up to its capacity before the next",
     "Google serviceLbPolicy: WATERFALL_BY_REGION, its default",
     {Need::kRegions}},
    [](const Params& p) {
      return std::vector<Patch>{
          {"spec.balancer.rule", "waterfall"},
          {"spec.balancer.target_utilization", fmt::format("{}", p.capacity_scaler)}};
    }};

}  // namespace waterfall_by_region
}  // namespace stampede
