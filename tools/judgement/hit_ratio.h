// Share of prompt tokens that a run found in a cache: in the store of contexts or, where engines
// keep blocks of their own, in those.
#pragma once
#include "models/ports/region_figures_port.h"

namespace stampede {

// Over all regions since the start, of prompts that were looked up; 0 without one. `regions` holds
// pointers to them.
template <class Regions>
double hit_ratio_of(const Regions& regions) {
  u64 prompt = 0, cached = 0;
  for (const auto& region : regions) {
    prompt += region->counts().looked_up_tokens;
    cached += region->counts().cached_tokens;
  }
  return prompt == 0 ? 0 : static_cast<double>(cached) / static_cast<double>(prompt);
}

}  // namespace stampede
