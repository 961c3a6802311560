// Condemning what the KV cache has stored.
#include "models/changes/action.h"

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

}  // namespace
}  // namespace stampede
