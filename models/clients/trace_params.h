// A recorded workload as the arrivals of a class of clients.
// Source: formats of AzurePublicDataset (2023, 2024), BurstGPT, Mooncake (FAST 25) and per-request
// logs of a server.
#pragma once
#include <string>

#include "sim/params.h"

namespace stampede {

enum class TraceFormat : u8 { kRequests, kAzure, kBurstgpt, kMooncake };

// What becomes of rows that record no output: requests that failed when they were recorded.
enum class UnansweredRows : u8 { kSkip, kPlay };

struct TraceParams {
  std::string file;
  TraceFormat format = TraceFormat::kRequests;
  Duration from{}, to{};  // cut-out in the recording's own time; to 0: until its end
  Duration start{};       // in the run's time
  double time_scale = 1;
  double rate_scale = 1;
  bool loop = false;
  i64 distinct_prompts = 0;
  i64 output_tokens = 0;
  UnansweredRows unanswered = UnansweredRows::kSkip;
  std::string content;
  static void describe(Schema<TraceParams>& s);

  // Filled in by whoever opens the file; no parameters.
  std::string path;   // where it was found
  u64 rows = 0;       // of the cut-out
  Duration length{};  // of the cut-out: up to where a loop begins again
};

}  // namespace stampede
