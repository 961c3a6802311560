// Timeout rings: exact order among other events, dead entries skipped without events, pushes while
// expiring, bounded memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/random.h"
#include "sim/timeouts.h"

namespace stampede {
namespace test_timeouts {

enum Kind : u8 { kTimeout, kOther };

struct Owner : Component {
  explicit Owner(Duration d)
      : duration(d), ring(scheduler, scheduler.add(this), Priority::kTimeout, kTimeout) {}
  void start() {
    generations.push_back(1);
    ring.push(scheduler.now() + duration, static_cast<u32>(generations.size() - 1), 1);
  }
  void finish(u32 subject) { ++generations[subject]; }
  void handle(const Event& event) override {
    if (event.kind == kOther) {
      others.push_back(event.at.ns);
      return;
    }
    ring.expire([this](u32 s, u32 g) { return generations[s] == g; },
                [this](u32 s, u32) {
                  finish(s);
                  expired.emplace_back(scheduler.now().ns, s);
                  if (restart && generations.size() < 1000) start();
                });
  }
  Scheduler scheduler;
  Duration duration;
  std::vector<u32> generations;
  TimeoutRing ring;
  std::vector<std::pair<i64, u32>> expired;
  std::vector<i64> others;
  bool restart = false;
};

TEST(timeout_ring, live_entries_expire_at_their_deadline_in_order) {
  Owner owner(Duration{1000});
  std::vector<std::pair<i64, u32>> wanted;
  const StreamKey key = stream_key(7, "test", "ring");
  i64 t = 0;
  for (u32 i = 0; i < 5000; ++i) {
    const Words w = draw(key, i);
    t += w[0] % 5;
    owner.scheduler.run_until(Instant{t});
    owner.start();
    wanted.emplace_back(t + 1000, i);
    if (w[1] % 100 < 95) {  // most are answered, at once
      owner.finish(i);
      wanted.pop_back();
    }
  }
  owner.scheduler.run_until(Instant{t + 2000});
  EXPECT_EQ(owner.expired, wanted);
  EXPECT_EQ(owner.ring.size(), 0u);
}

TEST(timeout_ring, dead_entries_cost_no_event) {
  Owner owner(Duration{1'000'000});
  for (u32 i = 0; i < 10'000; ++i) {
    owner.scheduler.run_until(Instant{10 * i});
    owner.start();
    owner.finish(i);
  }
  owner.scheduler.run_until(Instant{10'000'000});
  EXPECT_EQ(owner.scheduler.handled(), 1u);  // the first entry's
  EXPECT_TRUE(owner.expired.empty());
}

TEST(timeout_ring, an_expiry_may_push_again) {
  Owner owner(Duration{0});
  owner.restart = true;
  owner.start();
  owner.scheduler.run_until(Instant{10});
  EXPECT_EQ(owner.expired.size(), 1000u);
}

TEST(timeout_ring, completion_at_the_deadline_goes_first) {
  Owner owner(Duration{100});
  owner.start();
  owner.scheduler.at(Instant{100}, Priority::kCompletion, 0, kOther);
  owner.scheduler.run_until(Instant{99});
  EXPECT_TRUE(owner.others.empty());
  owner.scheduler.run_until(Instant{200});
  ASSERT_EQ(owner.others.size(), 1u);
  ASSERT_EQ(owner.expired.size(), 1u);
  EXPECT_EQ(owner.expired[0].first, 100);
}

TEST(timeout_ring, memory_follows_live_entries_when_the_ring_may_ask) {
  Owner owner(Duration{INT64_MAX / 2});
  const auto alive = [&](u32 s, u32 g) { return owner.generations[s] == g; };
  std::size_t most = 0;
  for (u32 i = 0; i < 100'000; ++i) {
    owner.generations.push_back(1);
    owner.ring.push(Instant{owner.duration.ns + i}, i, 1, alive);
    if (i >= 100) owner.finish(i - 100);
    most = std::max(most, owner.ring.size());
  }
  EXPECT_LE(most, 512u);
}

TEST(timeout_ring, deadlines_out_of_order_break_an_invariant) {
  Owner owner(Duration{10});
  owner.ring.push(Instant{20}, 0, 1);
  EXPECT_THROW(owner.ring.push(Instant{19}, 0, 1), InvariantError);
}

}  // namespace test_timeouts
}  // namespace stampede
