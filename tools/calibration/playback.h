// Plays requests into one serving engine, those of a recording or of a benchmark: what would each
// have met there?
// A direct driver without clients, network or gateway, for fitting step times and for asking which
// mechanism is missing. The same recordings go through `stampede run` with a trace and a profile.
#pragma once
#include <vector>

#include "models/serving/engine_params.h"
#include "tools/calibration/recording.h"

namespace stampede::calibration {

struct PlaybackParams {
  EngineParams engine;
  double front_end = 0;      // added to the first token and the end: tokenise, HTTP, stream [s]
  double timeout = 300;      // the client leaves and its request is aborted [s]
  u32 distinct_prompts = 0;  // request i asks the text of i modulo this; 0: all differ
  u32 system_prompts = 0;    // texts begin with one of so many, drawn by the text; 0: with none
  u32 system_tokens = 0;     // length of these beginnings
};

// Work per unit of time: number of steps and what was in them, summed.
struct Work {
  double steps = 0, sequences = 0, prompt_tokens = 0, pairs = 0, context_tokens = 0;
  Work operator-(const Work& o) const {
    return {steps - o.steps, sequences - o.sequences, prompt_tokens - o.prompt_tokens,
            pairs - o.pairs, context_tokens - o.context_tokens};
  }
};

struct PlayedRequest {
  bool finished = false;
  double ttft = 0, e2e = 0;       // [s]; 0 until then
  Work until_first, after_first;  // done by the engine from arrival to first token, and to the end
};

struct Playback {
  std::vector<PlayedRequest> requests;  // in the order of the recording
  u64 preemptions = 0, prompt_tokens = 0, shared_tokens = 0, steps = 0;
  struct Sample {
    double at;
    u32 running, waiting, blocks;
  };
  std::vector<Sample> samples;   // one a second
  std::vector<Work> steps_done;  // each by itself
};

// `with_work` fills what is of type Work, iteration by iteration.
Playback play(const std::vector<RecordedRequest>& recording, const PlaybackParams& params,
              bool with_work = false);

// A benchmark with a fixed number of clients, each with its next request when its last one ended.
// **Source** InferenceX, utils/bench_serving/benchmark_serving.py: --request-rate inf,
// --max-concurrency N, --num-prompts 10 N, --random-range-ratio 0.8, --ignore-eos.
struct ClosedLoop {
  int clients = 1;
  double prompt = 1024, answer = 1024;  // longest [tokens]
  double shortest = 0.8;                // of them; uniform in between
  int each = 10;                        // requests a client
  double look = 0;  // time between two looks of the engine at what has come; 0: it sees all [s]
};

struct ClosedLoopMeans {
  double ttft = 0, tpot = 0;  // [s], over all requests
};

// `server`: its engine and front end; texts have no beginning in common. The engine begins idle.
ClosedLoopMeans play_closed_loop(const PlaybackParams& server, const ClosedLoop& loop);

}  // namespace stampede::calibration
