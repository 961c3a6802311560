// What holds of every mitigation, however many there are: what it patches exists, each parameter
// changes something, each has a page, and the slots that take one take no second.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "models/mitigations/mechanism.h"
#include "models/mitigations/overlay.h"
#include "models/ports/admission_port.h"
#include "models/ports/deadline_port.h"
#include "models/ports/endpoint_filter_port.h"
#include "models/ports/hedging_port.h"
#include "models/ports/region_filter_port.h"
#include "models/ports/replica_choice_port.h"
#include "models/ports/single_flight_port.h"
#include "tests/directories.h"
#include "tools/language/describe.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_mitigation_contract {

std::vector<Patch> patches(const std::string& name, const void* params) {
  return overlays().at(name)(params);
}

template <class Slot>
void add_names(std::vector<std::string>& names) {
  for (const auto& [name, maker] : mechanisms<Slot>()) names.push_back(name);
}
std::vector<std::string> all_mechanisms() {
  std::vector<std::string> names;
  add_names<EndpointFilter>(names);
  add_names<ReplicaChoice>(names);
  add_names<RegionFilter>(names);
  add_names<HedgingPolicy>(names);
  add_names<DeadlinePolicy>(names);
  add_names<SingleFlight>(names);
  add_names<AdmissionPolicy>(names);
  return names;
}

std::string outage() { return source_directory() + "/scenarios/01-deepseek-2026-03-29.yaml"; }

TEST(mitigation_contract, every_patch_names_something_that_exists) {
  ASSERT_GT(overlays().size(), 10U);
  for (const auto& [name, overlay] : overlays()) {
    const RegistryEntry* entry = Registry::global().find("mitigation", name);
    ASSERT_NE(entry, nullptr) << name;
    const auto params = entry->make_params();
    EXPECT_FALSE(patches(name, params.get()).empty()) << name;
    for (const Patch& patch : patches(name, params.get()))
      EXPECT_NE(described_at(type_of<Scenario>(), patch.path), nullptr)
          << name << " patches " << patch.path;
    EXPECT_NO_THROW(load_scenario(outage(), {}, {name})) << name;  // the values can be read
  }
}

TEST(mitigation_contract, every_parameter_of_an_overlay_reaches_a_patch) {
  for (const auto& [name, overlay] : overlays()) {
    const RegistryEntry* entry = Registry::global().find("mitigation", name);
    for (const FieldInfo& field : entry->params->fields) {
      ASSERT_NE(field.type->scale, nullptr) << name << ": give " << field.key << " a case here";
      const auto usual = entry->make_params(), other = entry->make_params();
      FieldInfo halved = field;
      halved.scaling = Scaling::kWith;
      const std::string whole = field.type->print(field.member(usual.get()));
      field.type->scale(field.member(other.get()), 0.5, halved);
      if (field.type->print(field.member(other.get())) == whole)  // half of 1 is 1
        field.type->scale(field.member(other.get()), 3, halved);
      const auto before = patches(name, usual.get()), after = patches(name, other.get());
      bool changed = false;
      for (std::size_t i = 0; i < before.size(); ++i)
        changed =
            changed || before[i].value != after.at(i).value || before[i].times != after[i].times;
      EXPECT_TRUE(changed) << name << "." << field.key << " has no effect";
    }
  }
}

TEST(mitigation_contract, every_mitigation_is_an_overlay_or_a_mechanism) {
  const std::vector<std::string> mechanisms = all_mechanisms();
  for (const auto& [key, entry] : Registry::global().all()) {
    if (key.first != "mitigation") continue;
    const bool stands =
        std::find(mechanisms.begin(), mechanisms.end(), entry.name) != mechanisms.end();
    EXPECT_TRUE(stands || overlays().count(entry.name) > 0) << entry.name;
  }
}

// A page, and in each slot that clients and gateways have at least two to compare.
TEST(mitigation_contract, every_mitigation_has_a_page_and_slots_have_several) {
  std::map<MitigationSlot, int> of_slot;
  for (const auto& [name, facts] : mitigation_facts()) {
    ++of_slot[facts.slot];
    EXPECT_TRUE(std::filesystem::exists(source_directory() + "/docs/mitigations/" + name + ".md"))
        << name;
  }
  for (const MitigationSlot slot :
       {MitigationSlot::kRetryDelay, MitigationSlot::kBudget, MitigationSlot::kHedging,
        MitigationSlot::kDeadline, MitigationSlot::kBreaker, MitigationSlot::kEjection,
        MitigationSlot::kPick, MitigationSlot::kFilter, MitigationSlot::kFallback})
    EXPECT_GE(of_slot[slot], 2) << name_of(slot);
}

