// Operators who are several, who repeat, give up, and who cannot get at what they want to mend.
#include <gtest/gtest.h>

#include <memory>

#include "models/changes/changes.h"
#include "models/operations/runbook.h"
#include "sim/registry.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_responders {

using State = Runbook::State;

StepParams step(const std::string& name, const std::string& what, Duration delay = 0_s) {
  const RegistryEntry* entry = Registry::global().find("action", what);
  StepParams p;
  p.name = name;
  p.when.condition = Watched::kBreakerOpen;
  p.delay = delay;
  p.action.name = what;
  p.action.params = entry->make_params();
  return p;
}

struct Desk {
  World world{1};
  HandScene hand;
  Changes changes{world, {}, hand.scene()};
  Runbook book;
  explicit Desk(OperationsParams params) : book(world, std::move(params), changes, hand.scene()) {
    book.start();
  }
  explicit Desk(StepParams p) : Desk(OperationsParams{"", {}, {}, {std::move(p)}}) {}
  void open(bool holds = true) {
    hand.breakers.open = {holds, {}};
    if (holds) hand.breakers.open.shown_by = {world.incident("breaker_opened", "test", {}, "")};
  }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  State state(std::size_t k = 0) const { return book.steps()[k].state; }
  std::vector<Incident> all(const std::string& kind) const {
    std::vector<Incident> found;
    for (const Incident& i : world.journal.all())
      if (i.kind == kind) found.push_back(i);
    return found;
  }
  Incident last(const std::string& kind) const {
    const auto found = all(kind);
    return found.empty() ? Incident{} : found.back();
  }
};

TEST(responders, a_decision_and_an_act_have_times_of_their_own) {
  StepParams p = step("ramp", "start_ramp", 10_min);
  p.act_delay = 5_min;
  Desk d(p);
  d.open();
  d.run(1_h);
  EXPECT_EQ(d.last("decided").at - d.last("paged").at, 10_min);
  EXPECT_EQ(d.last("acted").at - d.last("decided").at, 5_min);
  EXPECT_EQ(d.last("acted").causes, std::vector<IncidentId>{d.last("decided").id});
}

TEST(responders, who_finds_it_gone_when_about_to_act_stands_down) {
  StepParams p = step("ramp", "start_ramp", 10_min);
  p.act_delay = 20_min;
  Desk d(p);
  d.open();
  d.run(15_min);
  ASSERT_EQ(d.all("decided").size(), 1U);
  d.open(false);
  d.run(1_h);
  EXPECT_TRUE(d.hand.acts.done.empty());
  EXPECT_EQ(d.last("stood_down").causes, std::vector<IncidentId>{d.last("paged").id});
}

OperationsParams two_steps(const std::string& first, const std::string& second, i32 at_once) {
  OperationsParams params;
  params.responders = {{"ann", "", 1_min, at_once}, {"bob", "", 30_min, 1}};
  params.steps = {step("one", "open_breaker", 10_min), step("two", "bump_cache_epoch", 10_min)};
  params.steps[0].responder = first;
  params.steps[1].responder = second;
  return params;
}

TEST(responders, several_work_at_the_same_time_each_with_a_delay_of_its_own) {
  Desk d(two_steps("ann", "bob", 1));
  d.open();
  d.run(2_h);
  const auto decided = d.all("decided");
  ASSERT_EQ(decided.size(), 2U);
  EXPECT_EQ(decided[0].at - d.last("paged").at, 11_min);
  EXPECT_EQ(decided[1].at - d.last("paged").at, 40_min);
}

TEST(responders, one_does_one_thing_after_the_other_two_hands_do_both) {
  for (const i32 at_once : {1, 2}) {
    Desk d(two_steps("ann", "ann", at_once));
    d.open();
    d.run(5_min);
    EXPECT_EQ(d.all("paged").size(), 2U);  // both are told
    EXPECT_EQ(d.state(1), at_once == 1 ? State::kQueued : State::kDelaying);
    EXPECT_TRUE(d.book.somebody_decides());
    d.run(2_h);
    const auto decided = d.all("decided");
    ASSERT_EQ(decided.size(), 2U);
    const Duration apart = decided[1].at - decided[0].at;
    if (at_once == 2) {
      EXPECT_EQ(apart, 0_s);
    } else {
      EXPECT_TRUE(apart >= 11_min && apart <= 11_min + 5_s) << print(apart);
    }
  }
}

TEST(responders, what_is_over_before_somebody_has_time_is_stood_down) {
  OperationsParams params = two_steps("ann", "ann", 1);
  params.steps[1].when.condition = Watched::kPrefixWithdrawn;
  Desk d(params);
  d.open();
  d.hand.routing.withdrawn.holds = true;
  d.run(5_min);
  ASSERT_EQ(d.state(1), State::kQueued);
  d.hand.routing.withdrawn.holds = false;
  d.run(1_h);
  EXPECT_EQ(d.all("stood_down").size(), 1U);
  EXPECT_EQ(d.hand.acts.count("bump0"), 0U);
}

