#include "models/serving/block_cache.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/random.h"

namespace stampede {

BlockCache::BlockCache(u32 blocks) : blocks_(blocks) {
  for (u32 b = 0; b < blocks; ++b) queue(b);
}

void BlockCache::clear() {
  const u32 blocks = static_cast<u32>(blocks_.size());
  *this = BlockCache(blocks);
}

void BlockCache::queue(u32 block) {
  Block& b = blocks_[block];
  b.before = last_;
  b.behind = kNobody;
  (last_ == kNobody ? first_ : blocks_[last_].behind) = block;
  last_ = block;
  ++free_;
}

void BlockCache::unqueue(u32 block) {
  const Block& b = blocks_[block];
  (b.before == kNobody ? first_ : blocks_[b.before].behind) = b.behind;
  (b.behind == kNobody ? last_ : blocks_[b.behind].before) = b.before;
  --free_;
}

void BlockCache::unname(u32 block) {
  Block& b = blocks_[block];
  if (!b.named) return;
  const auto entry = names_.find(b.name);
  if (entry->second == block) {
    if (b.twin == kNobody)
      names_.erase(entry);
    else
      entry->second = b.twin;
  } else {
    u32 other = entry->second;
    while (blocks_[other].twin != block) other = blocks_[other].twin;
    blocks_[other].twin = b.twin;
  }
  b.named = false;
  b.twin = kNobody;
}

void BlockCache::arrive(u32 ticket, const std::vector<u64>& block_ids) {
  sequences_[ticket] = {block_ids, {}, 0};
}

u64 BlockCache::name_of(u32 ticket, const Sequence& s, u32 index) const {
  if (index < s.ids.size()) return s.ids[index];
  return mix64(mix64(u64{ticket} << 32 | index) + 1);
}

BlockCache::Hit BlockCache::find(u32 ticket, u32 tokens) const {
  const Sequence& s = sequences_.at(ticket);
  Hit hit;
  for (; (hit.blocks + 1) * kBlockTokens < tokens; ++hit.blocks) {
    const auto entry = names_.find(name_of(ticket, s, hit.blocks));
    if (entry == names_.end()) break;
    hit.idle += blocks_[entry->second].users == 0;
  }
  return hit;
}

void BlockCache::share(u32 ticket, u32 blocks) {
  Sequence& s = sequences_.at(ticket);
  for (u32 i = 0; i < blocks; ++i) {
    const u32 block = names_.at(name_of(ticket, s, i));
    if (blocks_[block].users++ == 0) unqueue(block);
    s.blocks.push_back(block);
  }
  s.named = blocks;
}

bool BlockCache::hold(u32 ticket, u32 tokens) {
  Sequence& s = sequences_.at(ticket);
  const std::size_t wanted = (tokens + kBlockTokens - 1) / kBlockTokens;
  if (wanted > s.blocks.size() + free_) return false;
  while (s.blocks.size() < wanted) {
    const u32 block = first_;
    unqueue(block);
    unname(block);
    blocks_[block].users = 1;
    s.blocks.push_back(block);
  }
  name_full(ticket, s, tokens);
  return true;
}

void BlockCache::name_full(u32 ticket, Sequence& s, u32 tokens) {
  for (; s.named < tokens / kBlockTokens; ++s.named) {
    const u32 block = s.blocks[s.named];
    blocks_[block].named = true;
    blocks_[block].name = name_of(ticket, s, s.named);
    const auto [entry, fresh] = names_.try_emplace(blocks_[block].name, block);
    if (fresh) continue;
    u32 other = entry->second;
    while (blocks_[other].twin != kNobody) other = blocks_[other].twin;
    blocks_[other].twin = block;
  }
}

void BlockCache::let_go(u32 ticket, u32 tokens) {
  Sequence& s = sequences_.at(ticket);
  name_full(ticket, s, tokens);
  for (std::size_t i = s.blocks.size(); i-- > 0;) {
    const u32 block = s.blocks[i];
    if (--blocks_[block].users == 0) queue(block);
  }
  s.blocks.clear();
  s.named = 0;
}

void BlockCache::verify(const std::vector<u32>& tickets) const {
  std::vector<u32> users(blocks_.size(), 0);
  std::size_t known = 0;
  for (const u32 ticket : tickets) {
    const auto s = sequences_.find(ticket);
    if (s == sequences_.end()) continue;
    ++known;
    for (const u32 block : s->second.blocks) ++users[block];
  }
  STAMPEDE_CHECK(known == tickets.size() && known == sequences_.size(),
                 "engine: the prefix cache knows other sequences");
  u32 unused = 0, in_line = 0;
  for (u32 b = 0; b < blocks_.size(); ++b) {
    STAMPEDE_CHECK(blocks_[b].users == users[b], "engine: users of a KV block are not conserved");
    unused += users[b] == 0 ? 1 : 0;
  }
  for (u32 b = first_; b != kNobody && in_line <= unused; b = blocks_[b].behind) ++in_line;
  STAMPEDE_CHECK(unused == free_ && in_line == free_, "engine: free KV blocks are not conserved");
}

}  // namespace stampede
