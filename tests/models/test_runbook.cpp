// Operators: what they wait for, how long, in which order, and that they stand down.
#include <gtest/gtest.h>

#include <set>

#include "models/changes/changes.h"
#include "models/operations/runbook.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_runbook {

ActionSelection action(const std::string& name) {
  const RegistryEntry* entry = Registry::global().find("action", name);
  EXPECT_NE(entry, nullptr) << name;
  ActionSelection a;
  a.name = name;
  a.params = entry->make_params();
  if (RollOutParams* p = roll_out_params(a)) p->version = "v";
  for (const FieldInfo& field : entry->params->fields)
    if (field.key == "only_frozen") *static_cast<bool*>(field.member(a.params.get())) = true;
  return a;
}
StepParams step(const std::string& name, Watched when, Duration delay, const std::string& what,
                std::vector<std::string> needs = {}, std::vector<std::string> after = {}) {
  StepParams p;
  p.name = name;
  p.needs = std::move(needs);
  p.after = std::move(after);
  p.when.condition = when;
  p.delay = delay;
  p.action = action(what);
  return p;
}
using State = Runbook::State;

const std::vector<std::string>& conditions() {
  const std::vector<std::string>& names = enum_names<Watched>();
  return names;
}

struct Desk {
  static VersionParams version() {
    VersionParams v;
    v.name = "v";
    v.kind = VersionKind::kConfiguration;
    v.slow = 2;
    return v;
  }
  World world{1};
  HandScene hand;
  Changes changes{world, {}, hand.scene(), {version()}};
  Runbook book;
  explicit Desk(std::vector<StepParams> steps)
      : book(world, {"", {}, {}, std::move(steps)}, changes, hand.scene()) {
    book.start();
  }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  State state(std::size_t k) const { return book.steps()[k].state; }
  // Something that monitoring can show.
  IncidentId happens() { return world.incident("trouble", "test", {}, ""); }
  // A condition holds, shown by this incident.
  void show(Watched when, IncidentId incident) {
    const Alarm alarm{true, {incident}};
    switch (when) {
      case Watched::kSuccessBelow:
        hand.service.success = 0.5;
        hand.service.failing = {incident};
        break;
      case Watched::kPrefixWithdrawn:
        hand.routing.withdrawn = alarm;
        break;
      case Watched::kControlPlaneFrozen:
        hand.planes[1].frozen_now = alarm;
        break;
      case Watched::kBreakerOpen:
        hand.breakers.open = alarm;
        break;
      case Watched::kAutoscalerStopped:
        hand.scalers[1].stopped = alarm;
        break;
    }
  }
  const Incident& incident(IncidentId id) const { return world.journal.all()[id - 1]; }
  // The last incident of a kind; an empty one if there is none.
  Incident last(const std::string& kind) const {
    const auto& all = world.journal.all();
    for (auto i = all.rbegin(); i != all.rend(); ++i)
      if (i->kind == kind) return *i;
    return {};
  }
};

TEST(runbook, acts_after_what_it_watches_was_sustained_and_the_delay_has_passed) {
  StepParams p = step("restore", Watched::kSuccessBelow, 10_min, "restore_routing_policy");
  p.below = Share{0.9};
  p.sustained = 60_s;
  Desk d({p});
  d.hand.service.success = 0.95;
  d.run(1_h);
  EXPECT_EQ(d.state(0), State::kIdle);
  d.hand.service.success = 0.5;
  d.run(30_s);
  d.hand.service.success = 0.95;  // not long enough: begins anew
  d.run(60_s);
  d.hand.service.success = 0.5;
  d.run(59_s);
  EXPECT_FALSE(d.book.somebody_decides());
  d.run(10_s);
  EXPECT_TRUE(d.book.somebody_decides());
  d.run(589_s);
  EXPECT_TRUE(d.hand.acts.done.empty());
  d.run(10_s);
  EXPECT_EQ(d.hand.acts.done, (std::vector<std::string>{"restore0", "restore1"}));
  EXPECT_EQ(d.book.steps()[0].acted_at - d.book.steps()[0].due_at, 10_min);
  d.run(5_h);
  EXPECT_EQ(d.hand.acts.done.size(), 2U);  // once
}

