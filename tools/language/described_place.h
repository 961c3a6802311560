// Where a path of a scenario is described: `spec.clients.web.share` at `spec.clients[].share`,
// `spec.timeline[2].action.factor` at the actions that have a `factor`.
#pragma once
#include <optional>
#include <string>

#include "sim/params.h"

namespace stampede {

struct DescribedPlace {
  std::string key;       // as in parameter_rows: elements of lists as `[]`
  std::string category;  // of entries that are chosen there; empty: the key says it all
  std::string below;     // key of those entries' parameters; empty: the choice itself
};

// Elements are addressed by index, `*`, nothing, or their name. None if no such place is described.
std::optional<DescribedPlace> described_place(const TypeInfo& type, const std::string& path);

}  // namespace stampede
