// Recorded requests of a real server: when each came, what it asked for and how long it took.
#pragma once
#include <string>
#include <vector>

#include "sim/units.h"

namespace stampede::calibration {

struct RecordedRequest {
  double at = 0;   // after the first one [s]
  u32 prompt = 0;  // [tokens]
  u32 output = 0;  // [tokens] that the client asked for
  bool failed = false;
  double ttft = 0, e2e = 0;  // [s], as the client saw them; 0 if it failed
};

// Reads `arrival_us,input_tokens,output_tokens,error,ttft_us,e2e_us`, plain or compressed by gzip.
// `output_tokens` > 0 replaces the recorded answer lengths: clients count them from the text, while
// servers were told to ignore the end of the text. Throws std::runtime_error with the line at
// fault.
std::vector<RecordedRequest> read_recording(const std::string& path, u32 output_tokens);

// Reads a request a line as LLMServingSim's bench writes them: JSON with input_toks, output_toks,
// arrival_time, queued_ts, first_token_ts, last_token_ts [s]. Throws as read_recording().
std::vector<RecordedRequest> read_engine_log(const std::string& path);

}  // namespace stampede::calibration
