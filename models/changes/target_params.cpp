#include "models/changes/target_params.h"

namespace stampede {

void RegionTarget::describe(Schema<RegionTarget>& s) {
  s.field("region", &RegionTarget::region).help("name of the region; left out: all of them");
  for (const char* key : {"zone", "pool", "node", "pod", "share", "count"})
    s.refuse(key, "this acts on whole regions");
}

void PodTarget::describe(Schema<PodTarget>& s) {
  s.field("region", &PodTarget::region).help("name of the region; left out: all of them");
  s.field("pool", &PodTarget::pool).help("name of the pool of servers; left out: all of them");
  s.field("node", &PodTarget::node).help("number of the node within its region, from 0");
  s.field("pod", &PodTarget::pod).help("number of the pod within its region, from 0");
  s.field("share", &PodTarget::share)
      .range(0, 1)
      .help("of those that fit, in each region; what a smaller share meets a larger one meets too");
  s.field("count", &PodTarget::count)
      .at_least(0)
      .scales()
      .help("so many of those that fit, over all regions");
  s.refuse("zone", "a region has one zone: name the region, or a node");
}

void OnRegions::describe(Schema<OnRegions>& s) {
  s.field("target", &OnRegions::target).help("where");
}

}  // namespace stampede
