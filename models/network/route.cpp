#include "models/network/route.h"

namespace stampede {

PathTable::PathTable() { nodes_.push_back({0, 0, 0, 0}); }

PathId PathTable::prepend(u32 asn, PathId tail) {
  const u64 key = static_cast<u64>(asn) << 32 | tail;
  const auto [it, fresh] = index_.try_emplace(key, static_cast<PathId>(nodes_.size()));
  if (fresh)
    nodes_.push_back(
        {asn, tail, nodes_[tail].length + 1, tail == kEmpty ? asn : nodes_[tail].origin});
  return it->second;
}

PathId PathTable::from_list(const std::vector<u32>& path) {
  PathId id = kEmpty;
  for (auto it = path.rbegin(); it != path.rend(); ++it) id = prepend(*it, id);
  return id;
}

std::vector<u32> PathTable::list(PathId path) const {
  std::vector<u32> result;
  if (path == kNoPath) return result;
  for (; path != kEmpty; path = nodes_[path].tail) result.push_back(nodes_[path].asn);
  return result;
}

bool PathTable::contains(PathId path, u32 asn) const {
  for (; path != kEmpty; path = nodes_[path].tail)
    if (nodes_[path].asn == asn) return true;
  return false;
}

}  // namespace stampede
