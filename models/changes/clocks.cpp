// Regions' wall clocks that are wrong.
#include <utility>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

constexpr double kDay = 86400;

struct SkewClockParams {
  RegionTarget target;
  Duration offset{}, drift{};
  static void describe(Schema<SkewClockParams>& s) {
    s.field("target", &SkewClockParams::target).help("whose clocks");
    s.field("offset", &SkewClockParams::offset)
        .range(-kDay, kDay)
        .help("how far they jump, forward or, below 0, back");
    s.field("drift", &SkewClockParams::drift)
        .range(-1800, 1800)
        .help("what they gain in each hour from then on, or lose");
  }
};

const RegisterFault<SkewClockParams> skew_clock{
    "skew_clock",
    "regions' wall clocks are wrong, and with them the time stamps by which writes of KV manifests "
    "win; once it heals they are right again at once",
    "Dynamo: last write wins by time stamp", [](const SkewClockParams& p, const Act& act) -> Heal {
      ClockControlPort* clocks = act.scene.clocks;
      std::vector<std::pair<RegionId, u32>> skewed;
      for (const RegionId r : regions_in(act.scene, p.target))
        skewed.emplace_back(r, clocks->skew_clock(r, {p.offset, p.drift}, act.root));
      if (skewed.empty()) return {};
      return [clocks, skewed](IncidentId healed) {
        for (const auto& [region, fault] : skewed) clocks->mend_clock(region, fault, healed);
      };
    }};

}  // namespace
}  // namespace stampede
