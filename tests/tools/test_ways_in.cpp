// Whatever is registered can be written in a scenario: its parameters are those of a key of `spec`,
// or its name is what a key selects.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/registry.h"
#include "tools/world/scenario.h"

namespace stampede {
namespace test_ways_in {

struct Reached {
  std::set<const TypeInfo*> types;
  std::set<std::string> categories;
};

void walk(const TypeInfo& type, Reached& reached) {
  if (!reached.types.insert(&type).second) return;
  if (type.kind == ValueKind::kSelection) {
    reached.categories.insert(type.category);
    for (const auto& [key, entry] : Registry::global().all())
      if (entry.category == type.category) walk(*entry.params, reached);
  }
  for (const FieldInfo& field : type.fields) walk(*field.type, reached);
  if (type.element != nullptr) walk(*type.element, reached);
}

// Itself, or as the base of another struct, whose keys are then among that one's.
bool reaches(const Reached& reached, const TypeInfo& params) {
  const auto has = [](const TypeInfo& type, const std::string& key) {
    return std::any_of(type.fields.begin(), type.fields.end(),
                       [&](const FieldInfo& field) { return field.key == key; });
  };
  return reached.types.count(&params) > 0 ||
         std::any_of(reached.types.begin(), reached.types.end(), [&](const TypeInfo* type) {
           return std::all_of(params.fields.begin(), params.fields.end(),
                              [&](const FieldInfo& field) { return has(*type, field.key); });
         });
}

TEST(ways_in, everything_registered_has_one) {
  Reached reached;
  walk(type_of<Scenario>(), reached);
  EXPECT_EQ(reached.categories, (std::set<std::string>{"action", "expectation", "mitigation"}));
  int models = 0;
  for (const auto& [key, entry] : Registry::global().all()) {
    // An incident is what comes out; tests register things of their own.
    if (entry.category == "incident" || entry.category.starts_with("test")) continue;
    models += entry.category == "model";
    EXPECT_TRUE(reached.categories.count(entry.category) > 0 || reaches(reached, *entry.params))
        << entry.category << " " << entry.name
        << " is registered, and no key of a scenario reaches it";
  }
  EXPECT_GE(models, 12);
}

}  // namespace test_ways_in
}  // namespace stampede
