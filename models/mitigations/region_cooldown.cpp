// A gateway before the regions sends nobody to one that failed, for a few seconds.
// **State**, **Source** cooldown_rule.h, with regions as deployments.
// **Limits** all regions may cool down at once; then attempts are refused before they are sent, or
// go home if the balancer panics. What was refused so is no failure of a region.
#include <algorithm>
#include <vector>

#include "models/mitigations/cooldown_rule.h"
#include "models/mitigations/mechanism.h"
#include "models/ports/region_filter_port.h"

namespace stampede {
namespace region_cooldown {

const IncidentKind kRegionCooledDown{"region_cooled_down",
                                     "`region_cooldown` sends nobody to a region for a while"};

using Params = CooldownParams<true>;

class RegionCooldown final : public RegionFilter {
 public:
  RegionCooldown(const Params& params, const Place& place)
      : params_(params), world_(place.world), path_(place.path), regions_(place.regions) {}

  void ended(RegionId region, Outcome outcome, IncidentId cause) override {
    Region& r = regions_[region];
    if (!cools_down(params_, r.deployment, outcome, regions_.size() == 1, world_.now())) return;
    r.incident = world_.incident(kRegionCooledDown, path_, {cause},
                                 world_.region_name(region) + " is out for " + print(params_.time));
    next_ = std::min(next_, r.deployment.until);
    changed_ = true;
  }
  bool changed() const override { return changed_; }
  Instant next_change() const override { return next_; }
  void settle() override {
    changed_ = false;
    next_ = kNever;
    for (const Region& r : regions_)
      if (r.deployment.cools(world_.now())) next_ = std::min(next_, r.deployment.until);
  }
  bool open(RegionId region) const override {
    return !regions_[region].deployment.cools(world_.now());
  }
  IncidentId closed_by(RegionId region) const override { return regions_[region].incident; }

 private:
  struct Region {
    Deployment deployment;
    IncidentId incident = kNoIncident;
  };
  const Params& params_;
  World& world_;
  const std::string path_;
  std::vector<Region> regions_;
  Instant next_ = kNever;
  bool changed_ = false;
};

const RegisterMechanism<RegionFilter, RegionCooldown, Params> registered{
    {"region_cooldown",
     MitigationSlot::kEjection,
     "a gateway takes a failing region out for all callers, for a few seconds",
     "LiteLLM",
     {Need::kRegions}}};

}  // namespace region_cooldown
}  // namespace stampede
