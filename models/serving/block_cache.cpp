#include "models/serving/block_cache.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/random.h"

namespace stampede {
namespace {

// Of the blocks that only their own sequence can name.
u64 own_name(u32 ticket) { return mix64(mix64(u64{ticket} << 32) + 1); }

}  // namespace

BlockCache::BlockCache(u32 blocks) : blocks_(blocks) { enter_nameless(blocks); }

void BlockCache::clear() {
  BlockSink* const sink = sink_;
  *this = BlockCache(blocks_);
  sink_ = sink;
}

void BlockCache::arrive(u32 ticket, const std::vector<TextRun>& text) {
  const u32 slot = sequences_.take_as_left();
  Sequence& s = sequences_[slot];
  s.text.assign(text.begin(), text.end());
  s.uses.clear();
  s.named = s.run = s.within = 0;
  s.returned = false;
  tickets_.try_add(ticket, slot);
}

void BlockCache::forget(u32 ticket) {
  sequences_.give_back(*tickets_.find(ticket));
  tickets_.erase(ticket);
}

// ---- the line ----------------------------------------------------------------------------------
void BlockCache::leave_line(u32 stretch) {
  const Stretch& b = stretches_[stretch];
  (b.before == kNobody ? first_ : stretches_[b.before].behind) = b.behind;
  (b.behind == kNobody ? last_ : stretches_[b.behind].before) = b.before;
  free_ -= b.size();
}

// Joins what stands last in line if that is its continuation and nobody's name lies between.
void BlockCache::enter(u32 stretch) {
  Stretch& b = stretches_[stretch];
  if (last_ != kNobody && b.newer == last_ && stretches_[last_].from == b.to) {
    const u32 joined = last_;
    leave_line(joined);
    b.to = stretches_[joined].to;
    drop(joined);
  }
  b.before = last_;
  b.behind = kNobody;
  (last_ == kNobody ? first_ : stretches_[last_].behind) = stretch;
  last_ = stretch;
  free_ += b.size();
}

void BlockCache::enter_nameless(u32 blocks) {
  if (blocks == 0) return;
  if (last_ != kNobody && !stretches_[last_].named) {
    stretches_[last_].to += blocks;
    free_ += blocks;
    return;
  }
  const u32 stretch = stretches_.take();
  stretches_[stretch].to = blocks;
  enter(stretch);
}

bool BlockCache::take(u32 blocks) {
  if (blocks > free_) return false;
  while (blocks != 0) {
    Stretch& b = stretches_[first_];
    if (b.size() > blocks) {
      tell_removed(b, b.to - blocks);
      b.to -= blocks;
      free_ -= blocks;
      break;
    }
    blocks -= b.size();
    const u32 gone = first_;
    tell_removed(b, b.from);
    leave_line(gone);
    drop(gone);
  }
  return true;
}

// ---- names -------------------------------------------------------------------------------------
u32 BlockCache::append(u64 name, u32 from, u32 to, u32 users) {
  const u32 stretch = stretches_.take();
  Stretch& b = stretches_[stretch];
  b.name = name;
  b.from = from;
  b.to = to;
  b.users = users;
  b.named = true;
  const auto [same, fresh] = names_.try_add(name, {stretch, stretch});
  if (!fresh) {
    b.older = same.last;
    stretches_[same.last].newer = stretch;
    same.last = stretch;
  }
  return stretch;
}

void BlockCache::forget_name(u32 stretch) {
  Stretch& b = stretches_[stretch];
  if (b.older == kNobody && b.newer == kNobody) {
    names_.erase(b.name);
  } else {
    Stretches& same = *names_.find(b.name);
    (b.older == kNobody ? same.first : stretches_[b.older].newer) = b.newer;
    (b.newer == kNobody ? same.last : stretches_[b.newer].older) = b.older;
  }
  b.named = false;
  b.older = b.newer = kNobody;
}

void BlockCache::drop(u32 stretch) {
  if (stretches_[stretch].named) forget_name(stretch);
  stretches_.give_back(stretch);
}

// Cuts it before block `at` of its name; what lies behind the cut is a stretch of its own, which is
// given back.
u32 BlockCache::split(u32 stretch, u32 at) {
  const u32 tail = stretches_.take_as_left();
  Stretch& b = stretches_[stretch];
  Stretch& t = stretches_[tail] = b;
  t.from = b.to = at;
  b.rest = tail;
  t.older = stretch;
  (b.newer == kNobody ? names_.find(b.name)->last : stretches_[b.newer].older) = tail;
  b.newer = tail;
  if (b.users != 0) return tail;
  t.behind = stretch;
  (b.before == kNobody ? first_ : stretches_[b.before].behind) = tail;
  b.before = tail;
  return tail;
}

// The stretch that begins at block `from`, which lies in `stretch` or what was split off it, and
// ends at `to` or earlier.
u32 BlockCache::isolate(u32 stretch, u32 from, u32 to) {
  while (from >= stretches_[stretch].to) stretch = stretches_[stretch].rest;
  if (stretches_[stretch].from < from) stretch = split(stretch, from);
  if (stretches_[stretch].to > to) split(stretch, to);
  return stretch;
}

// Calls f(stretch, from, to) for the first blocks of a name, at most `most`, in their order; how
// many are there without a gap. Of several of the same name it is the one that was named first.
template <class F>
u32 BlockCache::walk_name(u64 name, u32 most, F&& f) const {
  const Stretches* same = names_.find(name);
  if (same == nullptr) return 0;
  u32 at = 0;
  while (at < most) {
    u32 to = most;  // an older one covers what lies beyond
    u32 stretch = same->first;
    for (; stretch != kNobody; stretch = stretches_[stretch].newer) {
      const Stretch& b = stretches_[stretch];
      if (b.from > at)
        to = std::min(to, b.from);
      else if (at < b.to)
        break;
    }
    if (stretch == kNobody) break;
    to = std::min(to, stretches_[stretch].to);
    f(stretch, at, to);
    at = to;
  }
  return at;
}

template <class F>
u32 BlockCache::walk(u32 ticket, const Sequence& s, u32 most, F&& f) const {
  u32 done = 0;
  for (const TextRun& run : s.text) {
    const u32 wanted = std::min(run.blocks, most - done);
    const u32 found = walk_name(run.name, wanted, f);
    done += found;
    if (found < wanted || done == most) return done;
  }
  return s.returned ? done + walk_name(own_name(ticket), most - done, f) : done;
}

BlockCache::Hit BlockCache::find(u32 ticket, u32 tokens) const {
  Hit hit;
  hit.blocks =
      walk(ticket, of(ticket), (tokens - 1) / kBlockTokens, [&](u32 stretch, u32 from, u32 to) {
        if (stretches_[stretch].users == 0) hit.idle += to - from;
      });
  return hit;
}

// ---- sequences ---------------------------------------------------------------------------------
void BlockCache::share(u32 ticket, u32 blocks) {
  Sequence& s = of(ticket);
  pieces_.clear();
  walk(ticket, s, blocks, [this](u32 stretch, u32 from, u32 to) {
    pieces_.push_back({stretch, from, to});
  });
  for (const Piece& piece : pieces_) {
    for (u32 from = piece.from; from < piece.to;) {
      const u32 part = isolate(piece.stretch, from, piece.to);
      Stretch& b = stretches_[part];
      if (b.users++ == 0) leave_line(part);
      s.uses.push_back({part, b.to});
      from = b.to;
    }
  }
  s.named = blocks;
  for (u32 left = blocks; s.run < s.text.size() && left != 0;) {
    s.within = std::min(left, s.text[s.run].blocks);
    left -= s.within;
    if (s.within != s.text[s.run].blocks) break;
    ++s.run;
    s.within = 0;
  }
}

void BlockCache::name(u32 ticket, u32 tokens) {
  Sequence& s = of(ticket);
  const u32 full = tokens / kBlockTokens;
  while (s.named < full && s.run < s.text.size()) {
    const TextRun& run = s.text[s.run];
    const u32 fresh = std::min(run.blocks - s.within, full - s.named);
    Use* last = s.uses.empty() ? nullptr : &s.uses.back();
    Stretch* b = last == nullptr ? nullptr : &stretches_[last->stretch];
    const bool goes_on = b != nullptr && b->users == 1 && b->newer == kNobody &&
                         b->name == run.name && b->to == s.within && last->to == s.within;
    if (goes_on)
      b->to = last->to = s.within + fresh;
    else
      s.uses.push_back({append(run.name, s.within, s.within + fresh, 1), s.within + fresh});
    if (sink_ != nullptr) sink_->stored(run.name, s.within, s.within + fresh);
    s.named += fresh;
    s.within += fresh;
    if (s.within == run.blocks) ++s.run, s.within = 0;
  }
}

// Of a stretch that was split since, the tail joins the line first.
void BlockCache::release(const Use& use) {
  parts_.assign(1, use.stretch);
  while (stretches_[parts_.back()].to != use.to) parts_.push_back(stretches_[parts_.back()].rest);
  for (std::size_t i = parts_.size(); i-- > 0;)
    if (--stretches_[parts_[i]].users == 0) enter(parts_[i]);
}

void BlockCache::let_go(u32 ticket, u32 tokens, bool returns) {
  name(ticket, tokens);
  Sequence& s = of(ticket);
  const u32 held = (tokens + kBlockTokens - 1) / kBlockTokens;
  const u32 full = tokens / kBlockTokens;
  if (returns && full > s.named) {
    enter_nameless(held - full);
    u32 others = 0;  // can name so many
    for (const TextRun& run : s.text) others += run.blocks;
    enter(append(own_name(ticket), s.named - others, full - others, 0));
  } else {
    enter_nameless(held - s.named);
  }
  for (std::size_t i = s.uses.size(); i-- > 0;) release(s.uses[i]);
  s.uses.clear();
  s.named = s.run = s.within = 0;
  s.returned |= returns;
}

// ---- conservation ------------------------------------------------------------------------------
void BlockCache::verify(const std::vector<Holder>& holders) const {
  std::vector<u32> users(stretches_.slots(), 0);
  u64 held = free_;  // by the line or a sequence
  STAMPEDE_CHECK(holders.size() == tickets_.size(),
                 "engine: the prefix cache knows other sequences");
  for (const Holder& holder : holders) {
    STAMPEDE_CHECK(tickets_.find(holder.ticket) != nullptr,
                   "engine: the prefix cache knows other sequences");
    const Sequence& s = of(holder.ticket);
    STAMPEDE_CHECK(s.named <= holder.blocks,
                   "engine: a sequence shares more KV blocks than it holds");
    held += holder.blocks - s.named;
    for (const Use& use : s.uses) {
      u32 part = use.stretch;
      ++users[part];
      while (stretches_[part].to != use.to) ++users[part = stretches_[part].rest];
    }
  }
  for (u32 i = 0; i < users.size(); ++i) {
    if (users[i] == 0) continue;
    STAMPEDE_CHECK(stretches_[i].users == users[i],
                   "engine: users of a KV block are not conserved");
    held += stretches_[i].size();
  }
  verify_line();
  STAMPEDE_CHECK(held == blocks_, "engine: KV blocks are not conserved");
}

void BlockCache::verify_line() const {
  u64 in_line = 0;
  for (u32 i = first_; i != kNobody && in_line <= free_; i = stretches_[i].behind) {
    STAMPEDE_CHECK(stretches_[i].users == 0, "engine: users of a KV block are not conserved");
    in_line += stretches_[i].size();
  }
  STAMPEDE_CHECK(in_line == free_, "engine: free KV blocks are not conserved");
}

}  // namespace stampede
