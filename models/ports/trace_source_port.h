// The boundary between recorded workloads and the clients that play them: models pull rows, tools
// read files.
#pragma once
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

// One recorded request.
struct TraceRow {
  u64 number = 0;  // of the row in its file, from 0
  Duration at{};   // after the first row
  u32 prompt = 0;  // [tokens] >= 1
  u32 output = 0;  // [tokens] 0: the record has no answer
  // Of the whole text: equal identities, equal prompts, where the record says so.
  bool has_text = false;
  u64 text = 0;
  // Of the conversation it belongs to, where the record says so: its requests begin alike.
  bool has_session = false;
  u64 session = 0;
  // Identities of its blocks of block_tokens from the beginning, the last perhaps cut short; each
  // stands for all text up to the end of its block.
  std::vector<u64> blocks;
  u32 block_tokens = 512;
};

// Rows in order of time. Holds a bounded part of the recording.
struct TraceSource {
  virtual ~TraceSource() = default;
  // False at the end; `row` is then unspecified. Its vector is used again.
  virtual bool next(TraceRow& row) = 0;
  virtual void rewind() = 0;
};

}  // namespace stampede
