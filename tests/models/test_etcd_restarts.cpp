// Etcd under a cluster: members that are updated one after another, and that die.
#include <gtest/gtest.h>

#include "models/control_plane/etcd.h"
#include "tests/models/joined_cluster.h"

namespace stampede {
namespace test_etcd_restarts {
using test::Joined;
using test::small_cluster;

struct Seen {
  std::size_t nodes_lost, unavailable;
  u64 leaders, failed_renewals;
  std::vector<IncidentId> blamed;  // by nodes that were lost
};
Seen restart(i32 members, EtcdMembers which, Duration down, bool graceful) {
  ApiServerParams a;
  a.etcd.members = members;
  Joined j(small_cluster(100, 8), a);
  j.run_for(60_s);
  j.api.restart_members(which, down, graceful, kNoIncident);
  EXPECT_TRUE(j.api.repairing());
  j.run_for(10_min);
  EXPECT_FALSE(j.api.repairing());
  Seen seen{j.incidents("nodes_lost"),
            j.incidents("api_unavailable"),
            j.api.etcd().elections(),
            j.cluster->leases().failures,
            {}};
  for (const Incident& i : j.world.journal.all())
    if (i.kind == "nodes_lost")
      for (const IncidentId cause : i.causes) seen.blamed.push_back(cause);
  return seen;
}

TEST(etcd_restarts, members_updated_one_after_another_cost_no_node) {
  for (const i32 members : {3, 5}) {
    const Seen seen = restart(members, EtcdMembers::kAll, 20_s, true);
    EXPECT_EQ(seen.nodes_lost, 0U);
    EXPECT_EQ(seen.leaders, 1U);  // the old leader handed over
    EXPECT_EQ(seen.failed_renewals, 0U);
  }
}

TEST(etcd_restarts, a_leader_that_dies_costs_seconds_and_all_at_once_cost_the_nodes) {
  const Seen leader = restart(3, EtcdMembers::kLeader, 2_min, false);
  EXPECT_EQ(leader.nodes_lost, 0U);
  EXPECT_EQ(leader.leaders, 1U);
  EXPECT_GT(leader.failed_renewals, 0U);
  const Seen majority = restart(3, EtcdMembers::kFollowers, 2_min, false);
  EXPECT_GT(majority.nodes_lost, 0U);
  ASSERT_FALSE(majority.blamed.empty());
  const Seen one_of_five = restart(5, EtcdMembers::kOneFollower, 2_min, false);
  EXPECT_EQ(one_of_five.nodes_lost, 0U);
}

}  // namespace test_etcd_restarts
}  // namespace stampede
