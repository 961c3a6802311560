// The boundary at which a prompt's text becomes known, as far as two prompts can share a beginning:
// what a prefix cache by block hashes looks up.
#pragma once
#include <vector>

#include "models/ports/request.h"

namespace stampede {

inline constexpr u32 kTextBlockTokens = 16;  // vLLM's block size

// A piece of a text that is told apart as one: full blocks one after another. Two runs of one name
// begin alike, with whatever stands before them; the shorter is the beginning of the longer.
struct TextRun {
  u64 name = 0;
  u32 blocks = 0;  // of kTextBlockTokens, at least one
  bool operator==(const TextRun&) const = default;
};

struct PromptTextPort {
  virtual ~PromptTextPort() = default;
  // Replaces `runs` by those of the full blocks of the session's next prompt of `tokens` tokens
  // from its beginning, as far as another prompt may begin alike; what lies beyond is like no
  // other.
  virtual void text_runs(SessionSlot session, u32 tokens, std::vector<TextRun>& runs) const = 0;
};

}  // namespace stampede
