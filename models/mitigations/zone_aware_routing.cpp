// Each of a gateway's tasks sends to pods of its own zone, as far as that loads no zone more than
// its part of the pods.
// **State** by zone: its pods, its share of them, and a pointer for each task's zone.
// **Source** Envoy, zone aware routing (load_balancer_impl.cc): a zone with at least as large a
// share of the pods as of the tasks keeps all requests of its tasks; else it keeps the quotient of
// the two, and the others go to zones with more pods than tasks, in proportion to the surplus. None
// of this with fewer than six pods, or for tasks of a zone without pods. Within a zone pods come
// in turn.
// **Limits** tasks of the gateway are no part of the model: as many of them stand in each zone, and
// a session always meets the same. Zones neither differ in latency nor in cost, so that what is
// seen is who loses pods with a zone. Shares are exact, not whole hundredths of a percent.
#include <algorithm>
#include <vector>

#include "models/mitigations/mechanism.h"
#include "models/ports/replica_choice_port.h"

namespace stampede {
namespace zone_aware_routing {

struct Params {
  i64 min_cluster_size = 6;
  static void describe(Schema<Params>& s) {
    s.field("min_cluster_size", &Params::min_cluster_size)
        .range(1, 1e6)
        .help("pods that a pool must have; with fewer, zones do not matter")
        .source("Envoy: min_cluster_size 6");
  }
};

class ZoneAwareRouting final : public ReplicaChoice {
 public:
  ZoneAwareRouting(const Params& params, const Place& place)
      : params_(params),
        port_(place.listing),
        stream_(place.world.stream(place.path, "zone_aware_routing")) {}

  void set_endpoints(const std::vector<u32>& pods) override {
    all_.pods = pods;
    zones_.resize(port_ == nullptr ? 1 : port_->zones());
    for (Zone& zone : zones_) zone.pods.clear();
    if (zones_.size() < 2) return;
    for (const u32 pod : pods) zones_[port_->zone_of(pod)].pods.push_back(pod);
    const double tasks = 1.0 / static_cast<double>(zones_.size());
    surplus_ = 0;
    for (Zone& zone : zones_) {
      const double share =
          pods.empty() ? 0
                       : static_cast<double>(zone.pods.size()) / static_cast<double>(pods.size());
      zone.kept = std::min(1.0, share / tasks);
      zone.surplus = std::max(0.0, share - tasks);
      surplus_ += zone.surplus;
    }
  }

  u32 pick(u64 session_key, u64 attempt_key) override {
    if (all_.pods.empty()) return kNoPod;
    if (zones_.size() < 2 || all_.pods.size() < static_cast<std::size_t>(params_.min_cluster_size))
      return next(all_);
    Zone& own = zones_[mix64(session_key) % zones_.size()];
    if (own.pods.empty()) return next(all_);
    const Words w = draw(stream_, attempt_key, picks_++);
    if (uniform(w) < own.kept || surplus_ <= 0) return next(own);
    double point = uniform2(w) * surplus_;
    Zone* other = nullptr;
    for (Zone& zone : zones_) {
      if (zone.surplus <= 0) continue;
      other = &zone;
      if (point < zone.surplus) break;
      point -= zone.surplus;
    }
    return next(*other);
  }

 private:
  struct Zone {
    std::vector<u32> pods;
    u64 turn = 0;
    double kept = 1;     // share of its tasks' requests that stay
    double surplus = 0;  // of its share of the pods over that of the tasks
  };
  static u32 next(Zone& zone) { return zone.pods[zone.turn++ % zone.pods.size()]; }

  const Params& params_;
  const PodListingPort* const port_;
  const StreamKey stream_;
  u32 picks_ = 0;
  Zone all_;
  std::vector<Zone> zones_;
  double surplus_ = 0;
};

const RegisterMechanism<ReplicaChoice, ZoneAwareRouting, Params> registered{
    {"zone_aware_routing",
     MitigationSlot::kFilter,
     "each of a gateway's tasks sends to pods of its zone as far as they have their part",
     "Envoy: zone aware routing",
     {Need::kZones}}};

}  // namespace zone_aware_routing
}  // namespace stampede