TEST(responders, a_step_that_repeats_acts_until_what_it_watches_is_over) {
  for (const bool repeats : {false, true}) {
    StepParams p = step("ramp", "open_breaker", 10_min);
    if (repeats) p.repeat = 20_min;
    Desk d(p);
    d.open();
    d.run(55_min);  // at 10, 30 and 50 min
    EXPECT_EQ(d.hand.acts.count("open0"), repeats ? 3U : 1U);
    EXPECT_EQ(d.state(), repeats ? State::kWatching : State::kDone);
    const auto acted = d.all("acted");
    if (repeats) {
      EXPECT_EQ(acted[1].causes.back(), acted[0].id);
    }
    d.open(false);
    d.run(2_h);
    EXPECT_EQ(d.state(), State::kDone);
    EXPECT_EQ(d.hand.acts.count("open0"), repeats ? 3U : 1U);
  }
}

TEST(responders, a_step_is_done_when_its_until_holds_and_those_that_need_it_wait) {
  OperationsParams params;
  params.steps = {step("restore", "restore_routing_policy"), step("ramp", "bump_cache_epoch")};
  params.steps[0].until.emplace().condition = Watched::kPrefixWithdrawn;
  params.steps[1].needs = {"restore"};
  Desk d(params);
  d.open();
  d.run(1_h);
  EXPECT_EQ(d.hand.acts.count("restore0"), 1U);
  EXPECT_EQ(d.state(0), State::kWatching);
  EXPECT_EQ(d.state(1), State::kIdle);
  d.hand.routing.withdrawn.holds = true;
  d.run(10_s);
  EXPECT_EQ(d.state(0), State::kDone);
  EXPECT_EQ(d.hand.acts.count("bump0"), 1U);
}

TEST(responders, what_repeats_until_something_acts_again_after_a_relapse) {
  StepParams p = step("ramp", "open_breaker");
  p.repeat = 1_min;
  p.until.emplace().condition = Watched::kPrefixWithdrawn;  // never, in this test
  Desk d(p);
  d.open();
  d.run(10_s);
  d.open(false);
  d.run(1_h);
  EXPECT_EQ(d.hand.acts.count("open0"), 1U);
  d.open();
  d.run(10_s);
  EXPECT_EQ(d.hand.acts.count("open0"), 2U);
}

TEST(responders, who_gives_up_says_so_and_what_comes_after_goes_on) {
  for (const bool gives_up : {false, true}) {
    OperationsParams params;
    params.steps = {step("try", "open_breaker"), step("other", "bump_cache_epoch"),
                    step("follow", "flush_cache")};
    params.steps[0].repeat = 10_min;
    if (gives_up) params.steps[0].give_up_after = 35_min;
    params.steps[1].after = {"try"};
    params.steps[2].needs = {"try"};
    Desk d(params);
    d.open();
    d.run(2_h);
    EXPECT_EQ(d.all("gave_up").size(), gives_up ? 1U : 0U);
    EXPECT_EQ(d.hand.acts.count("open0"), gives_up ? 4U : 12U);
    EXPECT_EQ(d.hand.acts.count("bump0"), gives_up ? 1U : 0U);
    EXPECT_EQ(d.hand.acts.count("flush0"), 0U);  // it needs the step to be done
    if (!gives_up) continue;
    const auto acted = d.all("acted");
    EXPECT_EQ(d.last("gave_up").causes.back(), acted[3].id);
  }
}

StepParams needing(const NeedParams& need) {
  StepParams p = step("mend", "open_breaker", 10_min);
  p.access.needs = {need};
  return p;
}

TEST(access, a_step_waits_while_the_way_is_cut_and_acts_when_it_is_back) {
  for (const bool cut : {false, true}) {
    Desk d(needing({"b", "", ""}));
    d.open();
    const IncidentId withdrawn = d.world.incident("prefix_withdrawn", "test", {}, "");
    if (cut) d.hand.network.cut(1, Reach::kBlackHole, withdrawn);
    d.run(1_h);
    EXPECT_EQ(d.hand.acts.count("open0"), cut ? 0U : 1U);
    if (!cut) {
      EXPECT_TRUE(d.all("access_denied").empty());
      continue;
    }
    EXPECT_EQ(d.state(), State::kBlocked);
    EXPECT_TRUE(d.book.somebody_decides());
    EXPECT_EQ(d.last("access_denied").causes,
              (std::vector<IncidentId>{withdrawn, d.last("decided").id}));
    d.hand.network.cut(1, Reach::kReachable, kNoIncident);
    d.run(5_s);
    EXPECT_EQ(d.last("access_regained").causes,
              std::vector<IncidentId>{d.last("access_denied").id});
    EXPECT_EQ(d.last("acted").causes,
              (std::vector<IncidentId>{d.last("decided").id, d.last("access_regained").id}));
    EXPECT_EQ(d.hand.acts.count("open0"), 1U);
  }
}

