// Controllers and scheduler that lead by a lease.
#include <gtest/gtest.h>

#include "tests/models/cluster_fixture.h"

namespace stampede {
namespace test_leader_election {
using test::Fixture;
using test::small_cluster;

ClusterParams elected_cluster() {
  ClusterParams p = small_cluster(2, 8);
  p.controllers.leader_election.enabled = true;
  return p;
}

ApiStatus no_lease(const ApiCall& c) {
  return c.object == ApiObject::kLeaderLease ? ApiStatus::kTooManyRequests : ApiStatus::kOk;
}

TEST(leader_election, a_lease_is_renewed_every_two_seconds_and_nothing_else_happens) {
  Fixture f(elected_cluster());
  f.run_for(100_s);
  EXPECT_NEAR(static_cast<double>(f.api.called(ApiObject::kLeaderLease)), 100, 4);  // of two
  EXPECT_EQ(f.incidents("leader_lost"), 0U);
}

TEST(leader_election, a_short_refusal_is_survived_and_a_long_one_is_not) {
  Fixture f(elected_cluster());
  f.run_for(20_s);
  f.api.refuse = no_lease;
  f.run_for(5_s);
  f.api.refuse = nullptr;
  f.run_for(20_s);
  EXPECT_EQ(f.incidents("leader_lost"), 0U);
  f.api.refuse = no_lease;
  f.run_for(13_s);
  EXPECT_EQ(f.incidents("leader_lost"), 2U);
  f.api.refuse = nullptr;
  f.run_for(10_s);
  EXPECT_EQ(f.incidents("leader_elected"), 2U);
}

// From the last renewal to the next leader: the lease of 15 s and a look, then a list.
TEST(leader_election, nobody_controls_until_the_lease_has_run_out_and_all_is_listed) {
  Fixture f(elected_cluster());
  f.run_for(20_s);
  f.api.refuse = no_lease;
  f.run_for(13_s);
  f.api.refuse = [](const ApiCall& c) {
    return c.verb == ApiVerb::kList ? ApiStatus::kTimeout : ApiStatus::kOk;
  };
  f.cluster->scale(0, 12, kNoIncident);  // by hand: somebody else's call
  f.run_for(40_s);
  EXPECT_EQ(f.incidents("leader_elected"), 0U);
  EXPECT_EQ(f.counts().active, 8);  // the deployment is not followed
  f.api.refuse = nullptr;
  f.run_for(3_min);
  EXPECT_EQ(f.incidents("leader_elected"), 2U);
  EXPECT_EQ(f.counts().active, 12);
}

TEST(leader_election, what_made_renewals_fail_is_named) {
  Fixture f(elected_cluster());
  f.run_for(20_s);
  const IncidentId why = f.world.incident("etcd_saturated", "test", {}, "");
  f.api.incident = why;
  f.api.refuse = no_lease;
  f.run_for(13_s);
  bool named = false;
  for (const Incident& i : f.world.journal.all())
    named |= i.kind == "leader_lost" && i.causes == std::vector<IncidentId>{why};
  EXPECT_TRUE(named);
}

}  // namespace test_leader_election
}  // namespace stampede
