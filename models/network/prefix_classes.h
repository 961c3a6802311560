// Which prefixes are one class: those that nothing has told apart share one row of every table.
// State: the classes; they are split and never joined.
// Limits: what has become alike again stays apart.
#pragma once
#include <utility>
#include <vector>

#include "models/network/bgp_observer.h"
#include "sim/units.h"

namespace stampede {

using ClassIndex = u32;

class PrefixClasses {
 public:
  // `alike`: [prefix] equal numbers for prefixes of one class.
  explicit PrefixClasses(const std::vector<u64>& alike = {});

  u32 count() const { return static_cast<u32>(members_.size()); }
  ClassIndex of(PrefixIndex p) const { return class_of_[p]; }
  const std::vector<PrefixIndex>& prefixes() const { return class_of_; }  // [prefix] its class
  const std::vector<PrefixIndex>& members(ClassIndex c) const { return members_[c]; }

  // Puts these prefixes into classes that hold nothing else. Returns those classes, and of each the
  // one that it was split from: itself if all of its prefixes were meant. `now` numbers what
  // happens.
  std::vector<std::pair<ClassIndex, ClassIndex>> apart(PrefixIndex first, u32 count, u64 now);

  // What was under way since `since` for a class reaches those that were split off later.
  template <class Do>
  void with_heirs(ClassIndex c, u64 since, const Do& act) const {
    act(c);
    for (ClassIndex d = c + 1; d < count(); ++d)
      if (parent_[d] == c && born_[d] >= since) with_heirs(d, since, act);
  }
  // An event of a class is also that of those split off while it was to come (`inherited`).
  template <class Is, class Do>
  void with_inherited(ClassIndex c, const Is& inherited, const Do& act) const {
    act(c);
    for (ClassIndex d = c + 1; d < count(); ++d)
      if (parent_[d] == c && inherited(d)) with_inherited(d, inherited, act);
  }

 private:
  std::vector<ClassIndex> class_of_;               // [prefix]
  std::vector<std::vector<PrefixIndex>> members_;  // [class], ascending
  std::vector<ClassIndex> parent_;                 // [class], itself if it was not split off
  std::vector<u64> born_;                          // [class]
};

}  // namespace stampede
