// Hardware that fails by chance, in a scene worked by hand: two regions of ten nodes each.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/changes/failures.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_failures {

struct Yard {
  explicit Yard(const FailuresParams& p, u64 seed = 1)
      : world(seed), failures(world, p, hand.scene(), {{8, {4, 4}}, {8, {4, 4}}}) {
    failures.start();
  }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  u64 count(const std::string& kind) const {
    return static_cast<u64>(std::count_if(world.journal.all().begin(), world.journal.all().end(),
                                          [&](const Incident& i) { return i.kind == kind; }));
  }
  HandScene hand;
  World world;
  Failures failures;
};

constexpr Duration kYear = 8760_h;

TEST(failures, are_off_until_somebody_says_how_often) {
  EXPECT_FALSE(FailuresParams{}.any());
  Yard y({});
  y.run(kYear);
  EXPECT_EQ(y.world.scheduler.handled(), 0U);
  EXPECT_TRUE(y.hand.acts.done.empty());
}

// 160 GPUs of 3 a year; of those that find their node down already none counts, which are few.
TEST(failures, come_as_often_as_they_are_said_to) {
  FailuresParams p;
  p.gpu.afr = 3;
  p.gpu.gang = {0};
  p.node.afr = 10;
  p.node.repair.mean = 1_h;
  p.network_switch.afr = 20;
  p.network_switch.nodes = 5;
  p.network_switch.repair.mean = 1_h;
  Yard y(p);
  y.run(kYear);
  EXPECT_NEAR(static_cast<double>(y.count("gpu_failed")), 480, 4 * 22);
  EXPECT_NEAR(static_cast<double>(y.count("node_failed")), 200, 4 * 14);
  EXPECT_NEAR(static_cast<double>(y.count("switch_failed")), 80, 4 * 9);
  EXPECT_NEAR(static_cast<double>(y.count("hardware_repaired")), 280, 4 * 17);
  // Each server is on half of its node's GPUs: the first four nodes' worth of pods are met.
  EXPECT_GT(y.hand.acts.count("crash1_0"), 0U);
  EXPECT_EQ(y.hand.acts.count("fail1_0") + y.hand.acts.count("fail1_1"), y.count("node_failed"));
  EXPECT_EQ(y.hand.acts.count("detach5_0") + y.hand.acts.count("detach5_1"),
            y.count("switch_failed"));
}

TEST(failures, carry_their_root_and_their_repair_names_it) {
  FailuresParams p;
  p.node.afr = 20;
  Yard y(p);
  y.run(1000_h);
  ASSERT_FALSE(y.hand.acts.done.empty());
  for (std::size_t k = 0; k < y.hand.acts.done.size(); ++k) {
    const Incident& cause = y.world.journal.all()[y.hand.acts.causes[k] - 1];
    if (y.hand.acts.done[k].find("fail") == 0) {
      EXPECT_EQ(cause.kind, "node_failed");
      EXPECT_TRUE(cause.causes.empty());
    } else {
      ASSERT_EQ(cause.kind, "hardware_repaired");
      EXPECT_EQ(y.world.journal.all()[cause.causes.at(0) - 1].kind, "node_failed");
    }
  }
}

TEST(failures, a_gang_takes_its_node_with_it) {
  FailuresParams p;
  p.gpu.afr = 1;
  p.gpu.gang = {1};
  p.gpu.repair.mean = 1_h;
  Yard y(p);
  y.run(kYear);
  EXPECT_GT(y.count("gpu_failed"), 100U);
  EXPECT_EQ(y.hand.acts.count("fail1_0") + y.hand.acts.count("fail1_1"), y.count("gpu_failed"));
  EXPECT_EQ(y.hand.acts.count("crash1_0"), 0U);
}

// Node hours lost: with spares a node is away for ten minutes, without them for its repair.
TEST(failures, a_spare_takes_the_place_as_long_as_there_is_one) {
  const auto mean_away = [](i32 spares) {
    FailuresParams p;
    p.node.afr = 10;
    p.node.repair = {24_h, 0};
    p.spares = spares;
    Yard y(p);
    y.run(kYear);
    double hours = 0, n = 0;
    for (const Incident& i : y.world.journal.all())
      if (i.kind == "hardware_repaired") {
        hours += (i.at - y.world.journal.all()[i.causes.at(0) - 1].at).seconds() / 3600;
        ++n;
      }
    return hours / n;
  };
  EXPECT_NEAR(mean_away(0), 24, 1e-6);
  EXPECT_LT(mean_away(1), 8);  // with a failure in 88 hours a spare is out for 24 of them
  EXPECT_NEAR(mean_away(10), 1.0 / 6, 0.05);
}

}  // namespace test_failures
}  // namespace stampede
