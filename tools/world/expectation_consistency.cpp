#include "tools/world/expectation_consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "sim/params.h"
#include "sim/registry.h"
#include "tools/language/diagnostics.h"

namespace stampede {
namespace {

class ExpectationCheck {
 public:
  explicit ExpectationCheck(const Spec& spec) : spec_(spec) {
    for (const RegionParams& r : spec.regions) regions_.push_back(r.name);
  }

  std::vector<Finding> findings() {
    for (std::size_t i = 0; i < spec_.expect.size(); ++i) {
      const ExpectationSelection& e = spec_.expect[i];
      if (e.type != nullptr) fields(*e.type, e.params.get(), fmt::format("spec.expect[{}]", i));
    }
    return std::move(out_);
  }

 private:
  // Every `region`, `between` and kind of incident, wherever they stand.
  void fields(const TypeInfo& type, void* object, const std::string& path) {
    for (const FieldInfo& f : type.fields) {
      const std::string at = path + "." + f.key;
      void* value = f.member(object);
      if (f.key == "region" && f.type->kind == ValueKind::kText)
        region(f.type->print(value), at);
      else if (f.type->kind == ValueKind::kText && (f.key == "kind" || f.key == "event"))
        kind(f.type->print(value), at);
      else if (f.key == "incidents")
        order(f, value, at);
      else if (f.key == "between")
        between(f, value, at);
      else if (f.type->kind == ValueKind::kList && f.type->element->kind == ValueKind::kStruct)
        for (std::size_t i = 0; i < f.type->size(value); ++i)
          fields(*f.type->element, f.type->at(value, i), fmt::format("{}[{}]", at, i));
    }
  }
  void region(const std::string& name, const std::string& path) {
    if (!name.empty() && std::find(regions_.begin(), regions_.end(), name) == regions_.end())
      out_.push_back(
          {path, fmt::format("no region is called '{}'{}", name, suggestion(name, regions_))});
  }
  // What a run can record: kinds of their own, and actions of the timeline by their names.
  void kind(const std::string& name, const std::string& path) {
    if (Registry::global().find("incident", name) != nullptr ||
        Registry::global().find("action", name) != nullptr)
      return;
    std::vector<std::string> names;
    for (const auto& [key, entry] : Registry::global().all())
      if (key.first == "incident" || key.first == "action") names.push_back(key.second);
    out_.push_back({path, fmt::format("no incident is called '{}'{}; see `stampede list incidents`",
                                      name, suggestion(name, names))});
  }
  void order(const FieldInfo& field, void* value, const std::string& path) {
    const TypeInfo& list = *field.type;
    if (list.size(value) == 1) out_.push_back({path, "an order takes two incidents or more"});
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < list.size(value); ++i) {
      std::string match;
      for (const FieldInfo& f : list.element->fields)
        match += f.type->print(f.member(list.at(value, i))) + "\n";
      const auto [before, is_new] = seen.emplace(match, i);
      if (!is_new)
        out_.push_back({fmt::format("{}[{}]", path, i),
                        fmt::format("this is incident {} of the list once more, which is never "
                                    "before or after itself; `nth: 2` names its second",
                                    before->second)});
      fields(*list.element, list.at(value, i), fmt::format("{}[{}]", path, i));
    }
  }
  void between(const FieldInfo& field, void* value, const std::string& path) {
    const TypeInfo& list = *field.type;
    const std::size_t size = list.size(value);
    if (size == 0 && !field.required) return;
    if (size != 2) {
      out_.push_back({path, "`between` takes the lowest and the highest value"});
    } else if (list.element->number(list.at(value, 0)) > list.element->number(list.at(value, 1))) {
      out_.push_back({path, fmt::format("{} is above {}: nothing lies between them",
                                        list.element->print(list.at(value, 0)),
                                        list.element->print(list.at(value, 1)))});
    }
  }

  const Spec& spec_;
  std::vector<std::string> regions_;
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> faults_of_expectations(const Spec& spec) {
  return ExpectationCheck(spec).findings();
}

}  // namespace stampede
