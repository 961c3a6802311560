#include "models/network/as_generator.h"

#include <algorithm>

#include "sim/random.h"

namespace stampede {

namespace {

class Generator {
 public:
  Generator(const AsGeneratorParams& params, u32 regions, u64 seed)
      : params_(params),
        regions_(std::max(regions, 1u)),
        providers_(stream_key(seed, "network.generator", "providers")),
        peers_(stream_key(seed, "network.generator", "peers")) {}

  AsGraph run() {
    const u32 all = static_cast<u32>(params_.ases);
    const u32 transit = std::min(static_cast<u32>(params_.transit), all);
    const u32 mid =
        transit + static_cast<u32>(static_cast<double>(all - transit) * params_.mid.value);
    for (u32 i = 0; i < all; ++i)
      graph_.set_region(graph_.add_as(i + 1), static_cast<RegionId>(i % regions_));
    for (u32 i = 0; i < transit; ++i)
      for (u32 k = i + 1; k < transit; ++k) graph_.add_link(i + 1, k + 1, LinkKind::kPeerToPeer);
    for (u32 i = transit; i < mid; ++i) buy(i, 0, i, params_.mid_providers_max);
    for (u32 i = transit; i < mid; ++i)
      for (u32 k = i + 1; k < mid; ++k) maybe_peer(i, k);
    const bool has_mid = mid > transit;
    for (u32 i = mid; i < all; ++i)
      buy(i, has_mid ? transit : 0, has_mid ? mid : transit, params_.providers_max);
    return std::move(graph_);
  }

 private:
  // Links AS `i` below 1 to `most` drawn ASes of [low, high).
  void buy(u32 i, u32 low, u32 high, i32 most) {
    const double count = uniform(draw(providers_, i, 0));
    const u32 wanted = 1 + static_cast<u32>(count * most);
    std::vector<u32> near, any;
    for (u32 k = low; k < high; ++k) {
      any.push_back(k);
      if (graph_.region(k) == graph_.region(i)) near.push_back(k);
    }
    for (u32 n = 1; n <= wanted; ++n) {
      const Words w = draw(providers_, i, n);
      const std::vector<u32>& from = uniform(w) < params_.local.value && !near.empty() ? near : any;
      const auto pick = static_cast<std::size_t>(uniform2(w) * static_cast<double>(from.size()));
      graph_.add_link(from[pick] + 1, i + 1, LinkKind::kProviderToCustomer);
    }
  }

  void maybe_peer(u32 i, u32 k) {
    const double chance =
        graph_.region(i) == graph_.region(k) ? params_.add_p2p.value : params_.add_p2p_far.value;
    if (uniform(draw(peers_, i, k)) < chance) graph_.add_link(i + 1, k + 1, LinkKind::kPeerToPeer);
  }

  const AsGeneratorParams& params_;
  u32 regions_;
  StreamKey providers_, peers_;
  AsGraph graph_;
};

}  // namespace

AsGraph generate_as_graph(const AsGeneratorParams& params, u32 regions, u64 seed) {
  return Generator(params, regions, seed).run();
}

}  // namespace stampede
