#include "models/clients/trace_params.h"

namespace stampede {

void TraceColumns::describe(Schema<TraceColumns>& s) {
  using P = TraceColumns;
  s.name("trace_columns");
  s.field("time", &P::time)
      .help("when the request came: a number (see time_unit) or a time of day with its date");
  s.field("input", &P::input).required().help("tokens of the prompt, or the prompt itself");
  s.field("output", &P::output).help("tokens of the answer, or the answer itself");
  s.field("session", &P::session)
      .help("which conversation it belongs to: its rows share home, affinity and beginning");
  s.field("blocks", &P::blocks)
      .help("identities of its blocks of block_tokens tokens, a list; see mooncake");
  s.field("text", &P::text).help("identity of the whole prompt: equal ones are equal texts");
  s.field("error", &P::error)
      .help("what went wrong; unless it is empty, 0, false, null or a status 2xx the row failed");
  s.field("parts", &P::parts)
      .help("images, sounds or other parts: counted and told, but not simulated");
  s.field("rows", &P::rows).help("of a JSON document: where its list of rows is");
  s.field("each", &P::each).help("a list in each row whose elements are requests");
  s.field("every", &P::every).at_least(0).help("of rows without a time: one so often");
  s.field("tokens_per_character", &P::tokens_per_character)
      .range(0, 10)
      .help("columns hold texts: tokens for each of their characters; 0: they hold numbers");
  s.field("header", &P::header)
      .help("of a CSV: whether the first line has names; without, columns are 1, 2, 3, ...");
}

void TraceParams::describe(Schema<TraceParams>& s) {
  using P = TraceParams;
  s.field("file", &P::file)
      .required()
      .help(
          "file of the recording, relative to the scenario's directory; gzip, bzip2 and xz are "
          "unpacked while it is read");
  s.field("format", &P::format)
      .help(
          "requests: CSV with a header of arrival_us (or arrival_ms, arrival_seconds), "
          "input_tokens, output_tokens and optionally prompt_id; the format of a public trace or "
          "of "
          "a load generator; or columns, which `columns` names")
      .source("AzurePublicDataset; BurstGPT; Mooncake: FAST25-release");
  s.field("columns", &P::columns).help("with format columns: where the values are");
  s.field("time_unit", &P::time_unit)
      .help("what a number of the recorded time counts; null: what the format or the values say");
  s.field("block_tokens", &P::block_tokens)
      .range(0, 1e6)
      .help(
          "tokens of one recorded block identity; 0: as the format has it (mooncake 512, "
          "bailian 16)");
  s.field("part", &P::part)
      .range(-1, 1e6)
      .help("which of several recordings in one file, from 0; -1: there is only one");
  s.field("spread", &P::spread)
      .at_least(0)
      .help(
          "times are recorded to this step, such as 1s: rows of the same time are spread over it "
          "at "
          "random, in their order; 0: as recorded");
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
          "play them for one token, impute the output of the last answered row before them (and a "
          "prompt of no tokens, by the last row of the same text), or refuse the file; outputs are "
          "not imputed with output_tokens");
  s.field("bad_rows", &P::bad_rows)
      .help(
          "rows that cannot be read, or that come out of order: skip and count them, unless they "
          "are half of the file or more, or refuse the file");
  s.field("content", &P::content)
      .help(
          "hash of the unpacked file, filled in while it is read; if given, only a file with this "
          "content is accepted");
}

}  // namespace stampede
