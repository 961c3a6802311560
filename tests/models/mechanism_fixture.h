// A mechanism as the program makes it: by its mitigation's name, with parameters as in a scenario.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/mitigations/mechanism.h"

namespace stampede::test {

template <class Slot>
struct Mechanism {
  std::shared_ptr<void> params;
  std::unique_ptr<Slot> object;
  Slot* operator->() const { return object.get(); }
  Slot& operator*() const { return *object; }
};

template <class Slot>
Mechanism<Slot> make_mechanism(const std::string& name, const typename Slot::Place& place,
                               const std::vector<std::pair<std::string, std::string>>& sets = {}) {
  const RegistryEntry* entry = Registry::global().find("mitigation", name);
  if (entry == nullptr) throw std::invalid_argument("no mitigation is called " + name);
  Mechanism<Slot> made{entry->make_params(), nullptr};
  for (const auto& [key, value] : sets) {
    bool found = false;
    for (const FieldInfo& field : entry->params->fields)
      if (field.key == key) {
        found = true;
        EXPECT_EQ(field.type->parse(value, field.member(made.params.get())), "") << key;
      }
    EXPECT_TRUE(found) << name << " has no parameter " << key;
  }
  made.object = mechanisms<Slot>().at(name)(made.params.get(), place);
  return made;
}

}  // namespace stampede::test
