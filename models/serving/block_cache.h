// The KV blocks of one engine by what they hold: sequences whose texts begin alike share blocks,
// and a block that nobody uses keeps its text until the memory is needed, least recently used
// first.
// **State** a block is in use (by one sequence or several) or in line to be taken; either may be
// named.
// **Source** vLLM V1 `v1/core/block_pool.py`, `kv_cache_manager.py`: a block is named when it is
// full; of a sequence that leaves, the tail joins the line first; a hit covers whole blocks and
// leaves at least the last token to compute.
// **Limits** one group of blocks (no sliding windows, no hybrid models); texts are told apart by 64
// bits.
#pragma once
#include <unordered_map>
#include <vector>

#include "sim/units.h"

namespace stampede {

inline constexpr u32 kBlockTokens = 16;

class BlockCache {
 public:
  explicit BlockCache(u32 blocks);

  u32 free() const { return free_; }

  // A sequence is known from here until forget(); the ids name its leading full blocks, what lies
  // beyond them is of its own. `ticket` is not known yet.
  void arrive(u32 ticket, const std::vector<u64>& block_ids);
  void forget(u32 ticket) { sequences_.erase(ticket); }  // it holds nothing

  struct Hit {
    u32 blocks = 0;  // found, from the beginning
    u32 idle = 0;    // of those in line: taking them costs memory
  };
  // What a sequence that knows `tokens` finds. O(blocks found).
  Hit find(u32 ticket, u32 tokens) const;
  // Takes the first `blocks` of them.
  void share(u32 ticket, u32 blocks);
  // Takes blocks until it holds `tokens`; those that are full are named. False, and nothing
  // changed, if there are too few.
  bool hold(u32 ticket, u32 tokens);
  // Lets go of everything, of which `tokens` were computed.
  void let_go(u32 ticket, u32 tokens);
  void clear();

  // Throws InvariantError unless these sequences are known and no others, and each block is in line
  // or held by as many of them as it says it is.
  void verify(const std::vector<u32>& tickets) const;
  // Blocks that a sequence holds.
  u32 held(u32 ticket) const {
    return static_cast<u32>(sequences_.find(ticket)->second.blocks.size());
  }

 private:
  friend struct EngineFault;
  static constexpr u32 kNobody = UINT32_MAX;
  struct Block {
    u64 name = 0;
    u32 users = 0;
    u32 before = kNobody, behind = kNobody;  // in line
    u32 twin = kNobody;                      // the next block of the same name, in order of naming
    bool named = false;
  };
  struct Sequence {
    std::vector<u64> ids;
    std::vector<u32> blocks;
    u32 named = 0;  // of its blocks, from the beginning
  };
  void queue(u32 block);
  void unqueue(u32 block);
  void unname(u32 block);
  void name_full(u32 ticket, Sequence& s, u32 tokens);
  u64 name_of(u32 ticket, const Sequence& s, u32 index) const;

  std::vector<Block> blocks_;
  u32 first_ = kNobody, last_ = kNobody, free_ = 0;
  std::unordered_map<u64, u32> names_;           // looked up only, never iterated
  std::unordered_map<u32, Sequence> sequences_;  // looked up only, never iterated
};

}  // namespace stampede