TEST(access, a_cut_elsewhere_and_one_around_those_within_does_not_matter) {
  for (const char* location : {"", "a", "b"}) {
    OperationsParams params;
    params.location = location;
    params.steps = {needing({"b", "", ""})};
    Desk d(params);
    d.hand.network.outside[0] = {Reach::kNoRoute, {}, 0, kNoIncident};  // a, for clients alone
    d.open();
    d.run(30_min);
    EXPECT_EQ(d.hand.acts.count("open0"), 1U) << location;
    Desk isolated(params);
    isolated.hand.network.cut(1, Reach::kNoRoute, kNoIncident);
    isolated.open();
    isolated.run(30_min);
    EXPECT_EQ(isolated.hand.acts.count("open0"), std::string(location) == "b") << location;
  }
}

TEST(access, a_responder_is_cut_off_where_they_are) {
  OperationsParams params;
  params.responders = {{"ann", "a", 0_s, 1}, {"bob", "b", 0_s, 1}};
  params.steps = {needing({"b", "", ""}), needing({"b", "", ""})};
  params.steps[0].responder = "ann";
  params.steps[1].responder = "bob";
  params.steps[1].name = "mend as well";
  Desk d(params);
  d.hand.network.cut(1, Reach::kNoRoute, kNoIncident);
  d.open();
  d.run(30_min);
  EXPECT_EQ(d.state(0), State::kBlocked);
  EXPECT_EQ(d.state(1), State::kDone);
}

TEST(access, an_api_server_that_is_stalled_or_not_reached_denies_it) {
  for (const bool stalled : {false, true})
    for (const bool cut : {false, true}) {
      Desk d(needing({"", "b", ""}));
      const IncidentId frozen = d.world.incident("control_plane_frozen", "test", {}, "");
      if (stalled) d.hand.planes[1].frozen_now = {true, {frozen}};
      if (cut) d.hand.network.cut(1, Reach::kNoRoute, kNoIncident);
      d.hand.planes[0].frozen_now = {true, {}};  // another one
      d.open();
      d.run(30_min);
      EXPECT_EQ(d.state(), stalled || cut ? State::kBlocked : State::kDone);
      if (stalled) {
        EXPECT_EQ(d.last("access_denied").causes[0], frozen);
      }
    }
}

TEST(access, a_service_that_is_needed_must_answer_at_one_place_that_is_reached) {
  for (const bool out : {false, true})
    for (const bool cut : {false, true}) {
      StepParams p = needing({"", "", ""});
      p.access.needs = {{"", "", "store"}};
      Desk d(p);
      const IncidentId failed = d.world.incident("service_failed", "test", {}, "");
      if (out) d.hand.store.out = {true, {failed}};
      if (cut) d.hand.network.cut(1, Reach::kNoRoute, kNoIncident);
      d.open();
      d.run(30_min);
      EXPECT_EQ(d.state(), out || cut ? State::kBlocked : State::kDone);
      if (out) {
        EXPECT_EQ(d.last("access_denied").causes[0], failed);
      }
    }
}

TEST(access, broken_glass_bounds_the_wait) {
  StepParams p = needing({"b", "", ""});
  p.access.break_glass = 40_min;
  p.repeat = 10_min;
  Desk d(p);
  d.hand.network.cut(1, Reach::kNoRoute, kNoIncident);
  d.open();
  d.run(49_min);
  EXPECT_TRUE(d.hand.acts.done.empty());
  d.run(2_min);
  EXPECT_EQ(d.hand.acts.count("open0"), 1U);
  const Incident broken = d.last("glass_broken");
  EXPECT_EQ(broken.causes, std::vector<IncidentId>{d.last("access_denied").id});
  EXPECT_EQ(d.last("acted").causes, (std::vector<IncidentId>{d.last("decided").id, broken.id}));
  d.run(10_min);  // the other way stays open
  EXPECT_EQ(d.hand.acts.count("open0"), 2U);
  EXPECT_EQ(d.all("access_denied").size(), 1U);
}

TEST(access, who_waits_for_it_stands_down_or_gives_up) {
  for (const bool gone : {true, false}) {
    StepParams p = needing({"b", "", ""});
    p.give_up_after = 30_min;
    Desk d(p);
    d.hand.network.cut(1, Reach::kNoRoute, kNoIncident);
    d.open();
    d.run(20_min);
    if (gone) d.open(false);
    d.run(2_h);
    EXPECT_EQ(d.all("stood_down").size(), gone ? 1U : 0U);
    EXPECT_EQ(d.all("gave_up").size(), gone ? 0U : 1U);
    EXPECT_TRUE(d.hand.acts.done.empty());
  }
}

}  // namespace test_responders
}  // namespace stampede
