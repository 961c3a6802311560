// Condemning what the KV cache has stored, and harm to it and to what engines keep.
#include <algorithm>

#include "models/changes/action.h"
#include "models/changes/targets.h"

namespace stampede {
namespace {

Completion flushing(const CacheControlPort* cache) {
  return [cache] {
    return cache->flushing() ? Ending{false, kNoIncident} : Ending{true, cache->flushed()};
  };
}

const RegisterAction<NoParams> flush_cache{
    "flush_cache", "the whole KV cache is invalidated and its index rebuilt, object by object",
    "Chowdary 2026: full flush of over 4 PB in over 4 h",
    [](const NoParams&, const Act& act) -> Effect {
      act.scene.cache->start_flush(act.root);
      return {.over = flushing(act.scene.cache)};
    }};

const RegisterAction<NoParams> bump_cache_epoch{
    "bump_cache_epoch", "one write makes the whole KV cache invalid; space is reclaimed lazily", "",
    [](const NoParams&, const Act& act) -> Effect {
      act.scene.cache->start_epoch_bump(act.root);
      return {.over = flushing(act.scene.cache)};
    }};

struct CorruptBlocksParams {
  RegionTarget target;
  Share share{0.01};
  static void describe(Schema<CorruptBlocksParams>& s) {
    s.field("target", &CorruptBlocksParams::target).help("in the stores of which regions");
    s.field("share", &CorruptBlocksParams::share)
        .range(0, 1)
        .help("of the blocks; a context is wrong from its first wrong block on");
  }
};

const RegisterAction<CorruptBlocksParams> corrupt_blocks{
    "corrupt_blocks",
    "a share of the stored KV blocks is wrong: whoever continues such a context gets a wrong "
    "answer, "
    "or, with `kv_cache.checksums`, computes it anew",
    "Mooncake; 3FS: blocks in a store that several servers share",
    [](const CorruptBlocksParams& p, const Act& act) -> Effect {
      bool any = false;
      for (const RegionId r : regions_in(act.scene, p.target))
        any |= act.scene.cache->corrupt_blocks(r, p.share, act.root) != kNoIncident;
      return {.nothing = !any};
    }};

enum class CacheTier : u8 { kBoth, kStore, kEngines };

struct LoseCacheParams {
  RegionTarget target;
  std::string use;
  Share share{1};
  CacheTier tier = CacheTier::kBoth;
  static void describe(Schema<LoseCacheParams>& s) {
    s.field("target", &LoseCacheParams::target).help("in which regions");
    s.field("share", &LoseCacheParams::share)
        .range(0, 1)
        .help(
            "of the sessions whose context is stored, of the texts that engines keep, or of the "
            "nodes of the cache of answers");
    s.field("tier", &LoseCacheParams::tier)
        .help("the store of KV blocks, what engines keep with `prefix_caching`, or both");
    s.field("use", &LoseCacheParams::use)
        .help("instead of these: the answers that callers of a service keep, by the name of a use");
  }
};

// Those of callers in these regions; of a caller that stands in none, all the same.
bool lose_answers(const LoseCacheParams& p, const Act& act) {
  const std::vector<RegionId> regions = regions_in(act.scene, p.target);
  const double from = uniform(draw(act.scene.draws, act.root));
  bool any = false;
  for (const NamedAnswerCache& c : act.scene.answer_caches)
    if (c.use == p.use && (c.region == kNoRegion ||
                           std::find(regions.begin(), regions.end(), c.region) != regions.end()))
      any |= c.cache->lose_answers(from, p.share.value, act.root) != kNoIncident;
  return any;
}

const RegisterAction<LoseCacheParams> lose_cache{
    "lose_cache",
    "stored context is gone, so that prompts are computed again; what is in use in an engine "
    "stays. "
    "Or what callers of a service keep is gone, so that they ask again",
    "Slack 2022: cache nodes are replaced by empty ones",
    [](const LoseCacheParams& p, const Act& act) -> Effect {
      if (!p.use.empty()) return {.nothing = !lose_answers(p, act)};
      bool any = false;
      for (const RegionId r : regions_in(act.scene, p.target)) {
        if (p.tier != CacheTier::kEngines)
          any |= act.scene.cache->lose_contexts(r, p.share, act.root) != kNoIncident;
        if (p.tier != CacheTier::kStore)
          any |= act.scene.servers[r]->lose_prefixes(p.share, act.root) != kNoIncident;
      }
      return {.nothing = !any};
    }};

}  // namespace
}  // namespace stampede
