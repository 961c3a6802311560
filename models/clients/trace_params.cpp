#include "models/clients/trace_params.h"

namespace stampede {

void TraceParams::describe(Schema<TraceParams>& s) {
  using P = TraceParams;
  s.field("file", &P::file)
      .required()
      .help(
          "file of the recording, relative to the scenario's directory; a `.gz` is unpacked while "
          "it is read");
  s.field("format", &P::format)
      .help(
          "requests: CSV with a header of arrival_us (or arrival_ms, arrival_seconds), "
          "input_tokens, output_tokens and optionally prompt_id; or the format of a public trace")
      .source("AzurePublicDataset; BurstGPT; Mooncake: FAST25-release");
  s.field("from", &P::from)
      .at_least(0)
      .help("where to begin in the recording, counted from its first row");
  s.field("to", &P::to)
      .at_least(0)
      .help("where to end in the recording, counted from its first row; 0: at its end");
  s.field("start", &P::start).at_least(0).help("when the recording begins in the run");
  s.field("time_scale", &P::time_scale)
      .range(1e-6, 1e6)
      .help("factor on the times between arrivals: 0.5 plays the recording twice as fast");
  s.field("rate_scale", &P::rate_scale)
      .range(1e-6, 1000)
      .help(
          "requests for each recorded one: below 1 some rows are left out at random, above 1 rows "
          "are played several times, spread over the time to the next row")
      .scales();
  s.field("loop", &P::loop)
      .help("whether the recording starts again, one mean gap after its last row");
  s.field("distinct_prompts", &P::distinct_prompts)
      .range(0, 1e9)
      .help(
          "for prefix caches: row n has the same text as row n modulo this; 0: as the recording "
          "says, and without information all texts differ");
  s.field("output_tokens", &P::output_tokens)
      .range(0, 1e6)
      .help(
          "output tokens that every request asks for, instead of the recorded number; 0: as "
          "recorded");
  s.field("unanswered", &P::unanswered)
      .help(
          "rows without output tokens (requests that failed when they were recorded): skip them, "
          "or play them for one token; not used with output_tokens");
  s.field("content", &P::content)
      .help(
          "hash of the unpacked file, filled in while it is read; if given, only a file with this "
          "content is accepted");
}

}  // namespace stampede
