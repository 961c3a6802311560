#include "models/network/prefix_classes.h"

#include <algorithm>
#include <map>

namespace stampede {

PrefixClasses::PrefixClasses(const std::vector<u64>& alike) {
  std::map<u64, ClassIndex> known;
  for (PrefixIndex p = 0; p < alike.size(); ++p) {
    const auto [it, fresh] = known.try_emplace(alike[p], count());
    if (fresh) {
      members_.emplace_back();
      parent_.push_back(it->second);
      born_.push_back(0);
    }
    class_of_.push_back(it->second);
    members_[it->second].push_back(p);
  }
}

std::vector<std::pair<ClassIndex, ClassIndex>> PrefixClasses::apart(PrefixIndex first, u32 number,
                                                                    u64 now) {
  std::map<ClassIndex, std::vector<PrefixIndex>> wanted;
  for (PrefixIndex p = first; p < first + number; ++p) wanted[class_of_[p]].push_back(p);
  std::vector<std::pair<ClassIndex, ClassIndex>> result;
  for (auto& [c, away] : wanted) {
    if (away.size() == members_[c].size()) {
      result.emplace_back(c, c);
      continue;
    }
    const ClassIndex fresh = count();
    for (const PrefixIndex p : away) class_of_[p] = fresh;
    std::erase_if(members_[c], [&](PrefixIndex p) { return class_of_[p] == fresh; });
    members_.push_back(std::move(away));
    parent_.push_back(c);
    born_.push_back(now);
    result.emplace_back(fresh, c);
  }
  return result;
}

}  // namespace stampede
