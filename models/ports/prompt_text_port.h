// The boundary at which a prompt's text becomes known, as far as two prompts can share a beginning:
// what a prefix cache by block hashes looks up.
#pragma once
#include <vector>

#include "models/ports/request.h"

namespace stampede {

inline constexpr u32 kTextBlockTokens = 16;  // vLLM's block size

struct PromptTextPort {
  virtual ~PromptTextPort() = default;
  // Replaces `ids` by one identity for each full block of the session's next prompt of `tokens`
  // tokens from its beginning, as far as another prompt may begin alike; what lies beyond is like
  // no other. Equal identities mean equal text up to the end of the block.
  virtual void block_ids(SessionSlot session, u32 tokens, std::vector<u64>& ids) const = 0;
};

}  // namespace stampede
