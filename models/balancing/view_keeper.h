// Keeps the balancer's views of capacity fresh for as long as each region's control plane tells its
// watchers of changes.
// State of a region's view: confirmed | stalled, with what stalled it.
// Source: a watch that hears nothing knows nothing; bookmarks confirm a Kubernetes watch.
// Limits: one look every five seconds in place of bookmarks of each watch.
#pragma once
#include <vector>

#include "models/balancing/global_balancer.h"
#include "models/ports/control_plane_port.h"

namespace stampede {

class ViewKeeper final {
 public:
  ViewKeeper(GlobalBalancer& balancer, std::vector<const ControlPlanePort*> planes)
      : balancer_(balancer), planes_(std::move(planes)) {}

  void look() {
    for (std::size_t r = 0; r < planes_.size(); ++r) {
      const auto region = static_cast<RegionId>(r);
      if (const Alarm stalled = planes_[r]->stalled(); stalled.holds)
        balancer_.view_stalled(region,
                               stalled.shown_by.empty() ? kNoIncident : stalled.shown_by.front());
      else
        balancer_.view_refreshed(region);
    }
  }

 private:
  GlobalBalancer& balancer_;
  std::vector<const ControlPlanePort*> planes_;  // [region]
};

}  // namespace stampede