// Played for a while on the fleet of `init`: listed, described and switched on without anything
// else that names it.
TEST(mitigation_contract, every_mitigation_can_be_switched_on) {
  const std::string file = source_directory() + "/scenarios/templates/init.yaml";
  for (const auto& [name, facts] : mitigation_facts()) {
    const Loaded loaded = load_scenario(
        file, {parse_set("spec.duration=12min"), parse_set("spec.expect=[]")}, {name});
    EXPECT_EQ(run_simulation(loaded.scenario, {}).digest,
              run_simulation(loaded.scenario, {}).digest)
        << name;
  }
}

// On a file that says hardly more than it must: what a mitigation multiplies may be absent.
TEST(mitigation_contract, every_mitigation_can_be_switched_on_where_little_is_said) {
  const SourceText file{"small.yaml",
                        "apiVersion: stampede/v1alpha1\nkind: Scenario\nmetadata: {name: a}\n"
                        "spec: {duration: 1min, demand: {rate: 1/s}, clients: [{name: c, "
                        "total_timeout: 30s}], regions: [{name: home, nodes: 4, pools: "
                        "[{replicas: 2}]}], serving: {pools: [{name: replicas}]}}\n"};
  for (const auto& [name, facts] : mitigation_facts()) {
    try {
      run_simulation(load_scenario(file, {}, {name}, around("small.yaml", {})).scenario, {});
    } catch (const InputError&) {  // it wants what is not there, and says so
    } catch (const ScenarioError&) {
    }
  }
  const Loaded loaded = load_scenario(file, {}, {"static_stability"}, around("small.yaml", {}));
  EXPECT_EQ(loaded.scenario.spec.regions[0].nodes, 6);
  EXPECT_EQ(loaded.scenario.spec.regions[0].pools[0].replicas, 3);
  EXPECT_FALSE(loaded.scenario.spec.regions[0].pools[0].min_replicas.has_value());
}

// What rules of choice look at, caches and gauges of pods, is the same in steps that are computed
// at once and one by one; so is what a gateway holds back.
TEST(mitigation_contract, rules_of_choice_see_the_same_in_single_steps) {
  const std::string file = source_directory() + "/scenarios/templates/init.yaml";
  for (const auto& [name, maker] : mechanisms<ReplicaChoice>()) {
    std::vector<Override> sets;
    for (const char* set : {"spec.duration=12min", "spec.expect=[]", "spec.gateway.flow_control={}",
                            "spec.serving.pools[0].engine.prefix_caching=true",
                            "spec.serving.pools[0].front_end.workers=1"})
      sets.push_back(parse_set(set));
    const auto digest = [&] {
      return run_simulation(load_scenario(file, sets, {name}).scenario, {}).results_digest;
    };
    const std::string at_once = digest();
    sets.push_back(parse_set("spec.serving.exact_steps=true"));
    EXPECT_EQ(digest(), at_once) << name;
  }
}

// A router that looks for prefixes where nobody keeps any is doubted; one by load alone is not.
TEST(mitigation_contract, routers_by_prefix_want_a_prefix_cache) {
  const std::string file = source_directory() + "/scenarios/templates/init.yaml";
  const auto doubts = [&](const std::string& name, const std::vector<Override>& sets) {
    const Loaded loaded = load_scenario(file, sets, {name});
    return std::count_if(loaded.warnings.begin(), loaded.warnings.end(), [](const Diagnostic& d) {
      return d.message.find("looks for prefixes") != std::string::npos;
    });
  };
  const std::vector<Override> caching{
      parse_set("spec.serving.pools[0].engine.prefix_caching=true")};
  for (const char* name :
       {"prefix_less_load", "weighted_scorers", "kv_cost", "prefix_power_of_two"}) {
    EXPECT_EQ(doubts(name, {}), 1) << name;
    EXPECT_EQ(doubts(name, caching), 0) << name;
  }
  EXPECT_EQ(doubts("scraped_load", {}), 0);
}

// Another one of the slot, or where there is none the same one again.
template <class Slot>
void takes_one() {
  const auto first = mechanisms<Slot>().begin();
  const auto second = mechanisms<Slot>().size() > 1 ? std::next(first) : first;
  const std::string file = source_directory() + "/scenarios/templates/init.yaml";
  std::string path, message;
  try {
    const Loaded loaded = load_scenario(file, {}, {first->first, second->first});
    run_simulation(loaded.scenario, [](double) { return false; });
  } catch (const ScenarioError& error) {
    path = error.path;
    message = error.what();
  } catch (const InputError& error) {
    path = error.diagnostics.front().path;
    message = error.what();
  }
  EXPECT_EQ(path, "spec.mitigations[1]");
  EXPECT_NE(message.find(first->first), std::string::npos) << message;
}
TEST(mitigation_contract, slots_that_take_one_take_no_second) {
  takes_one<ReplicaChoice>();
  takes_one<HedgingPolicy>();
  takes_one<DeadlinePolicy>();
  takes_one<SingleFlight>();
}

}  // namespace test_mitigation_contract
}  // namespace stampede
