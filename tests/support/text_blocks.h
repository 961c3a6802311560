// A text's runs block by block, for who compares them one by one.
#pragma once
#include <vector>

#include "models/ports/prompt_text_port.h"
#include "sim/random.h"

namespace stampede::test {

// An identity for each block: equal ones mean equal text up to the block's end.
inline std::vector<u64> spelled_out(const std::vector<TextRun>& runs) {
  std::vector<u64> ids;
  for (const TextRun& run : runs)
    for (u32 i = 0; i < run.blocks; ++i) ids.push_back(mix64(mix64(run.name) + i));
  return ids;
}

}  // namespace stampede::test
