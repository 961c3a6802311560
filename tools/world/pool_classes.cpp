#include "tools/world/pool_classes.h"

#include <algorithm>
#include <iterator>

namespace stampede {

bool takes(const PoolParams& pool, const ClientClassParams& client) {
  if (pool.engine.role == EngineRole::kDecode) return false;
  if (!pool.model.empty() && !client.model.empty() && pool.model != client.model) return false;
  return pool.classes.empty() ||
         std::find(pool.classes.begin(), pool.classes.end(), client.name) != pool.classes.end();
}

std::vector<std::vector<WorkloadId>> pools_by_class(const std::vector<PoolParams>& pools,
                                                    const std::vector<ClientClassParams>& clients) {
  std::vector<std::vector<WorkloadId>> found;
  std::size_t entries = 0;
  bool rules = false;
  for (const PoolParams& pool : pools) {
    if (pool.engine.role == EngineRole::kDecode) continue;
    ++entries;
  }
  for (const ClientClassParams& c : clients) {
    auto& of_class = found.emplace_back();
    for (std::size_t w = 0; w < pools.size(); ++w)
      if (takes(pools[w], c)) of_class.push_back(static_cast<WorkloadId>(w));
    rules = rules || of_class.empty();
  }
  if (entries == 1 && !rules) found.clear();
  return found;
}

std::vector<ClientClassParams> clients_of(const PoolParams& pool,
                                          const std::vector<ClientClassParams>& clients) {
  std::vector<ClientClassParams> found;
  std::copy_if(clients.begin(), clients.end(), std::back_inserter(found),
               [&](const ClientClassParams& c) { return takes(pool, c); });
  return found.empty() ? clients : found;
}

}  // namespace stampede