TEST(runbook, stands_down_when_it_went_away_by_itself_and_is_ready_again) {
  Desk d({step("restore", Watched::kPrefixWithdrawn, 10_min, "restore_routing_policy")});
  d.show(Watched::kPrefixWithdrawn, d.happens());
  d.run(5_min);
  const IncidentId paged = d.last("paged").id;
  d.hand.routing.withdrawn = {};
  d.run(20_min);
  EXPECT_TRUE(d.hand.acts.done.empty());
  EXPECT_EQ(d.state(0), State::kIdle);
  EXPECT_EQ(d.last("stood_down").causes, std::vector<IncidentId>{paged});
  EXPECT_EQ(d.last("decided").id, kNoIncident);
  EXPECT_EQ(d.last("acted").id, kNoIncident);
  d.show(Watched::kPrefixWithdrawn, d.happens());
  d.run(11_min);
  EXPECT_EQ(d.hand.acts.count("restore0"), 1U);
  EXPECT_GT(d.last("paged").id, paged);  // again
}

TEST(runbook, every_condition_pages_because_of_what_shows_it_and_the_act_carries_that) {
  for (std::size_t k = 0; k < conditions().size(); ++k) {
    const auto when = static_cast<Watched>(k);
    Desk d({step("answer", when, 10_min, "open_breaker")});
    d.run(1_h);
    EXPECT_TRUE(d.world.journal.all().empty()) << conditions()[k];  // nothing is wrong: no page
    const IncidentId shown = d.happens();
    d.show(when, shown);
    d.run(5_min);
    ASSERT_EQ(d.last("paged").causes, std::vector<IncidentId>{shown}) << conditions()[k];
    EXPECT_NE(d.last("paged").text.find(conditions()[k]), std::string::npos);
    EXPECT_EQ(d.last("decided").id, kNoIncident);
    d.run(10_min);
    EXPECT_EQ(d.last("decided").causes, std::vector<IncidentId>{d.last("paged").id});
    EXPECT_EQ(d.last("acted").causes, std::vector<IncidentId>{d.last("decided").id});
    EXPECT_EQ(d.hand.acts.cause_of("open0"), d.last("acted").id) << conditions()[k];
    EXPECT_EQ(d.last("acted").at - d.last("paged").at, 10_min);
    EXPECT_EQ(d.world.journal.all().size(), 4U) << conditions()[k];
  }
}

// Of an action everything that it changes carries the act, also a second call or another region.
TEST(runbook, every_action_hands_its_act_to_all_that_it_changes) {
  for (const auto& [key, entry] : Registry::global().all()) {
    if (entry.category != "action") continue;
    StepParams whom = step("do_it", Watched::kBreakerOpen, 0_s, entry.name);
    for (const FieldInfo& f : entry.params->fields) {
      void* member = f.member(whom.action.params.get());
      if (f.key == "service") {
        ASSERT_EQ(f.type->parse("store", member), "");
      } else if (f.key == "for" && entry.name == "stall_disk") {
        ASSERT_EQ(f.type->parse("1s", member), "");
      } else if (f.key == "latency") {
        ASSERT_EQ(f.type->parse("1s", member), "");
      }
    }
    Desk d({whom});
    for (HandControlPlane& plane : d.hand.planes) plane.frozen_now.holds = true;
    for (HandAutoscaler& scaler : d.hand.scalers) scaler.wanted = {15, 25};
    for (u32& drained : d.hand.traffic.drained) drained = 1;
    d.show(Watched::kBreakerOpen, d.happens());
    d.run(10_s);
    const IncidentId acted = d.last("acted").id;
    ASSERT_NE(acted, kNoIncident) << entry.name;
    const std::set<std::string> nothing{"page", "undo", "roll_back", "disable"};  // nothing is out
    EXPECT_EQ(d.hand.acts.done.empty(), nothing.count(entry.name) == 1) << entry.name;
    for (const IncidentId cause : d.hand.acts.causes) EXPECT_EQ(cause, acted) << entry.name;
  }
}

