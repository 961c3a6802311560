#include "models/clients/trace_params.h"

namespace stampede {

void TraceParams::describe(Schema<TraceParams>& s) {
  using P = TraceParams;
  s.field("file", &P::file)
      .required()
      .help("the recording, relative to the scenario's directory; `.gz` is unpacked as it is read");
  s.field("format", &P::format)
      .help(
          "requests: CSV with a header that names arrival_us (or arrival_ms, arrival_seconds), "
          "input_tokens, output_tokens and perhaps prompt_id; or one of the public traces")
      .source("AzurePublicDataset; HPMLL/BurstGPT; kvcache-ai/Mooncake FAST25-release");
  s.field("from", &P::from).at_least(0).help("begin of the cut-out, after the first row");
  s.field("to", &P::to).at_least(0).help("end of the cut-out, after the first row; 0: all");
  s.field("start", &P::start).at_least(0).help("when the cut-out begins in the run");
  s.field("time_scale", &P::time_scale)
      .range(1e-6, 1e6)
      .help("multiplies the times between arrivals: 0.5 plays it twice as fast");
  s.field("rate_scale", &P::rate_scale)
      .range(1e-6, 1000)
      .help(
          "requests for each one recorded, at the recording's pace: rows are left out by a draw "
          "keyed by the row, or played several times, spread up to the next row");
  s.field("loop", &P::loop).help("the cut-out begins again, one mean gap after its last row");
  s.field("distinct_prompts", &P::distinct_prompts)
      .range(0, 1e9)
      .help(
          "row n has the text of row n modulo this, for prefix caches; 0: as the recording says, "
          "and prompts of which it says nothing share no text");
  s.field("output_tokens", &P::output_tokens)
      .range(0, 1e6)
      .help("asked by every request in place of what was recorded; 0: as recorded");
  s.field("unanswered", &P::unanswered)
      .help(
          "rows without output tokens, which failed when they were recorded, where output_tokens "
          "does not say what they asked: left out, or played for one token");
  s.field("content", &P::content)
      .help(
          "hash of the unpacked file, filled in as it is read; written down, only that very "
          "file will do");
}

}  // namespace stampede
