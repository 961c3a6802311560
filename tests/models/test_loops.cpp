// Loops by which a control plane freezes, of which nothing else shows the size: each closes where
// its arithmetic says, and not with one of its links removed.
#include <gtest/gtest.h>

#include <set>

#include "tests/models/joined_cluster.h"

namespace stampede {
namespace test_loops {
using test::Fixture;
using test::Joined;
using test::small_cluster;

// 600 nodes renew 60 leases a second; the level of nodes has a sixth of the seats and borrows the
// rest. With all disks slow a write takes four fsyncs and more.
std::size_t nodes_lost(i32 seats, Duration fsync) {
  ApiServerParams a;
  a.servers = 1;
  a.seats = seats;
  Joined j(small_cluster(600, 1), a);
  j.run_for(60_s);
  j.api.slow_disks(fsync, EtcdMembers::kAll, kNoIncident);
  j.run_for(4_min);
  return j.incidents("nodes_lost");
}

TEST(loops, heartbeats_need_the_seats_that_arrive_while_one_is_written) {
  EXPECT_GT(nodes_lost(60, 700_ms), 0U);  // 60/s x 2.8 s = 168 seats
  EXPECT_EQ(nodes_lost(60, 20_ms), 0U);   // 5
  EXPECT_EQ(nodes_lost(1000, 700_ms), 0U);
}

// Half of 200 nodes with 800 pods fall silent: how long it takes from the first pod of theirs that
// is marked not ready to the last.
Duration marking(double calls_a_second, bool shared_with_endpoints) {
  ClusterParams p = small_cluster(200, 1600);
  p.controllers.controller_limit = {calls_a_second};
  p.controllers.share_controller_limit = shared_with_endpoints;
  Fixture f(p);
  Instant first = kNever, last{};
  std::set<u32> marked;
  f.api.log = [&](const ApiCall& c) {
    const auto* status = std::get_if<PodStatusValue>(&c.value);
    if (status == nullptr || status->by != StatusWriter::kNodeLifecycle) return;
    first = std::min(first, f.world.now());
    if (marked.insert(c.key).second) last = f.world.now();
  };
  f.run_for(60_s);
  f.api.refuse = [](const ApiCall& c) {
    const bool silent = c.user >= cluster::kKubeletUser && c.user < cluster::kKubeletUser + 100;
    return silent ? ApiStatus::kTimeout : ApiStatus::kOk;
  };
  f.run_for(3_min);
  EXPECT_EQ(marked.size(), 800U);
  return last - first;
}

// Twenty calls a second after a burst of 30: 800 for the pods and two for each node. The 16 slices
// of these pods are written as well.
TEST(loops, pods_marked_not_ready_and_their_endpoints_hold_each_other_up) {
  const double apart = marking(20, false).seconds(), shared = marking(20, true).seconds();
  EXPECT_GT(apart, (800 - 30) / 20.);
  EXPECT_LT(apart, (1000 - 30) / 20.);
  EXPECT_GT(shared, 1.2 * apart);
  EXPECT_LT(marking(1000, true), 16_s);  // as their leases end: within 10 s, seen every 5 s
}

// A leader that is lost while the disks stand still, and what the next one's list costs.
struct Leaders {
  std::size_t lost, elected;
};
Leaders leaders(i32 pods, double cores) {
  ClusterParams p = small_cluster((pods + 7) / 8, pods);
  p.controllers.leader_election.enabled = true;
  ApiServerParams a;
  a.servers = 1;
  a.cpu_cores = cores;
  a.cpu_per_list_kib = 8_ms;  // of 8 KiB for each pod
  Joined j(p, a);
  j.run_for(60_s);
  j.api.stall_disks(20_s, EtcdMembers::kAll, kNoIncident);
  j.run_for(5_min);
  return {j.incidents("leader_lost"), j.incidents("leader_elected")};
}

TEST(loops, a_leader_that_lists_for_too_long_loses_its_lease_in_turn) {
  const Leaders small = leaders(80, 1);  // 5 s
  EXPECT_EQ(small.lost, 2U);             // controller manager and scheduler, once each
  EXPECT_EQ(small.elected, 2U);
  const Leaders large = leaders(320, 1);  // 20 s each, longer than a lease is renewed within
  EXPECT_GT(large.lost, 8U);
  EXPECT_LT(large.elected, 3U);
  const Leaders fast = leaders(320, 8);  // 2.6 s
  EXPECT_EQ(fast.lost, 2U);
  EXPECT_EQ(fast.elected, 2U);
}

}  // namespace test_loops
}  // namespace stampede
