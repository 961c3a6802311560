// A recorded workload as the arrivals of a class of clients.
// Source: formats of AzurePublicDataset (2023, 2024), BurstGPT, Mooncake (FAST 25), Qwen-Bailian
// (ATC 25), vLLM's bench serve, GuideLLM, AIPerf and per-request logs of a server.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class TraceFormat : u8 {
  kRequests,
  kAzure,
  kBurstgpt,
  kMooncake,
  kBailian,
  kVllmBench,
  kGuidellm,
  kAiperf,
  kColumns
};

// What becomes of rows that record no output: requests that failed when they were recorded.
enum class UnansweredRows : u8 { kSkip, kPlay, kImpute, kRefuse };
// What becomes of rows that cannot be read.
enum class BadRows : u8 { kSkip, kRefuse };
// What a number in the column of times counts.
enum class TimeUnit : u8 { kS, kMs, kUs, kNs };

// Where the reader of `format: columns` finds what it needs, by the names of columns or keys.
struct TraceColumns {
  std::string time, input, output;
  std::string session, blocks, text, error, parts;
  std::string rows, each;
  Duration every{};
  double tokens_per_character = 0;
  bool header = true;
  static void describe(Schema<TraceColumns>& s);
};

// What a whole reading of a recording found.
struct TraceCounts {
  u64 rows = 0, bad = 0, unanswered = 0;  // in the file; that cannot be read; without an answer
  u64 with_parts = 0, warm_up = 0;        // with images and the like; left out as a warm-up
};

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
  BadRows bad_rows = BadRows::kSkip;
  std::optional<TraceColumns> columns;
  std::optional<TimeUnit> time_unit;
  i64 block_tokens = 0;
  i64 part = -1;
  Duration spread{};
  std::string content;
  static void describe(Schema<TraceParams>& s);

  // Filled in by whoever opens the file; no parameters.
  std::string path;   // where it was found
  u64 rows = 0;       // of the cut-out
  Duration length{};  // of the cut-out: up to where a loop begins again
  TraceCounts counts;
  std::vector<std::string> notes;  // what is left out, a sentence each
};

}  // namespace stampede
