// The order of events: time, then rung, then first-in first-out; handles that survive their event.
#include <gtest/gtest.h>

#include <vector>

#include "sim/scheduler.h"

namespace stampede {
namespace {

struct Recorder : Component {
  std::vector<Event> seen;
  void handle(const Event& event) override { seen.push_back(event); }
};

TEST(scheduler, every_pair_of_rungs_is_ordered) {
  for (int a = 0; a < kPriorities; ++a)
    for (int b = 0; b < kPriorities; ++b) {
      Scheduler scheduler;
      Recorder recorder;
      const ComponentId id = scheduler.add(&recorder);
      scheduler.at(Instant{5}, static_cast<Priority>(a), id, 1);
      scheduler.at(Instant{5}, static_cast<Priority>(b), id, 2);
      scheduler.run_until(Instant{10});
      ASSERT_EQ(recorder.seen.size(), 2u);
      EXPECT_EQ(recorder.seen[0].kind, b < a ? 2 : 1) << a << " against " << b;
    }
}

TEST(scheduler, a_handle_can_be_asked_after_its_event) {
  Scheduler scheduler;
  Recorder recorder;
  const ComponentId id = scheduler.add(&recorder);
  const EventHandle first = scheduler.at(Instant{1}, Priority::kControl, id, 1);
  const EventHandle second = scheduler.at(Instant{2}, Priority::kControl, id, 2);
  EXPECT_TRUE(scheduler.cancel(second));
  EXPECT_FALSE(scheduler.cancel(second));
  scheduler.run_until(Instant{3});
  EXPECT_FALSE(scheduler.pending(first));
  EXPECT_FALSE(scheduler.cancel(first));
  EXPECT_EQ(recorder.seen.size(), 1u);
  EXPECT_EQ(scheduler.pending_count(), 0u);
}

}  // namespace
}  // namespace stampede
