// People's acts in the reference outage: what paged them, what they decided, what that changed, and
// that nobody is paged without the fault.
#include <gtest/gtest.h>

#include <set>

#include "tests/tools/outage_run.h"

namespace stampede {
namespace test_outage_causes {

using Kinds = std::set<std::string>;

// A step of the scenario: by which incidents it is paged, and what its act brings.
struct Act {
  std::string step;
  Kinds paged_by, effects;
};
const std::vector<Act>& acts() {
  static const std::vector<Act> all{
      {"paged", {"failover_started", "prefix_withdrawn", "replica_overloaded"}, {"decided"}},
      {"restore_routing", {"policy_pushed"}, {"policy_restored"}},
      {"stop_autoscaler", {"control_plane_frozen"}, {"autoscaler_stopped", "decided"}},
      {"compact_etcd", {"control_plane_frozen"}, {"recovered", "repair_started"}},
      {"flush_cache", {"breaker_opened"}, {"flush_started"}},
      {"restart_autoscaler", {"autoscaler_stopped"}, {"autoscaler_started", "recovered"}},
      {"verify_and_ramp", {"breaker_opened"}, {"ramp_started"}}};
  return all;
}

struct Causes : ::testing::Test {
  static const OutageRun& run() {
    static const OutageRun whole = run_outage({}, "1/50", "10h");
    return whole;
  }
  static const Incident& at(IncidentId id) { return run().results.incidents.at(id - 1); }
  static Kinds kinds_of(const std::vector<IncidentId>& ids) {
    Kinds kinds;
    for (const IncidentId id : ids) kinds.insert(at(id).kind);
    return kinds;
  }
  // Kinds of what names an incident as a cause.
  static Kinds effects_of(IncidentId id) {
    Kinds kinds;
    for (const Incident& i : run().results.incidents)
      if (std::count(i.causes.begin(), i.causes.end(), id) > 0) kinds.insert(i.kind);
    return kinds;
  }
  // What a step did of a kind; null if it did no such thing or did it twice.
  static const Incident* of_step(const std::string& step, const std::string& kind) {
    const Incident* found = nullptr;
    int times = 0;
    for (const Incident& i : run().results.incidents)
      if (i.kind == kind && i.text.starts_with(step + ":")) found = &i, ++times;
    return times == 1 ? found : nullptr;
  }
  // The kinds on all chains of causes that lead to an incident.
  static Kinds led_to(IncidentId id) {
    Kinds kinds;
    std::set<IncidentId> open{id}, seen;
    while (!open.empty()) {
      const IncidentId next = *open.begin();
      open.erase(open.begin());
      if (!seen.insert(next).second) continue;
      for (const IncidentId cause : at(next).causes) {
        kinds.insert(at(cause).kind);
        open.insert(cause);
      }
    }
    return kinds;
  }
};

TEST_F(Causes, each_act_was_decided_by_somebody_paged_by_what_showed_the_alarm) {
  for (const Act& act : acts()) {
    const Incident* paged = of_step(act.step, "paged");
    const Incident* decided = of_step(act.step, "decided");
    const Incident* acted = of_step(act.step, "acted");
    ASSERT_TRUE(paged && decided && acted) << act.step << "\n" << run().text();
    EXPECT_EQ(kinds_of(paged->causes), act.paged_by) << act.step;
    EXPECT_EQ(std::count(decided->causes.begin(), decided->causes.end(), paged->id), 1) << act.step;
    EXPECT_EQ(acted->causes, std::vector<IncidentId>{decided->id}) << act.step;
    EXPECT_EQ(effects_of(acted->id), act.effects) << act.step;
  }
  EXPECT_EQ(run().count("acted"), static_cast<int>(acts().size())) << run().text();
}

// What people change names the act, also where several regions are changed; only the fault of the
// timeline was nobody's decision.
TEST_F(Causes, nothing_that_people_change_comes_from_nowhere) {
  const Kinds changes{"policy_restored", "autoscaler_stopped", "repair_started",
                      "flush_started",   "autoscaler_started", "ramp_started"};
  for (const Incident& i : run().results.incidents)
    if (changes.contains(i.kind)) {
      EXPECT_EQ(kinds_of(i.causes).count("acted"), 1U) << i.kind << " in " << i.component;
    }
  for (const char* kind : {"policy_restored", "autoscaler_stopped", "repair_started",
                           "flush_started", "autoscaler_started", "ramp_started"})
    EXPECT_GT(run().count(kind), 0) << kind;
  EXPECT_EQ(run().count("push_routing_policy"), 1);
  for (const Incident& i : run().results.incidents)
    if (i.kind == "push_routing_policy") {
      EXPECT_TRUE(i.causes.empty());
    }
}

TEST_F(Causes, the_way_back_leads_to_the_people_who_brought_it) {
  const std::vector<std::pair<const char*, const char*>> ways{
      {"prefix_restored", "policy_restored"},
      {"control_plane_recovered", "repair_started"},
      {"flush_finished", "flush_started"},
      {"ramp_started", "flush_finished"},  // the flush was what its step had to wait for
      {"breaker_closed", "ramp_started"},
      {"recovered", "breaker_closed"},
      {"recovered", "policy_restored"}};
  for (const auto& [effect, cause] : ways) {
    const auto& all = run().results.incidents;
    const auto last =
        std::find_if(all.rbegin(), all.rend(), [&](const Incident& i) { return i.kind == effect; });
    ASSERT_NE(last, all.rend()) << effect;
    const Kinds before = led_to(last->id);
    for (const char* kind : {cause, "acted", "decided", "paged", "push_routing_policy"})
      EXPECT_EQ(before.count(kind), 1U) << effect << " without " << kind;
  }
}

TEST_F(Causes, nobody_is_paged_without_the_fault) {
  const OutageRun quiet = run_outage(kNoPush, "1/50", "3h");
  for (const char* kind : {"paged", "decided", "acted", "stood_down"})
    EXPECT_EQ(quiet.count(kind), 0) << kind << "\n" << quiet.text();
}

}  // namespace test_outage_causes
}  // namespace stampede
