// Corruption: aborts whose pages are reused under late transfers, blocks that go wrong in the
// store, and blocks that inherit it. Contexts that are lost.
#include <fmt/format.h>

#include <algorithm>

#include "models/kv_cache/kv_cache.h"
#include "sim/math.h"

namespace stampede {
namespace {

const IncidentKind kBlocksCorrupted{"blocks_corrupted",
                                    "stored context is wrong without anybody knowing"};

const IncidentKind kKvPageReused{
    "kv_page_reused", "a late transfer wrote into a page that belongs to another session by now"};

// Number of the first wrong block, if each is wrong with this chance.
double first_wrong(double u, double chance) {
  return chance >= 1 ? 0 : math::log(u) / math::log(1 - chance);
}

}  // namespace

// The free list of a region in an abort storm consists mostly of pages just freed by aborts, so the
// chance that a page is allocated again while a late transfer may still write into it follows the
// aborted share of all allocations.
void KvCache::aborted(RegionId r, u32 tokens, IncidentId cause) {
  Region& region = regions_[r];
  region.abandoned += static_cast<double>(tokens);
  const double all = region.allocated_mean + region.abandoned_mean;
  const double share = all > 0 ? region.abandoned_mean / all : 0;
  const double u = uniform(draw(abort_, region.aborts++, r));
  if (u >= params_.page_reuse_probability.value * share) return;
  ++region.tainted_pages;
  region.taint_cause = cause;
}

// The late transfer lands in a page that this execution was given for one of its new blocks.
void KvCache::meet_tainted_page(LiveSession& s, SessionCopy& c, const KvWrite& w, u16 before) {
  Region& region = regions_[w.region];
  --region.tainted_pages;
  ++stats_.page_reuses;
  const IncidentId carried = region.taint_cause != kNoIncident ? region.taint_cause : w.cause;
  const IncidentId id = carried == kNoIncident
                            ? kNoIncident
                            : known(page_reuses_, kKvPageReused, carried, kNoIncident,
                                    "a late transfer wrote into a reused page");
  const double u = uniform(draw(page_, s.key, w.turn, w.attempt));
  const u16 first = before < c.blocks ? before : u16{0};
  poison(s, c, static_cast<u16>(first + u * (c.blocks - first)), id);
}

void KvCache::poison(LiveSession& s, SessionCopy& c, u16 from, IncidentId cause) {
  if (c.blocks == 0) return;
  from = std::min<u16>(from, static_cast<u16>(c.blocks - 1));
  if (from >= c.poison_from) return;
  const u16 bad_before = c.poison_from < c.blocks ? c.poison_from : c.blocks;
  stats_.poisoned_blocks += static_cast<u64>(bad_before - from);
  if (c.poison_from == kNoPoison || s.cause == kNoIncident) s.cause = cause;
  c.poison_from = from;
}

IncidentId KvCache::corrupt_blocks(RegionId r, Share share, IncidentId cause) {
  if (stored_blocks(r) == 0 || share.value <= 0) return kNoIncident;
  const IncidentId id =
      world_.incident(kBlocksCorrupted, "kv_cache", {cause},
                      fmt::format("{}: of {} stored blocks each is wrong with probability {:g} %",
                                  world_.region_name(r), stored_blocks(r), 100 * share.value));
  const u32 number = corruptions_++;
  for (SessionSlot slot = 0; slot < table_.size(); ++slot) {
    LiveSession& s = table_.at(slot);
    SessionCopy& c = table_.copy(slot, r);
    if (!s.live || c.blocks == 0) continue;
    const double first = first_wrong(uniform(draw(corrupt_, s.key, number, r)), share.value);
    if (first < c.blocks) poison(s, c, static_cast<u16>(first), id);
  }
  stats_.poisoned_blocks += static_cast<u64>(regions_[r].stock.corrupt(share.value, id));
  return id;
}

IncidentId KvCache::lose_contexts(RegionId r, Share share, IncidentId cause) {
  if (stored_blocks(r) == 0 || share.value <= 0) return kNoIncident;
  const IncidentId id =
      world_.incident(kCacheLost, "kv_cache", {cause},
                      fmt::format("{}: what is stored of {:g} % of the sessions is gone",
                                  world_.region_name(r), 100 * share.value));
  const u32 number = losses_++;
  for (SessionSlot slot = 0; slot < table_.size(); ++slot) {
    LiveSession& s = table_.at(slot);
    SessionCopy& c = table_.copy(slot, r);
    if (!s.live || c.blocks == 0) continue;
    if (uniform(draw(lose_, s.key, number, r)) >= share.value) continue;
    drop(c, r);
    if (r == s.home) s.cause = id;
  }
  evicted_blocks_ += regions_[r].stock.lose(share.value, id);
  return id;
}

}  // namespace stampede
