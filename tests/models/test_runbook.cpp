// Operators: what they wait for, how long, in which order, and that they stand down.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/operations/runbook.h"

namespace stampede {
namespace {

struct HandControls final : Controls {
  double success = 1;
  bool withdrawn = false, frozen_now = false, open = false, stopped = false, flushing = false;
  std::vector<std::string> done;
  IncidentId last_cause = 99;
  RegionId region(const std::string& name) const override { return name == "b" ? 1 : 0; }
  std::size_t regions() const override { return 2; }
  void push_export_policy(RegionId r, const RoutingExport&) override { did("push", r); }
  void restore_export_policy(RegionId r, IncidentId cause) override {
    last_cause = cause;
    did("restore", r);
    withdrawn = false;
  }
  void set_autoscaler(RegionId r, bool on, bool, IncidentId) override {
    did(on ? "scale" : "stop", r);
  }
  Completion compact_defragment_disarm(RegionId r, IncidentId) override {
    did("compact", r);
    return [] { return true; };
  }
  void set_fsync_delay(RegionId r, Duration) override { did("slow", r); }
  void stall_disk(RegionId r, Duration) override { did("stall", r); }
  Completion flush_cache(IncidentId) override {
    did("flush", 0);
    flushing = true;
    return [this] { return !flushing; };
  }
  Completion bump_cache_epoch(IncidentId) override { return {}; }
  Completion start_ramp(IncidentId) override {
    did("ramp", 0);
    return {};
  }
  void open_breaker(IncidentId) override { did("open", 0); }
  double observed_success() const override { return success; }
  bool any_prefix_withdrawn() const override { return withdrawn; }
  bool frozen(RegionId) const override { return frozen_now; }
  bool breaker_open() const override { return open; }
  bool autoscaler_stopped() const override { return stopped; }
  IncidentId latest(const std::string& topic) const override {
    return topic == "prefix_withdrawn" ? 42 : kNoIncident;
  }
  void did(const std::string& what, RegionId r) { done.push_back(what + std::to_string(r)); }
  u64 count(const std::string& what) const {
    return static_cast<u64>(std::count(done.begin(), done.end(), what));
  }
};

ActionSelection action(const std::string& name) {
  const RegistryEntry* entry = Registry::global().find("action", name);
  EXPECT_NE(entry, nullptr) << name;
  ActionSelection a;
  a.name = name;
  a.params = entry->make_params();
  return a;
}
StepParams step(const std::string& name, Watched when, Duration delay, const std::string& what,
                std::vector<std::string> needs = {}, std::vector<std::string> after = {}) {
  StepParams p;
  p.name = name;
  p.needs = std::move(needs);
  p.after = std::move(after);
  p.when = when;
  p.delay = delay;
  p.action = action(what);
  return p;
}
using State = Runbook::State;

struct Desk {
  World world{1};
  HandControls controls;
  Runbook book;
  explicit Desk(std::vector<StepParams> steps, std::vector<TimelineParams> timeline = {})
      : book(world, std::move(steps), std::move(timeline), controls) {
    book.start();
  }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  State state(std::size_t k) const { return book.steps()[k].state; }
};

TEST(runbook, acts_after_what_it_watches_was_sustained_and_the_delay_has_passed) {
  StepParams p = step("restore", Watched::kSuccessBelow, 10_min, "restore_routing_policy");
  p.below = {0.9};
  p.sustained = 60_s;
  Desk d({p});
  d.controls.success = 0.95;
  d.run(1_h);
  EXPECT_EQ(d.state(0), State::kIdle);
  d.controls.success = 0.5;
  d.run(30_s);
  d.controls.success = 0.95;  // not long enough: begins anew
  d.run(60_s);
  d.controls.success = 0.5;
  d.run(59_s);
  EXPECT_FALSE(d.book.somebody_decides());
  d.run(10_s);
  EXPECT_TRUE(d.book.somebody_decides());
  d.run(589_s);
  EXPECT_TRUE(d.controls.done.empty());
  d.run(10_s);
  EXPECT_EQ(d.controls.done, (std::vector<std::string>{"restore0", "restore1"}));
  EXPECT_EQ(d.book.steps()[0].acted_at - d.book.steps()[0].due_at, 10_min);
  d.run(5_h);
  EXPECT_EQ(d.controls.done.size(), 2U);  // once
}

TEST(runbook, stands_down_when_it_went_away_by_itself_and_is_ready_again) {
  Desk d({step("restore", Watched::kPrefixWithdrawn, 10_min, "restore_routing_policy")});
  d.controls.withdrawn = true;
  d.run(5_min);
  d.controls.withdrawn = false;
  d.run(20_min);
  EXPECT_TRUE(d.controls.done.empty());
  EXPECT_EQ(d.state(0), State::kIdle);
  d.controls.withdrawn = true;
  d.run(11_min);
  EXPECT_EQ(d.controls.count("restore0"), 1U);
  EXPECT_EQ(d.controls.last_cause, 42U);  // the alarm's incident goes with the action
}

TEST(runbook, a_step_waits_for_those_that_it_needs_and_for_their_operations) {
  Desk d({step("ramp", Watched::kBreakerOpen, 0_s, "start_ramp", {"flush"}),
          step("flush", Watched::kBreakerOpen, 1_min, "flush_cache")});
  d.controls.open = true;
  d.run(30_min);
  EXPECT_EQ(d.state(1), State::kActing);
  EXPECT_TRUE(d.book.something_runs());
  EXPECT_EQ(d.controls.count("ramp0"), 0U);
  d.controls.flushing = false;
  d.run(10_s);
  EXPECT_EQ(d.state(1), State::kDone);
  EXPECT_EQ(d.controls.count("ramp0"), 1U);
}

TEST(runbook, after_waits_only_for_steps_that_show_a_need) {
  const auto steps = [] {
    return std::vector{
        step("flush", Watched::kBreakerOpen, 0_s, "flush_cache", {}, {"compact"}),
        step("compact", Watched::kControlPlaneFrozen, 20_min, "compact_defragment_disarm")};
  };
  Desk free(steps());
  free.controls.open = true;
  free.run(10_s);
  EXPECT_EQ(free.controls.count("flush0"), 1U);

  Desk busy(steps());
  busy.controls.open = busy.controls.frozen_now = true;
  busy.run(19_min);
  EXPECT_EQ(busy.controls.count("flush0"), 0U);
  busy.run(2_min);
  EXPECT_EQ(busy.controls.done, (std::vector<std::string>{"compact0", "compact1", "flush0"}));

  Desk gone(steps());  // the reason to compact vanishes: nothing to wait for
  gone.controls.open = gone.controls.frozen_now = true;
  gone.run(10_min);
  gone.controls.frozen_now = false;
  gone.run(11_min);
  EXPECT_EQ(gone.controls.done, (std::vector<std::string>{"flush0"}));
}

TEST(runbook, the_timeline_acts_at_its_time_where_it_says) {
  TimelineParams at;
  at.at = 90_s;
  at.action = action("push_routing_policy");
  Desk d({}, {at});
  d.run(89_s);
  EXPECT_TRUE(d.controls.done.empty());
  d.run(1_s);
  EXPECT_EQ(d.controls.done, (std::vector<std::string>{"push0", "push1"}));  // no target: all
}

TEST(runbook, a_step_that_needs_an_unknown_one_is_an_error) {
  World world{1};
  HandControls controls;
  EXPECT_THROW(Runbook(world, {step("x", Watched::kBreakerOpen, 0_s, "page", {"y"})}, {}, controls),
               InvariantError);
}

}  // namespace
}  // namespace stampede
