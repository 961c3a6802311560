// The KV blocks of one engine by what they hold: sequences whose texts begin alike share blocks,
// and a block that nobody uses keeps its text until the memory is needed, least recently used
// first.
// **State** a block is in use (by one sequence or several) or in line to be taken; either may be
// named. Blocks of one name that have the same users and stand next to each other in line are one
// record, a stretch: one or two for each piece of text, not one a block.
// **Source** vLLM V1 `v1/core/block_pool.py`, `kv_cache_manager.py`: a block is named when it is
// full; of a sequence that leaves, the tail joins the line first; a hit covers whole blocks and
// leaves at least the last token to compute.
// **Limits** one group of blocks (no sliding windows, no hybrid models); texts are told apart by 64
// bits. What only its own sequence can name is named when that is preempted, not before.
#pragma once
#include <vector>

#include "models/ports/prompt_text_port.h"
#include "sim/run_table.h"
#include "sim/slot_pool.h"
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

inline constexpr u32 kBlockTokens = 16;

// Hears which named blocks come to be there and which go. `at` is set by who moves the time on.
struct BlockSink {
  virtual ~BlockSink() = default;
  virtual void stored(u64 name, u32 from, u32 to) = 0;
  virtual void removed(u64 name, u32 from, u32 to) = 0;
  Instant at{};
};

class BlockCache {
 public:
  explicit BlockCache(u32 blocks);

  u32 free() const { return free_; }
  void tell(BlockSink* sink) { sink_ = sink; }  // null: nobody asks

  // A sequence is known from here until forget(); the runs name its leading full blocks, what lies
  // beyond them is of its own. `ticket` is not known yet.
  void arrive(u32 ticket, const std::vector<TextRun>& text);
  void forget(u32 ticket);  // it holds nothing

  struct Hit {
    u32 blocks = 0;  // found, from the beginning
    u32 idle = 0;    // of those in line: taking them costs memory
  };
  // What a sequence that knows `tokens` finds. O(stretches found).
  Hit find(u32 ticket, u32 tokens) const;
  bool returned(u32 ticket) const { return of(ticket).returned; }  // it was preempted
  // Takes the first `blocks` of them.
  void share(u32 ticket, u32 blocks);
  // Takes so many blocks out of the line, for whomever. False, and nothing changed, if there are
  // too few.
  bool take(u32 blocks);
  // Those of a sequence that has computed `tokens` are named as far as others can name them.
  void name(u32 ticket, u32 tokens);
  // Gives back all blocks of a sequence that has computed `tokens`: what it shared and what was
  // taken for it. Who returns, preempted, can find them again.
  void let_go(u32 ticket, u32 tokens, bool returns);
  void clear();
  // What blocks in line hold of the texts for which `lost(name)` is gone; they stay in line.
  // Returns how many blocks that are.
  template <class F>
  u32 lose(F&& lost) {
    u32 blocks = 0;
    for (u32 i = first_; i != kNobody; i = stretches_[i].behind) {
      if (!stretches_[i].named || !lost(stretches_[i].name)) continue;
      blocks += stretches_[i].size();
      tell_removed(stretches_[i], stretches_[i].from);
      forget_name(i);
    }
    return blocks;
  }

  // Blocks that a sequence holds.
  struct Holder {
    u32 ticket = 0, blocks = 0;
  };
  // Throws InvariantError unless these sequences are known and no others, and each block is in line
  // or held by as many of them as it says it is.
  void verify(const std::vector<Holder>& holders) const;
  // Stretches: the memory it takes is theirs, 48 bytes each, and 24 bytes a place in the table of
  // names, at most half full.
  std::size_t stretches() const { return stretches_.live(); }

 private:
  friend struct EngineFault;
  static constexpr u32 kNobody = UINT32_MAX;
  struct Stretch {
    u64 name = 0;
    u32 from = 0, to = 0;  // of the blocks of this name
    u32 users = 0;
    u32 before = kNobody, behind = kNobody;  // in line, where its last block stands first
    u32 older = kNobody, newer = kNobody;    // of the same name, in order of naming
    u32 rest = kNobody;  // what was split off behind it, while somebody uses both
    bool named = false;
    u32 size() const { return to - from; }
  };
  struct Use {  // of a stretch and what was split off it, up to block `to` of the name
    u32 stretch = 0, to = 0;
  };
  struct Sequence {
    std::vector<TextRun> text;
    std::vector<Use> uses;    // named blocks, from the beginning
    u32 named = 0;            // of its blocks, from the beginning
    u32 run = 0, within = 0;  // where in the text the first block without a name is
    bool returned = false;    // it may find blocks of its own
  };
  struct Stretches {  // of one name
    u32 first = kNobody, last = kNobody;
  };
  struct Piece {
    u32 stretch = 0, from = 0, to = 0;
  };

  Sequence& of(u32 ticket) { return sequences_[*tickets_.find(ticket)]; }
  const Sequence& of(u32 ticket) const { return sequences_[*tickets_.find(ticket)]; }
  template <class F>
  u32 walk(u32 ticket, const Sequence& s, u32 most, F&& f) const;
  template <class F>
  u32 walk_name(u64 name, u32 most, F&& f) const;
  void enter(u32 stretch);  // into line
  void leave_line(u32 stretch);
  void enter_nameless(u32 blocks);
  void release(const Use& use);
  u32 split(u32 stretch, u32 at);
  u32 isolate(u32 stretch, u32 from, u32 to);
  u32 append(u64 name, u32 from, u32 to, u32 users);
  void forget_name(u32 stretch);
  // From block `from` of its name on it goes.
  void tell_removed(const Stretch& stretch, u32 from) {
    if (sink_ != nullptr && stretch.named) sink_->removed(stretch.name, from, stretch.to);
  }
  void drop(u32 stretch);  // forgets its name and the record
  void verify_line() const;

  BlockSink* sink_ = nullptr;
  u32 blocks_, free_ = 0;
  u32 first_ = kNobody, last_ = kNobody;
  SlotPool<Stretch> stretches_;
  SlotPool<Sequence> sequences_;
  RunTable<Stretches> names_;
  RunTable<u32> tickets_;
  std::vector<Piece> pieces_;  // scratch of share()
  std::vector<u32> parts_;     // scratch of release()
};

}  // namespace stampede
