#include "tools/world/mitigation_consistency.h"

#include <fmt/format.h>

#include <set>

#include "tools/world/needs.h"
#include "tools/world/replaced.h"

namespace stampede {

std::vector<Finding> faults_of_mitigations(const Spec& spec) {
  std::vector<Finding> out;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < spec.mitigations.size(); ++i)
    if (!seen.insert(spec.mitigations[i].name).second)
      out.push_back({fmt::format("spec.mitigations[{}]", i),
                     fmt::format("'{}' stands there already", spec.mitigations[i].name)});
  return out;
}

std::vector<Finding> doubts_of_mitigations(const Spec& spec) {
  std::vector<Finding> out;
  for (std::size_t i = 0; i < spec.mitigations.size(); ++i)
    if (const auto need = unmet_need(spec.mitigations[i].name, spec))
      out.push_back(
          {fmt::format("spec.mitigations[{}]", i),
           fmt::format("'{}' changes nothing here: {}", spec.mitigations[i].name, lack_of(*need))});
  for (const Replaced& one : replaced_mitigations(spec))
    out.push_back({fmt::format("spec.mitigations[{}]", one.mitigation), one.why});
  return out;
}

}  // namespace stampede
