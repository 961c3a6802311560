// The autoscaler as a component: growth on waiting requests, idle scale-in, a frozen API.
#include <gtest/gtest.h>

#include "tests/models/cluster_fixture.h"

namespace stampede::test {
namespace test_autoscaler {

ClusterParams scaled(i32 nodes, i32 replicas, i32 least, i32 most) {
  ClusterParams p = small_cluster(nodes, replicas);
  p.workloads[0].autoscaler.emplace();
  p.workloads[0].autoscaler->min_replicas = least;
  p.workloads[0].autoscaler->max_replicas = most;
  p.controllers.controller_limit = p.controllers.scheduler_limit = Rate{300};
  p.controllers.controller_burst = p.controllers.scheduler_burst = 450;
  return p;
}

PodSample usage(double cpu_share, double waiting) {
  return {static_cast<i64>(cpu_share * 4000), static_cast<i64>(waiting * 1000)};
}

TEST(autoscaler, who_stops_it_is_named_by_the_alarm_and_by_the_start_after_it) {
  Fixture f(scaled(10, 10, 1, 100));
  EXPECT_FALSE(f.cluster->autoscaler_stopped().holds);
  f.cluster->set_autoscaler_enabled(true, kNoIncident);  // it runs already
  EXPECT_TRUE(f.world.journal.all().empty());
  const IncidentId act = f.world.incident("acted", "test", {}, "");
  f.cluster->set_autoscaler_enabled(false, act);
  const Incident stopped = f.world.journal.all().back();
  EXPECT_EQ(stopped.kind, "autoscaler_stopped");
  EXPECT_EQ(stopped.causes, std::vector<IncidentId>{act});
  const IncidentId again = f.world.incident("acted", "test", {}, "");
  f.cluster->set_autoscaler_enabled(false, again);  // it is stopped already
  EXPECT_TRUE(f.cluster->autoscaler_stopped().holds);
  EXPECT_EQ(f.cluster->autoscaler_stopped().shown_by, std::vector<IncidentId>{stopped.id});
  f.cluster->set_autoscaler_enabled(true, again);
  EXPECT_FALSE(f.cluster->autoscaler_stopped().holds);
  EXPECT_EQ(f.world.journal.all().back().kind, "autoscaler_started");
  EXPECT_EQ(f.world.journal.all().back().causes, (std::vector<IncidentId>{stopped.id, again}));
}

TEST(autoscaler, an_unbounded_signal_winds_up_to_the_maximum) {
  Fixture f(scaled(200, 10, 1, 1000));
  f.runtime.overload = f.world.incident("replica_overloaded", "eu/serving", {}, "");
  f.runtime.usage = [](PodId) { return usage(0.5, 1e6); };
  std::vector<i32> sizes;
  std::vector<double> times;
  std::vector<IncidentId> causes;
  f.api.log = [&](const ApiCall& c) {
    if (c.object == ApiObject::kScale && c.verb == ApiVerb::kUpdate) {
      sizes.push_back(std::get<ScaleValue>(c.value).replicas);
      times.push_back(f.world.now().seconds());
    }
    if (c.object == ApiObject::kPod) causes.push_back(c.cause);
  };
  f.run_for(200_s);
  EXPECT_EQ(sizes, (std::vector<i32>{20, 40, 80, 160, 320, 640, 1000}));
  EXPECT_NEAR(times.back() - times.front(), 6 * 15, 1);
  f.run_for(100_s);
  EXPECT_EQ(f.cluster->desired(0), 1000);
  EXPECT_EQ(f.incidents("scale_up_requested"), 0u);  // 1,600 GPUs hold that
  for (const IncidentId cause : causes) EXPECT_EQ(cause, kNoIncident);
}

TEST(autoscaler, a_request_beyond_the_gpus_is_an_incident_carried_with_its_pods) {
  Fixture f(scaled(10, 60, 10, 1000));
  f.runtime.overload = f.world.incident("replica_overloaded", "eu/serving", {}, "");
  f.runtime.usage = [](PodId) { return usage(0.5, 100); };
  std::vector<IncidentId> causes;
  f.api.log = [&](const ApiCall& c) {
    if (c.object == ApiObject::kPod) causes.push_back(c.cause);
  };
  f.run_for(120_s);
  ASSERT_EQ(f.incidents("scale_up_requested"), 1u);
  const Incident& asked = f.world.journal.all().back();
  EXPECT_EQ(asked.causes, std::vector<IncidentId>{f.runtime.overload});
  ASSERT_FALSE(causes.empty());
  for (const IncidentId cause : causes) EXPECT_EQ(cause, asked.id);
  EXPECT_GT(f.cluster->desired(0), 500);
  EXPECT_EQ(f.cluster->pod_scheduler().parked() + f.cluster->pod_scheduler().queued(),
            static_cast<std::size_t>(f.counts().objects - 80));
}

TEST(autoscaler, a_bounded_signal_holds_while_pods_are_pending) {
  Fixture f(scaled(200, 40, 1, 1000));
  f.runtime.usage = [](PodId) { return usage(1.0, 0); };  // 100 % against 80 %
  f.run_for(150_s);
  EXPECT_EQ(f.cluster->desired(0), 50);  // ceil(40 x 100/80), then diluted into the tolerance
}

// avg_over_time(...[1m]) over scrapes of 15 s: a burst that one scrape sees counts a quarter.
TEST(autoscaler, averages_the_scrapes_of_its_window) {
  const auto size_after_a_burst = [](Duration window, double waiting) {
    ClusterParams params = scaled(20, 40, 40, 160);
    params.workloads[0].autoscaler->waiting_window = window;
    Fixture f(params);
    bool burst = false;
    f.runtime.usage = [&](PodId) { return usage(0.5, burst ? waiting : 0); };
    f.run_for(100_s);
    burst = true;
    f.run_for(25_s);  // one scrape or two see it
    burst = false;
    f.run_for(30_s);
    return f.cluster->desired(0);
  };
  EXPECT_EQ(size_after_a_burst(0_s, 10), 80);    // 10 for 5
  EXPECT_EQ(size_after_a_burst(60_s, 10), 40);   // 2.5, at most 5 in two scrapes
  EXPECT_GT(size_after_a_burst(60_s, 100), 80);  // 25 for 5
}

TEST(autoscaler, an_idle_region_shrinks_after_the_window) {
  Fixture f(scaled(20, 160, 40, 160));
  bool idle = false;
  f.runtime.usage = [&](PodId) { return idle ? PodSample{} : usage(0.78, 3); };
  f.run_for(400_s);
  EXPECT_EQ(f.cluster->desired(0), 160);
  idle = true;
  f.run_for(290_s);
  EXPECT_EQ(f.cluster->desired(0), 160);
  f.run_for(90_s);
  EXPECT_EQ(f.cluster->desired(0), 40);
  EXPECT_EQ(f.counts().objects, 40);
  EXPECT_EQ(f.counts().routable, 40);
  EXPECT_EQ(f.runtime.stopped.size(), 120u);
  // Crowded nodes give first: nobody is emptied.
  for (const cluster::Node& node : f.cluster->state().nodes) EXPECT_LE(node.pods.size(), 8u);
}

TEST(autoscaler, holds_while_the_api_is_down) {
  Fixture f(scaled(20, 160, 40, 160));
  f.run_for(60_s);  // idle from the start, but the window is not over
  f.api.refuse = [](const ApiCall&) { return ApiStatus::kUnavailable; };
  f.run_for(600_s);
  EXPECT_EQ(f.cluster->desired(0), 160);
  EXPECT_GT(f.cluster->autoscalers().held, 30u);
  f.api.refuse = nullptr;
  f.run_for(400_s);
  EXPECT_EQ(f.cluster->desired(0), 40);
}

TEST(autoscaler, metrics_that_cannot_be_read_hold_the_size) {
  Fixture f(scaled(20, 160, 40, 160));
  f.api.refuse = [](const ApiCall& c) {
    return c.object == ApiObject::kMetrics ? ApiStatus::kTimeout : ApiStatus::kOk;
  };
  f.run_for(900_s);
  EXPECT_EQ(f.cluster->desired(0), 160);
}

TEST(autoscaler, stopped_by_the_operator_and_started_again) {
  Fixture f(scaled(20, 160, 40, 160));
  f.cluster->set_autoscaler_enabled(false, kNoIncident);
  f.run_for(600_s);
  EXPECT_EQ(f.cluster->desired(0), 160);
  f.cluster->set_autoscaler_enabled(true, kNoIncident);
  f.run_for(280_s);
  EXPECT_EQ(f.cluster->desired(0), 160);  // it has forgotten that the region was idle
  f.run_for(120_s);
  EXPECT_EQ(f.cluster->desired(0), 40);
}

TEST(autoscaler, pods_that_did_not_start_report_nothing) {
  Fixture f(scaled(20, 100, 40, 160));
  f.runtime.usage = [](PodId) { return usage(0.9, 0); };
  f.run_for(60_s);
  const i32 grown = f.cluster->desired(0);
  EXPECT_GT(grown, 100);
  EXPECT_LE(grown, 113);  // ceil(100 x 90/80)
}

TEST(autoscaler, behaviour_limits_growth) {
  ClusterParams p = scaled(200, 100, 1, 1000);
  p.workloads[0].autoscaler->scale_up.emplace();
  cluster::ScalingPolicyParams policy;
  policy.percent = 10;
  policy.period = 60_s;
  p.workloads[0].autoscaler->scale_up->policies.push_back(policy);
  Fixture f(p);
  f.runtime.usage = [](PodId) { return usage(0.5, 1e6); };
  // ceil(100 x 1.1) is 111 in doubles, upstream too.
  f.run_for(75_s);
  EXPECT_EQ(f.cluster->desired(0), 111);
  f.run_for(120_s);
  EXPECT_EQ(f.cluster->desired(0), 136);
}

}  // namespace test_autoscaler
}  // namespace stampede::test
