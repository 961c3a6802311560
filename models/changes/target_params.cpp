#include "models/changes/target_params.h"

namespace stampede {

void RegionTarget::describe(Schema<RegionTarget>& s) {
  s.field("region", &RegionTarget::region).help("name of the region; left out: all of them");
  s.field("site", &RegionTarget::site).help("only regions of this site");
  for (const char* key : {"zone", "pool", "node", "pod", "share", "count"})
    s.refuse(key, "this acts on whole regions");
}

void PoolTarget::describe(Schema<PoolTarget>& s) {
  s.field("region", &PoolTarget::region).help("name of the region; left out: all of them");
  s.field("site", &PoolTarget::site).help("only in regions of this site");
  s.field("pool", &PoolTarget::pool).help("name of the pool of servers; left out: all of them");
  for (const char* key : {"zone", "node", "pod", "share", "count"})
    s.refuse(key, "this acts on whole pools");
}

void NodeTarget::describe(Schema<NodeTarget>& s) {
  s.field("region", &NodeTarget::region).help("name of the region; left out: all of them");
  s.field("site", &NodeTarget::site).help("only in regions of this site");
  s.field("zone", &NodeTarget::zone).help("number of the zone within its region, from 0");
  s.field("node", &NodeTarget::node).help("number of the node within its region, from 0");
  s.field("share", &NodeTarget::share)
      .range(0, 1)
      .help("of those that fit, in each region; what a smaller share meets a larger one meets too");
  s.field("count", &NodeTarget::count)
      .at_least(1)
      .scales()
      .help("so many of those that fit, over all regions");
  for (const char* key : {"pool", "pod"}) s.refuse(key, "this acts on whole nodes");
}

void PodTarget::describe(Schema<PodTarget>& s) {
  s.field("region", &PodTarget::region).help("name of the region; left out: all of them");
  s.field("site", &PodTarget::site).help("only in regions of this site");
  s.field("zone", &PodTarget::zone).help("number of the zone within its region, from 0");
  s.field("pool", &PodTarget::pool).help("name of the pool of servers; left out: all of them");
  s.field("node", &PodTarget::node).help("number of the node within its region, from 0");
  s.field("pod", &PodTarget::pod).help("number of the pod within its region, from 0");
  s.field("share", &PodTarget::share)
      .range(0, 1)
      .help("of those that fit, in each region; what a smaller share meets a larger one meets too");
  s.field("count", &PodTarget::count)
      .at_least(1)
      .scales()
      .help("so many of those that fit, over all regions");
}

void OnRegions::describe(Schema<OnRegions>& s) {
  s.field("target", &OnRegions::target).help("where");
}

}  // namespace stampede
