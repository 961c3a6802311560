// Changes: what the timeline does leaves a root, heals after `for` or by an undo, and ends nothing
// else.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/changes/changes.h"
#include "tests/models/scene_fixture.h"

namespace stampede {
namespace test_changes {

// The value of one of an action's parameters, wherever it stands.
void set(const TypeInfo& type, void* object, const std::string& key, const std::string& text) {
  for (const FieldInfo& f : type.fields) {
    const TypeInfo* of = f.type;
    void* value = f.member(object);
    if (of->kind == ValueKind::kStruct) set(*of, value, key, text);
    if (f.key != key) continue;
    if (of->kind == ValueKind::kOptional) {
      value = of->append(value);
      of = of->element;
    }
    ASSERT_EQ(of->parse(text, value), "") << key;
  }
}

using Values = std::vector<std::pair<std::string, std::string>>;

ActionSelection action(const std::string& name, const Values& values = {}) {
  const RegistryEntry* entry = Registry::global().find("action", name);
  EXPECT_NE(entry, nullptr) << name;
  ActionSelection a;
  a.name = name;
  a.params = entry->make_params();
  a.type = entry->params;
  for (const auto& [key, text] : values) set(*a.type, a.params.get(), key, text);
  return a;
}

TimelineParams at(Duration when, ActionSelection what) { return {when, std::move(what)}; }

struct Stage {
  // What `roll_out` brings: one parameter, which the service has once.
  static VersionParams version() {
    VersionParams v;
    v.name = "v";
    v.kind = VersionKind::kRouting;
    v.set.push_back({"spec.x", "8"});
    return v;
  }
  World world{1};
  HandScene hand;
  Changes changes;
  explicit Stage(std::vector<TimelineParams> timeline)
      : changes(world, std::move(timeline), hand.scene(), {version()}) {
    changes.start();
  }
  void run(Duration d) { world.scheduler.run_until(world.now() + d); }
  std::vector<Incident> all(const std::string& kind) const {
    std::vector<Incident> found;
    for (const Incident& i : world.journal.all())
      if (i.kind == kind) found.push_back(i);
    return found;
  }
};

using Texts = std::vector<std::string>;
using Ids = std::vector<IncidentId>;

TEST(changes, the_timeline_acts_at_its_time_where_it_says_with_a_root_that_its_effects_name) {
  Stage s({at(90_s, action("push_routing_policy")),
           at(2_min, action("push_routing_policy", {{"region", "b"}}))});
  s.run(89_s);
  EXPECT_TRUE(s.hand.acts.done.empty());
  EXPECT_TRUE(s.world.journal.all().empty());
  s.run(1_s);
  EXPECT_EQ(s.hand.acts.done, (Texts{"push0", "push1"}));  // no target: all
  s.run(1_min);
  EXPECT_EQ(s.hand.acts.done, (Texts{"push0", "push1", "push1"}));
  const auto roots = s.all("push_routing_policy");
  ASSERT_EQ(roots.size(), 2U);
  for (const Incident& root : roots) EXPECT_TRUE(root.causes.empty());
  EXPECT_EQ(roots[1].text, "target.region: b");
  EXPECT_EQ(s.hand.acts.causes, (Ids{roots[0].id, roots[0].id, roots[1].id}));
}

// Whole kind: each fault that is registered, with and without an end.
TEST(changes, every_fault_heals_after_its_time_and_says_so_and_not_without_one) {
  std::size_t tried = 0;
  for (const auto& [name, entry] : action_entries()) {
    if (entry.span == nullptr) continue;
    ++tried;
    for (const bool ends : {true, false}) {
      Values values{{"replicas", "5"},
                    {"offset", "1s"},
                    {"service", "store"},
                    {"record", "api"},
                    {"version", "v"}};
      if (name == "slow_disk") values.emplace_back("by", "1s");
      if (name == "degrade_link") values.emplace_back("latency", "1s");
      if (ends) values.emplace_back("for", "10min");
      Stage s({at(1_min, action(name, values))});
      s.run(11_min - 1_ns);
      ASSERT_FALSE(s.hand.acts.done.empty()) << name;
      const std::size_t before = s.hand.acts.done.size();
      EXPECT_TRUE(s.all("healed").empty()) << name;
      s.run(1_h);
      const auto healed = s.all("healed");
      ASSERT_EQ(healed.size(), ends ? 1U : 0U) << name;
      const std::size_t ended = s.hand.acts.done.size() - before + s.hand.demand.ended.size();
      EXPECT_EQ(ended, ends ? before : 0) << name;
      if (!ends) continue;
      EXPECT_EQ(healed[0].causes, Ids{s.all(name)[0].id}) << name;
      EXPECT_EQ(healed[0].at, Instant{} + 11_min) << name;
      for (std::size_t k = before; k < s.hand.acts.causes.size(); ++k)
        EXPECT_EQ(s.hand.acts.causes[k], healed[0].id) << name;
    }
  }
  EXPECT_GE(tried, 2U);
}

TEST(changes, of_two_at_once_each_heals_by_itself) {
  const auto slow = [](const char* by, const char* length) {
    return action("slow_disk", {{"by", by}, {"region", "a"}, {"for", length}});
  };
  Stage s({at(1_min, slow("100ms", "10min")), at(2_min, slow("200ms", "2min"))});
  s.run(5_min);
  EXPECT_EQ(s.hand.acts.done, (Texts{"slow100ms_0", "slow200ms_0", "fast2_0"}));
  s.run(10_min);
  EXPECT_EQ(s.hand.acts.done.back(), "fast1_0");
  const auto roots = s.all("slow_disk"), healed = s.all("healed");
  ASSERT_EQ(healed.size(), 2U);
  EXPECT_EQ(healed[0].causes, Ids{roots[1].id});
  EXPECT_EQ(healed[1].causes, Ids{roots[0].id});
}

TEST(changes, undo_takes_back_the_one_of_that_name_once_and_before_its_end) {
  Stage s(
      {at(1_min, action("slow_disk", {{"by", "100ms"}, {"region", "a"}, {"name", "one"}})),
       at(2_min,
          action("slow_disk", {{"by", "200ms"}, {"region", "b"}, {"for", "1h"}, {"name", "two"}})),
       at(3_min, action("undo", {{"name", "two"}})), at(4_min, action("undo", {{"name", "two"}}))});
  s.run(4_min - 1_ns);
  EXPECT_EQ(s.hand.acts.done, (Texts{"slow100ms_0", "slow200ms_1", "fast1_1"}));
  const auto undone = s.all("undone");
  ASSERT_EQ(undone.size(), 1U);
  EXPECT_EQ(undone[0].causes, (Ids{s.all("slow_disk")[1].id, s.all("undo")[0].id}));
  EXPECT_EQ(s.hand.acts.causes.back(), undone[0].id);
  EXPECT_TRUE(s.all("nothing_undone").empty());
  s.run(2_h);
  EXPECT_EQ(s.hand.acts.done.size(), 3U);  // neither again nor at its former end
  EXPECT_TRUE(s.all("healed").empty());
  ASSERT_EQ(s.all("nothing_undone").size(), 1U);
  EXPECT_EQ(s.all("nothing_undone")[0].causes, Ids{s.all("undo")[1].id});
}

// Operators give the act as the root, and the step's name unless the action has its own.
TEST(changes, an_operators_change_is_taken_back_by_the_name_of_its_step) {
  Stage s({});
  const IncidentId acted = s.world.incident("acted", "test", {}, "");
  s.changes.apply(action("slow_disk", {{"by", "1s"}, {"region", "a"}}), "step", acted);
  s.changes.apply(action("slow_disk", {{"by", "2s"}, {"region", "b"}, {"name", "own"}}), "other",
                  acted);
  EXPECT_EQ(s.hand.acts.causes, (Ids{acted, acted}));
  EXPECT_TRUE(s.all("slow_disk").empty());  // the runbook has recorded it
  s.changes.undo("other", acted);
  EXPECT_EQ(s.all("undone").size(), 0U);
  s.changes.undo("own", acted);
  s.changes.undo("step", acted);
  EXPECT_EQ(s.all("undone").size(), 2U);
  EXPECT_EQ(s.hand.acts.done.back(), "fast1_0");
}

TEST(changes, a_stall_ends_by_itself_and_says_so) {
  Stage s({at(1_min, action("stall_disk", {{"for", "5s"}, {"region", "a"}}))});
  s.run(65_s);
  EXPECT_EQ(s.hand.acts.done, Texts{"stall5000ms_0"});
  ASSERT_EQ(s.all("healed").size(), 1U);
  EXPECT_EQ(s.all("healed")[0].causes, Ids{s.all("stall_disk")[0].id});
}

TEST(changes, a_set_goes_in_stages_until_it_is_taken_back) {
  Stage s({at(1_min, action("set", {{"path", "spec.x"},
                                    {"value", "8"},
                                    {"over", "6min"},
                                    {"steps", "4"},
                                    {"name", "raise"}})),
           at(6_min, action("undo", {{"name", "raise"}}))});
  s.run(1_min);
  EXPECT_EQ(s.hand.live.changed, Texts{"1: 8 0.250000"});
  EXPECT_EQ(s.hand.live.causes, Ids{s.all("set")[0].id});
  s.run(4_min);
  EXPECT_EQ(s.hand.live.changed.size(), 3U);
  s.run(1_h);
  EXPECT_EQ(s.hand.live.changed.size(), 3U);  // the last stage would have been at 7 min
  EXPECT_EQ(s.hand.acts.done, (Texts{"layer of spec.x", "end of 1"}));
}

TEST(changes, a_set_of_the_first_instant_is_made_before_anything_starts) {
  Stage s({at(0_s, action("set", {{"path", "spec.x"}, {"value", "8"}})),
           at(0_s, action("slow_disk", {{"by", "1s"}}))});
  EXPECT_TRUE(s.hand.live.changed.empty());
  s.changes.begin();
  EXPECT_EQ(s.hand.live.changed, Texts{"1: 8 1.000000"});
  s.run(1_min);
  EXPECT_EQ(s.all("set").size(), 1U);
  EXPECT_EQ(s.all("slow_disk").size(), 1U);
}

}  // namespace test_changes
}  // namespace stampede