TEST(runbook, a_decision_names_how_the_steps_that_it_needs_ended) {
  Desk d({step("look", Watched::kBreakerOpen, 0_s, "page"),
          step("flush", Watched::kBreakerOpen, 1_min, "flush_cache", {"look"}),
          step("ramp", Watched::kBreakerOpen, 1_min, "start_ramp", {"flush"})});
  d.show(Watched::kBreakerOpen, d.happens());
  d.run(6_s);
  const IncidentId looked = d.last("acted").id;
  d.run(30_min);
  EXPECT_EQ(d.last("decided").causes, (std::vector<IncidentId>{looked, d.last("paged").id}));
  d.hand.cache.running = false;
  d.hand.cache.finished = d.world.incident("flush_finished", "test", {}, "");
  d.run(2_min);
  EXPECT_EQ(d.last("decided").causes,
            (std::vector<IncidentId>{d.hand.cache.finished, d.last("paged").id}));
  EXPECT_EQ(d.hand.acts.cause_of("ramp0"), d.last("acted").id);
}

TEST(runbook, a_step_waits_for_those_that_it_needs_and_for_their_operations) {
  Desk d({step("ramp", Watched::kBreakerOpen, 0_s, "start_ramp", {"flush"}),
          step("flush", Watched::kBreakerOpen, 1_min, "flush_cache")});
  d.hand.breakers.open.holds = true;
  d.run(30_min);
  EXPECT_EQ(d.state(1), State::kActing);
  EXPECT_TRUE(d.book.something_runs());
  EXPECT_EQ(d.hand.acts.count("ramp0"), 0U);
  d.hand.cache.running = false;
  d.run(10_s);
  EXPECT_EQ(d.state(1), State::kDone);
  EXPECT_EQ(d.hand.acts.count("ramp0"), 1U);
}

TEST(runbook, after_waits_only_for_steps_that_show_a_need) {
  const auto steps = [] {
    return std::vector{
        step("flush", Watched::kBreakerOpen, 0_s, "flush_cache", {}, {"compact"}),
        step("compact", Watched::kControlPlaneFrozen, 20_min, "compact_defragment_disarm")};
  };
  Desk free(steps());
  free.hand.breakers.open.holds = true;
  free.run(10_s);
  EXPECT_EQ(free.hand.acts.count("flush0"), 1U);

  Desk busy(steps());
  busy.hand.breakers.open.holds = true;
  busy.hand.planes[1].frozen_now.holds = true;
  busy.run(19_min);
  EXPECT_EQ(busy.hand.acts.count("flush0"), 0U);
  busy.run(2_min);
  EXPECT_EQ(busy.hand.acts.done, std::vector<std::string>{"compact1"});  // only where it is frozen
  busy.hand.planes[1].under_repair = false;
  busy.run(10_s);
  EXPECT_EQ(busy.hand.acts.done, (std::vector<std::string>{"compact1", "flush0"}));

  Desk gone(steps());  // the reason to compact vanishes: nothing to wait for
  gone.hand.breakers.open.holds = true;
  gone.hand.planes[1].frozen_now.holds = true;
  gone.run(10_min);
  gone.hand.planes[1].frozen_now.holds = false;
  gone.run(11_min);
  EXPECT_EQ(gone.hand.acts.done, (std::vector<std::string>{"flush0"}));
}

TEST(runbook, a_step_that_needs_an_unknown_one_is_an_error) {
  World world{1};
  HandScene hand;
  Changes changes(world, {}, hand.scene());
  EXPECT_THROW(Runbook(world, {"", {}, {}, {step("x", Watched::kBreakerOpen, 0_s, "page", {"y"})}},
                       changes, hand.scene()),
               InvariantError);
}

}  // namespace test_runbook
}  // namespace stampede
