#include "models/balancing/traffic_split.h"

#include <algorithm>

#include "sim/check.h"

namespace stampede {

Shares proportional_split(const Shares& capacity) {
  double sum = 0;
  for (double c : capacity) sum += c;
  Shares out(capacity.size(), 0.0);
  if (sum <= 0) return out;
  for (std::size_t r = 0; r < capacity.size(); ++r) out[r] = capacity[r] / sum;
  return out;
}

std::vector<Shares> waterfall_split(const Waterfall& in) {
  const std::size_t homes = in.demand.size(), regions = in.capacity.size();
  STAMPEDE_CHECK(in.order.size() == homes, "waterfall: one order a home");
  const auto open = [&](std::size_t h, std::size_t r) {
    return h != r || in.away.empty() || in.away[h] == 0;
  };
  std::vector<Shares> placed(homes, Shares(regions, 0.0));
  Shares left = in.demand, room(regions), foreign_room(regions);
  for (std::size_t r = 0; r < regions; ++r) {
    room[r] = in.capacity[r] * in.target_utilization;
    foreign_room[r] = in.capacity[r] * in.spill_cap;
  }
  std::vector<std::vector<std::size_t>> callers(regions);  // homes that come to a region at a rank
  for (std::size_t rank = 0; rank < regions; ++rank) {
    for (auto& homes_of : callers) homes_of.clear();
    for (std::size_t h = 0; h < homes; ++h) callers[in.order[h][rank]].push_back(h);
    // Home demand first: a region serves its own clients before it takes those of others.
    for (int foreign = 0; foreign < 2; ++foreign) {
      for (std::size_t r = 0; r < regions; ++r) {
        double wanted = 0;
        for (const std::size_t h : callers[r])
          if ((h != r) == (foreign != 0) && open(h, r)) wanted += left[h];
        if (wanted <= 0) continue;
        const double limit = foreign != 0 ? std::min(room[r], foreign_room[r]) : room[r];
        const double share = std::min(1.0, std::max(0.0, limit) / wanted);
        for (const std::size_t h : callers[r]) {
          if ((h != r) != (foreign != 0) || !open(h, r)) continue;
          const double sent = left[h] * share;
          placed[h][r] += sent;
          left[h] -= sent;
          room[r] -= sent;
          if (foreign != 0) foreign_room[r] -= sent;
        }
      }
    }
  }
  for (std::size_t h = 0; h < homes; ++h) {
    if (in.demand[h] <= 0) {  // nothing measured: the nearest usable region
      for (u32 r : in.order[h])
        if (in.capacity[r] > 0 && open(h, r)) {
          placed[h][r] = 1;
          break;
        }
      continue;
    }
    Shares usable = in.capacity;
    if (h < regions && !open(h, h)) usable[h] = 0;
    const Shares overload = proportional_split(usable);
    for (std::size_t r = 0; r < regions; ++r)
      placed[h][r] = (placed[h][r] + left[h] * overload[r]) / in.demand[h];
  }
  return placed;
}

std::vector<u32> priority_split(const std::vector<HostCount>& priorities) {
  constexpr u32 kOverprovisioningPercent = 140;
  std::vector<u32> health, load;
  u32 sum = 0;
  for (const HostCount& p : priorities) {
    const u64 h = p.total == 0 ? 0 : u64{kOverprovisioningPercent} * p.healthy / p.total;
    health.push_back(static_cast<u32>(std::min<u64>(100, h)));
    sum += health.back();
  }
  const u32 norm = std::min(100U, sum);
  u32 left = norm == 0 ? 0 : 100;
  for (u32 h : health) {
    const u32 wanted = norm == 0 ? 0 : (h * 100 + norm / 2) / norm;  // nearest whole per cent
    load.push_back(std::min(left, wanted));
    left -= load.back();
  }
  return load;
}

}  // namespace stampede
