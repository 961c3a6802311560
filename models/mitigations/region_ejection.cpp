// The balancer sends no new clients to a region most of whose attempts failed, for a while.
// **State** by region: in use -at the end of an interval: at least `least` attempts, of which
// `failed` or more-> ejected -base_time x multiplier, at most max_time, seen at the end of an
// interval-> in use. The multiplier rises by one with each ejection and falls by one with each
// interval at whose end the region is in use.
// **Source** Envoy, outlier detection by failure percentage, with regions as hosts; its defaults.
// Google's global load balancers eject whole backends in the same way.
// **Limits** the balancer must see the answers: a proxy does, DNS only if clients report. The last
// region in use is never ejected. Refusals that mean "too fast" (429) are no failures.
#include <algorithm>
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/ports/region_filter_port.h"

namespace stampede {
namespace region_ejection {

const IncidentKind kRegionEjected{"region_ejected",
                                  "`region_ejection` sends nobody to a region for a while"};

struct Params {
  Share failed{0.85};
  i64 least = 50;
  Duration interval = 10_s;
  Duration base_time = 30_s;
  Duration max_time = 5_min;
  static void describe(Schema<Params>& s) {
    s.field("failed", &Params::failed)
        .range(0, 1)
        .help("share of the attempts of an interval whose failure ejects their region")
        .source("Envoy: failure_percentage_threshold 85");
    s.field("least", &Params::least)
        .range(1, 1e9)
        .scales()
        .help("attempts that an interval must have to be judged")
        .source("Envoy: failure_percentage_request_volume 50");
    s.field("interval", &Params::interval)
        .range(0.1, 3600)
        .help("time between two judgements")
        .source("Envoy: interval 10 s");
    s.field("base_time", &Params::base_time)
        .range(0, 86400)
        .help("time of a first ejection; the k-th in close succession lasts k times as long")
        .source("Envoy: base_ejection_time 30 s");
    s.field("max_time", &Params::max_time)
        .range(0, 86400)
        .help("longest ejection")
        .source("Envoy: max_ejection_time 300 s");
  }
};

bool is_failure(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTimeout:
    case Outcome::kUnreachable:
    case Outcome::kRejected503:
    case Outcome::kBreaker:
    case Outcome::kAuthFailed:
    case Outcome::kTruncated:
      return true;
    default:
      return false;
  }
}

class RegionEjection final : public RegionFilter {
 public:
  RegionEjection(const Params& params, const Place& place)
      : params_(params),
        world_(place.world),
        path_(place.path),
        regions_(place.regions),
        next_(end_after(place.world.now())) {}

  void ended(RegionId region, Outcome outcome, IncidentId cause) override {
    Region& r = regions_[region];
    ++r.attempts;
    if (!is_failure(outcome)) return;
    ++r.failures;
    if (cause != kNoIncident) r.cause = cause;
  }
  bool changed() const override { return false; }  // only at the end of an interval
  Instant next_change() const override { return next_; }

  void settle() override {
    if (world_.now() < next_) return;
    for (std::size_t i = 0; i < regions_.size(); ++i) judge(i);
    next_ = end_after(world_.now());
  }
  bool open(RegionId region) const override { return !regions_[region].ejected; }
  IncidentId closed_by(RegionId region) const override { return regions_[region].incident; }

 private:
  struct Region {
    i64 attempts = 0, failures = 0;  // of this interval
    i64 multiplier = 0;              // of the base time
    Instant since{};
    IncidentId cause = kNoIncident, incident = kNoIncident;
    bool ejected = false;
  };

  Instant end_after(Instant now) const {
    return {(now.ns / params_.interval.ns + 1) * params_.interval.ns};
  }

  void judge(std::size_t index) {
    Region& r = regions_[index];
    if (r.ejected) {
      r.ejected =
          std::min(params_.base_time * r.multiplier, params_.max_time) > world_.now() - r.since;
    } else if (r.attempts >= params_.least &&
               static_cast<double>(r.failures) >=
                   params_.failed.value * static_cast<double>(r.attempts) &&
               others_in_use(index)) {
      r.ejected = true;
      r.since = world_.now();
      if (params_.base_time * r.multiplier < params_.max_time + params_.base_time) ++r.multiplier;
      r.incident = world_.incident(kRegionEjected, path_, {r.cause},
                                   "most attempts to " + world_.region_name(index) + " failed");
    } else {
      r.multiplier -= r.multiplier > 0;
    }
    r.attempts = r.failures = 0;
    r.cause = kNoIncident;
  }

  bool others_in_use(std::size_t index) const {
    for (std::size_t i = 0; i < regions_.size(); ++i)
      if (i != index && !regions_[i].ejected) return true;
    return false;
  }

  const Params& params_;
  World& world_;
  const std::string path_;
  std::vector<Region> regions_;
  Instant next_;
};

const RegisterMechanism<RegionFilter, RegionEjection, Params> registered{
    {"region_ejection",
     MitigationSlot::kEjection,
     "the balancer ejects a region most of whose attempts failed",
     "Envoy",
     {Need::kRegions}}};

}  // namespace region_ejection
}  // namespace stampede
