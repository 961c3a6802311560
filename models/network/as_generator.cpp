#include "models/network/as_generator.h"

#include <algorithm>
#include <cmath>

#include "sim/math.h"
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
    for (u32 i = transit; i < mid; ++i)
      buy(i, 0, i, i < kCoreAses ? params_.mid_providers_max : params_.providers_max);
    if (all <= kCoreAses)
      peer_in_the_core(transit, mid);
    else
      peer_by_rank(transit, mid);
    const bool has_mid = mid > transit;
    for (u32 i = mid; i < all; ++i)
      buy(i, has_mid ? transit : 0, has_mid ? mid : transit, params_.providers_max);
    return std::move(graph_);
  }

 private:
  // Of `count` ASes in order of size the one that a draw stands for.
  u32 ranked(double u, u32 count) const {
    if (params_.ases <= static_cast<i32>(kCoreAses) || params_.rank_exponent == 0)
      return static_cast<u32>(u * count);
    const double rest = 1 - params_.rank_exponent, most = count + 1.0;
    const double rank = std::abs(rest) < 1e-9
                            ? math::pow(most, u)
                            : math::pow(1 + u * (math::pow(most, rest) - 1), 1 / rest);
    return std::min(static_cast<u32>(rank - 1), count - 1);
  }

  // Links AS `i` below 1 to `most` drawn ASes of [low, high).
  void buy(u32 i, u32 low, u32 high, i32 most) {
    const double count = uniform(draw(providers_, i, 0));
    const u32 wanted = 1 + static_cast<u32>(count * most);
    // Regions take turns: those of i's own are every regions_-th.
    const u32 first = low + (i % regions_ + regions_ - low % regions_) % regions_;
    const u32 near = first < high ? (high - first - 1) / regions_ + 1 : 0;
    for (u32 n = 1; n <= wanted; ++n) {
      const Words w = draw(providers_, i, n);
      const u32 pick = uniform(w) < params_.local.value && near > 0
                           ? first + ranked(uniform2(w), near) * regions_
                           : low + ranked(uniform2(w), high - low);
      graph_.add_link(pick + 1, i + 1, LinkKind::kProviderToCustomer);
    }
  }

  void peer_in_the_core(u32 low, u32 high) {
    for (u32 i = low; i < high; ++i)
      for (u32 k = i + 1; k < high; ++k) {
        const double chance = graph_.region(i) == graph_.region(k) ? params_.add_p2p.value
                                                                   : params_.add_p2p_far.value;
        if (uniform(draw(peers_, i, k)) < chance)
          graph_.add_link(i + 1, k + 1, LinkKind::kPeerToPeer);
      }
  }

  // As many as the core's chances give in a graph of its size, at most `peers`: each AS asks for
  // half of its own, of ASes by rank.
  void peer_by_rank(u32 low, u32 high) {
    const double core = kCoreAses * params_.mid.value;
    const double near = params_.add_p2p.value * core / regions_;
    const double far = params_.add_p2p_far.value * core * (regions_ - 1) / regions_;
    const double mean = std::min(near + far, params_.peers);
    if (mean <= 0 || high - low < 2) return;
    for (u32 i = low; i < high; ++i) {
      const u32 asked = static_cast<u32>(mean / 2 + uniform(draw(peers_, i, 0)));
      const u32 first = low + (i % regions_ + regions_ - low % regions_) % regions_;
      const u32 close = first < high ? (high - first - 1) / regions_ + 1 : 0;
      for (u32 n = 1; n <= asked; ++n) {
        const Words w = draw(peers_, i, n);
        const u32 pick = uniform(w) * (near + far) < near && close > 0
                             ? first + ranked(uniform2(w), close) * regions_
                             : low + ranked(uniform2(w), high - low);
        graph_.add_link(i + 1, pick + 1, LinkKind::kPeerToPeer);
      }
    }
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
