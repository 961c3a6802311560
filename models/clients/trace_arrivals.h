// Arrivals of a class of clients from a recording: cut out, stretched, thinned or multiplied,
// repeated.
// State: a row being played (its copies still to come) and the row after it, that is all: memory
// does not grow with the recording.
// Source: usual practice of trace replay; thinning keyed by row, so that what plays at a lower
// rate is a subset of what plays at a higher one.
// Limits: open arrivals: a recording does not wait for answers; turns of a conversation are single
// requests whose shared beginning only block identities tell.
#pragma once
#include <memory>

#include "models/clients/trace_params.h"
#include "models/ports/prompt_text_port.h"
#include "models/ports/trace_source_port.h"
#include "sim/random.h"

namespace stampede {

// What one arrival asks.
struct TraceArrival {
  Instant at{};
  u64 number = 0;  // identity: row, copy and round
  TraceRow row;
};

class TraceArrivals {
 public:
  // `thinning` decides which rows play.
  TraceArrivals(TraceParams params, std::shared_ptr<TraceSource> source, StreamKey thinning);

  // The next arrival in order of time; false when there are no more.
  bool next(TraceArrival& arrival);

 private:
  bool read(TraceRow& row);
  bool advance();
  u32 copies_of(const TraceRow& row) const;

  TraceParams params_;
  std::shared_ptr<TraceSource> source_;
  StreamKey thinning_;
  TraceRow current_, ahead_;
  bool has_ahead_ = false;
  u32 last_output_ = 1;  // of the last answered row, for those without an answer
  u32 copy_ = 0, copies_ = 0;
  u64 round_ = 0, ahead_round_ = 0;
};

// Replaces `runs` by those of the full blocks of a prompt of `tokens` tokens, as far as the row
// says what it holds (see PromptTextPort). `salt` tells recordings apart.
void trace_text_runs(const TraceRow& row, u64 salt, u32 tokens, std::vector<TextRun>& runs);

}  // namespace stampede
