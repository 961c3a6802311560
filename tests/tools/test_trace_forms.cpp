// Recordings are never misread: named forms, mappings, packings; units and block sizes that do not
// fit are asked about; bad and failed rows cost themselves only.
#include <bzlib.h>
#include <gtest/gtest.h>
#include <lzma.h>

#include "tests/tools/trace_file.h"
#include "tools/traces/csv_line.h"
#include "tools/traces/trace_reader.h"

namespace stampede {
namespace test_trace_forms {

using test::TraceFile;

struct Read {
  std::vector<TraceRow> rows;
  TraceParams params;
  std::string fault;
  std::string notes() const {
    std::string all;
    for (const std::string& note : params.notes) all += note + "\n";
    return all;
  }
};

// Scans and streams a file with these contents.
Read read(const std::string& text, TraceParams p, const std::string& ending = ".txt") {
  const TraceFile file(ending, text);
  Read out;
  p.path = file.path();
  try {
    scan_trace(p);
    const auto source = open_trace(p);
    for (TraceRow row; source->next(row);) out.rows.push_back(row);
    source->rewind();
    std::size_t again = 0;
    for (TraceRow row; source->next(row);) ++again;
    EXPECT_EQ(again, out.rows.size());
  } catch (const InputError& error) {
    out.fault = error.what();
  }
  out.params = p;
  return out;
}

TraceParams form(TraceFormat format) {
  TraceParams p;
  p.format = format;
  return p;
}

TraceParams columns(const std::string& time, const std::string& input, const std::string& output) {
  TraceParams p = form(TraceFormat::kColumns);
  p.columns.emplace();
  p.columns->time = time;
  p.columns->input = input;
  p.columns->output = output;
  return p;
}

// `time input output` of each row, in seconds.
std::string table(const Read& read) {
  std::string all = read.fault;
  for (const TraceRow& row : read.rows)
    all += print_number(row.at.seconds()) + " " + std::to_string(row.prompt) + " " +
           std::to_string(row.output) + "; ";
  return all;
}

// JSON lines of a form with times and blocks; n blocks for each row.
std::string with_blocks(const std::vector<std::pair<double, u32>>& rows, u32 size) {
  std::string text;
  for (const auto& [at, tokens] : rows) {
    text += "{\"timestamp\": " + print_number(at) +
            ", \"input_length\": " + std::to_string(tokens) +
            ", \"output_length\": 9, \"hash_ids\": [";
    for (u32 i = 0; i < (tokens + size - 1) / size; ++i) text += (i ? "," : "") + std::to_string(i);
    text += "]}\n";
  }
  return text;
}

// ---- units and block sizes ---------------------------------------------------------------------
TEST(trace_checks, seconds_and_small_blocks_are_not_taken_for_mooncake) {
  const std::string seconds = with_blocks({{0.25, 520}, {61.5, 700}, {600, 40}}, 16);
  const Read as_it_is = read(seconds, form(TraceFormat::kMooncake));
  EXPECT_NE(as_it_is.fault.find("`time_unit: s`"), std::string::npos) << as_it_is.fault;
  TraceParams p = form(TraceFormat::kMooncake);
  p.time_unit = TimeUnit::kS;
  const Read blocks = read(seconds, p);
  EXPECT_NE(blocks.fault.find("fits blocks of 512 tokens in 0 of 3 rows only; they are as many as "
                              "for blocks of 16: say `block_tokens: 16`"),
            std::string::npos)
      << blocks.fault;
  p.block_tokens = 16;
  const Read said = read(seconds, p);
  EXPECT_EQ(table(said), "0 520 9; 61.25 700 9; 599.75 40 9; ");
  EXPECT_EQ(said.rows[0].block_tokens, 16u);
}

TEST(trace_checks, whole_seconds_at_an_impossible_rate) {
  std::vector<std::pair<double, u32>> rows;
  for (int i = 0; i < 200; ++i) rows.emplace_back(i / 4, 600);
  const Read fast = read(with_blocks(rows, 512), form(TraceFormat::kMooncake));
  EXPECT_NE(fast.fault.find("a second, if its times are milliseconds"), std::string::npos)
      << fast.fault;
  rows.clear();
  for (int i = 0; i < 200; ++i) rows.emplace_back(i * 150, 600);
  EXPECT_EQ(read(with_blocks(rows, 512), form(TraceFormat::kMooncake)).fault, "");
  // And the other way round: milliseconds as a form in seconds.
  rows = {{0, 40}, {90'000, 40}, {200'000, 40}};
  const Read slow = read(with_blocks(rows, 16), form(TraceFormat::kBailian));
  EXPECT_NE(slow.fault.find("`time_unit: ms`"), std::string::npos) << slow.fault;
}

TEST(trace_checks, mooncake_blocks_as_another_form) {
  const Read read_as =
      read(with_blocks({{0, 1200}, {1.5, 700}, {3, 4000}}, 512), form(TraceFormat::kBailian));
  EXPECT_NE(read_as.fault.find("`block_tokens: 512`"), std::string::npos) << read_as.fault;
  // A size that nobody uses can still be said.
  TraceParams p = form(TraceFormat::kBailian);
  const std::string odd = with_blocks({{0, 1200}, {1.5, 700}, {3, 4000}}, 100);
  EXPECT_NE(read(odd, p).fault.find("say which with `block_tokens`"), std::string::npos);
  p.block_tokens = 100;
  EXPECT_EQ(read(odd, p).rows.size(), 3u);
}

TEST(trace_checks, a_bare_number_has_no_unit) {
  const std::string small = "t,i,o\n0,10,5\n2,10,5\n";
  EXPECT_NE(read(small, columns("t", "i", "o")).fault.find("say `time_unit: s`"),
            std::string::npos);
  TraceParams p = columns("t", "i", "o");
  p.time_unit = TimeUnit::kMs;
  EXPECT_EQ(table(read(small, p)), "0 10 5; 0.002 10 5; ");
  EXPECT_EQ(table(read("t_ms,i,o\n0,10,5\n2,10,5\n", columns("t_ms", "i", "o"))),
            "0 10 5; 0.002 10 5; ");
  // A time since 1970 can only be one of them.
  for (const char* times : {"1764252000,1764252001.5", "1764252000000,1764252001500",
                            "1764252000000000000,1764252001500000000"}) {
    const std::string both = times, first = both.substr(0, both.find(',')),
                      second = both.substr(both.find(',') + 1);
    EXPECT_EQ(
        table(read("t,i,o\n" + first + ",10,5\n" + second + ",10,5\n", columns("t", "i", "o"))),
        "0 10 5; 1.5 10 5; ");
  }
  EXPECT_EQ(table(read("t;i;o\n2024-05-10T00:00:00Z;10;5\n2024-05-10 00:00:02.5+00:00;10;5\n",
                       columns("t", "i", "o"))),
            "0 10 5; 2.5 10 5; ");
}

// n rows of `requests`, `gap` apart in the numbers of this column.
std::string arrivals(const char* column, int n, double gap) {
  std::string text = std::string(column) + ",input_tokens,output_tokens\n";
  for (int i = 0; i < n; ++i) text += print_number(i * gap) + ",10,5\n";
  return text;
}

TEST(trace_checks, every_form_is_asked_for_its_unit) {
  const auto asked = [](const std::string& text, TraceFormat format) {
    return read(text, form(format)).fault;
  };
  const auto names = [](const std::string& fault, const char* unit) {
    EXPECT_NE(fault.find(std::string("say `time_unit: ") + unit + "`"), std::string::npos) << fault;
  };
  names(asked(arrivals("arrival_us", 3000, 200), TraceFormat::kRequests), "ms");
  names(asked(arrivals("arrival_ms", 3000, 0.2), TraceFormat::kRequests), "s");
  names(asked(arrivals("arrival_ms", 20, 0.8), TraceFormat::kRequests), "s");
  names(asked(arrivals("arrival_seconds", 3000, 200), TraceFormat::kRequests), "ms");
  const std::string burst =
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n0,m,10,5,15,x\n"
      "374.5,m,10,5,15,x\n16518,m,10,5,15,x\n";
  names(asked(burst, TraceFormat::kBurstgpt), "ms");
  TraceParams said = form(TraceFormat::kBurstgpt);
  said.time_unit = TimeUnit::kMs;
  EXPECT_EQ(table(read(burst, said)), "0 10 5; 0.3745 10 5; 16.518 10 5; ");
  names(asked(with_blocks({{0, 40}, {374.5, 40}, {16518.25, 40}}, 16), TraceFormat::kBailian),
        "ms");
  names(read(arrivals("t_us", 200, 200), columns("t_us", "input_tokens", "output_tokens")).fault,
        "ms");
  std::vector<std::pair<double, u32>> few;
  for (int i = 0; i < 20; ++i) few.emplace_back(i * 4 / 5, 600);
  names(asked(with_blocks(few, 512), TraceFormat::kMooncake), "s");
  // What was said is taken, and what can be nothing else.
  said = form(TraceFormat::kRequests);
  said.time_unit = TimeUnit::kS;
  EXPECT_EQ(read(arrivals("arrival_ms", 20, 0.5), said).rows.back().at, 9500_ms);
  EXPECT_EQ(asked(arrivals("arrival_seconds", 3000, 0), TraceFormat::kRequests), "");
  EXPECT_EQ(asked(arrivals("arrival_seconds", 2000, 0.0001), TraceFormat::kRequests), "");
  EXPECT_EQ(asked("arrival_us,input_tokens,output_tokens,e2e_us\n0,9,9,5\n1,9,9,5\n2,9,9,5\n3,9,9,5"
                  "\n4,9,9,5\n5,9,9,5\n6,9,9,5\n7,9,9,5\n8,9,9,5\n9,9,9,5\n",
                  TraceFormat::kRequests),
            "");
  EXPECT_EQ(
      read("t,i,o\n1764252000,10,5\n1764253000,10,5\n1764259000,10,5\n", columns("t", "i", "o"))
          .fault,
      "");
}

TEST(trace_checks, a_stated_duration_is_held_against_the_times) {
  const auto result = [](const char* duration, const char* starts) {
    return std::string(R"({"duration": )") + duration +
           R"(, "input_lens": [1, 2, 3], "output_lens": [4, 5, 6], "start_times": [)" + starts +
           "]}";
  };
  const auto of = [](const std::string& text) {
    return read(text, form(TraceFormat::kVllmBench)).fault;
  };
  EXPECT_NE(of(result("3.5", "5000, 6100, 8000"))
                .find("its `duration` is 3.5 s; if they are in ms "
                      "say `time_unit: ms`"),
            std::string::npos)
      << of(result("3.5", "5000, 6100, 8000"));
  EXPECT_EQ(of(result("3.5", "5, 6.1, 8")), "");
  EXPECT_NE(of(result("3.5", "5000, 5001, 5200")).find("say `time_unit: ms`, else"),
            std::string::npos)
      << "all requests at once";
  EXPECT_EQ(of(result("300", "5, 6.1, 8")), "");
}

TEST(trace_checks, whole_seconds_and_odd_totals_are_told) {
  const std::string second = arrivals("arrival_seconds", 20, 0.5);
  EXPECT_EQ(read(second, form(TraceFormat::kRequests)).notes(), "");
  std::string whole = "arrival_seconds,input_tokens,output_tokens\n";
  for (int i = 0; i < 20; ++i) whole += std::to_string(i / 2) + ",10,5\n";
  EXPECT_NE(read(whole, form(TraceFormat::kRequests))
                .notes()
                .find("all times are multiples of 1s, and 10 of 20 rows come at the same time as "
                      "the row before; if they were recorded no finer say `spread: 1s`"),
            std::string::npos);
  TraceParams p = form(TraceFormat::kRequests);
  p.spread = 1_s;
  EXPECT_EQ(read(whole, p).notes(), "");
  EXPECT_NE(read("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                 "0,m,10,110,100,x\n1,m,10,110,100,x\n",
                 form(TraceFormat::kBurstgpt))
                .notes()
                .find("in 2 of 2 rows `Total tokens` is not the sum"),
            std::string::npos);
}

// ---- named forms
// ---------------------------------------------------------------------------------
TEST(trace_forms, bailian_with_its_conversations_and_other_parts) {
  const auto line = [](int chat, int parent, double at, int input, const char* type,
                       const char* ids) {
    return "{\"chat_id\": " + std::to_string(chat) +
           ", \"parent_chat_id\": " + std::to_string(parent) +
           ", \"timestamp\": " + print_number(at) + ", \"input_length\": " + std::to_string(input) +
           ", \"output_length\": 3, \"type\": \"" + type + "\", \"turn\": 1, \"hash_ids\": [" +
           ids + "]}\n";
  };
  const std::string text = line(1, -1, 0.5, 20, "text", "1, 2") + line(7, -1, 1, 16, "image", "9") +
                           line(2, 1, 2.5, 33, "text", "1, 2, 3") +
                           line(3, 2, 4, 40, "text", "1, 2, 4");
  const Read r = read(text, form(TraceFormat::kBailian));
  EXPECT_EQ(table(r), "0 20 3; 0.5 16 3; 2 33 3; 3.5 40 3; ");
  EXPECT_EQ(r.rows[0].session, r.rows[2].session);
  EXPECT_EQ(r.rows[0].session, r.rows[3].session);
  EXPECT_NE(r.rows[0].session, r.rows[1].session);
  EXPECT_EQ(r.rows[3].blocks, (std::vector<u64>{1, 2, 4}));
  EXPECT_NE(r.notes().find("1 of 4 rows have images or other parts"), std::string::npos);
  EXPECT_EQ(r.params.counts.with_parts, 1u);
}

TEST(trace_forms, vllm_bench) {
  const std::string one =
      R"({"date": "x", "completed": 2, "input_lens": [100, 200, 300], "output_lens": [50, 0, 150],)"
      R"( "start_times": [102.9, 101.2, 100.0], "errors": ["", "boom", ""], "ttfts": []})";
  EXPECT_EQ(table(read(one, form(TraceFormat::kVllmBench))), "0 300 150; 1.2 200 0; 2.9 100 50; ");
  const Read several = read(one + "\n" + one + "\n", form(TraceFormat::kVllmBench));
  EXPECT_NE(several.fault.find("holds 2 results; say which with `part: 0`"), std::string::npos);
  TraceParams p = form(TraceFormat::kVllmBench);
  p.part = 1;
  EXPECT_EQ(read(one + "\n" + one + "\n", p).rows.size(), 3u);
  EXPECT_NE(read(R"({"input_lens": [1], "output_lens": [1]})", form(TraceFormat::kVllmBench))
                .fault.find("no `start_times`"),
            std::string::npos);
  EXPECT_NE(
      read(R"({"mean_ttft_ms": 5})", form(TraceFormat::kVllmBench)).fault.find("--save-detailed"),
      std::string::npos);
}

TEST(trace_forms, guidellm_reports_and_replays) {
  const std::string report =
      R"({"benchmarks": [{"requests": {"successful": [)"
      R"({"start_time": 1764252001.5, "prompt_tokens": 20, "output_tokens": 5},)"
      R"({"info": {"timings": {"request_start": 1764252000.0}}, )"
      R"("input_metrics": {"text_tokens": 30},)"
      R"( "output_metrics": {"text_tokens": 6}}],)"
      R"("errored": [{"start_time": 1764252003.0, "prompt_tokens": 40, "output_tokens": 1}]}}]})";
  EXPECT_EQ(table(read(report, form(TraceFormat::kGuidellm))), "0 30 6; 1.5 20 5; 3 40 0; ");
  EXPECT_EQ(table(read("{\"timestamp\": 0, \"input_length\": 256, \"output_length\": 128}\n"
                       "{\"timestamp\": 1.5, \"input_length\": 900, \"output_length\": 64}\n",
                       form(TraceFormat::kGuidellm))),
            "0 256 128; 1.5 900 64; ");
}

TEST(trace_forms, aiperf_without_its_warm_up) {
  const auto line = [](const char* phase, i64 start, const char* error) {
    return std::string(R"({"metadata": {"request_start_ns": )") + std::to_string(start) +
           R"(, "conversation_id": "a", "benchmark_phase": ")" + phase +
           R"("}, "metrics": {"input_sequence_length": {"value": 550, "unit": "tokens"}, )"
           R"("output_sequence_length": {"value": 25, "unit": "tokens"}}, "error": )" +
           error + "}\n";
  };
  const Read r = read(line("warmup", 1764252000000000000, "null") +
                          line("profiling", 1764252010000000000, "null") +
                          line("profiling", 1764252010250000000, "{\"code\": 500}"),
                      form(TraceFormat::kAiperf));
  EXPECT_EQ(table(r), "0 550 25; 0.25 550 0; ");
  EXPECT_EQ(r.params.counts.warm_up, 1u);
  EXPECT_EQ(r.rows[0].session, r.rows[1].session);
}

TEST(trace_forms, burstgpt_keeps_its_sessions) {
  const Read r = read(
      "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log "
      "Type\n5,c1,4.5,m,472,18,490,Conversation log\n6,,1,m,10,2,12,API "
      "log\n9,c1,2,m,500,18,518,C\n",
      form(TraceFormat::kBurstgpt));
  ASSERT_EQ(r.rows.size(), 3u);
  EXPECT_TRUE(r.rows[0].has_session && !r.rows[1].has_session);
  EXPECT_EQ(r.rows[0].session, r.rows[2].session);
}

TEST(trace_forms, lists_of_different_lengths_are_refused) {
  for (const char* text :
       {R"({"input_lens": [1, 2], "output_lens": [4, 5, 6], "start_times": [1, 2, 3]})",
        R"({"input_lens": [1, 2, 3], "output_lens": [4, 5, 6], "start_times": [1, 2, 3], )"
        R"("errors": [""]})"})
    EXPECT_NE(read(text, form(TraceFormat::kVllmBench))
                  .fault.find("its lists do not have a value for each request"),
              std::string::npos);
}

TEST(trace_forms, json_as_python_writes_it) {
  const std::string result =
      R"({"mean": NaN, "worst": [-Infinity, Infinity], "label": "NaN, \"Infinity", )"
      R"("input_lens": [1, 2], "output_lens": [4, 5], "start_times": [1, 2.5]})";
  EXPECT_EQ(table(read(result, form(TraceFormat::kVllmBench))), "0 1 4; 1.5 2 5; ");
  const Read lines = read(
      "{\"t_s\": 0, \"i\": 1, \"o\": 2, \"x\": NaN}\n"
      "{\"t_s\": 1, \"i\": 1, \"o\": 2}\n{\"t_s\": NaN, \"i\": 1, \"o\": 2}\n",
      columns("t_s", "i", "o"));
  EXPECT_EQ(table(lines), "0 1 2; 1 1 2; ");
  EXPECT_NE(lines.notes().find("'t_s' is wanted: a time"), std::string::npos) << lines.notes();
}

// ---- mappings
// ------------------------------------------------------------------------------------
TEST(trace_columns, csv_with_quotes_thousands_and_lines_within_a_field) {
  TraceParams p = columns("arrival_seconds", "input_tokens", "output_tokens");
  p.columns->text = "prompt";
  const std::string text =
      "arrival_seconds,prompt,input_tokens,output_tokens\n"
      "0,\"a, \"\"b\"\"\nc\",\"1,200\",30.0\n0.5,x,7,1\n";
  EXPECT_EQ(table(read(text, p)), "0 1200 30; 0.5 7 1; ");
  EXPECT_EQ(table(read("arrival_seconds,input_tokens,output_tokens\n0,100,10\n0.5,\"1,200\",20\n",
                       form(TraceFormat::kRequests))),
            "0 100 10; 0.5 1200 20; ");
  double value = 0;
  for (const char* bad : {"1,20", "1,2000", ",200", "1,200,", "1,200.5", "12,34,567"})
    EXPECT_FALSE(number_of(bad, value)) << bad;
  TraceParams numbered = columns("4", "6", "7");
  numbered.columns->header = false;
  numbered.time_unit = TimeUnit::kS;
  EXPECT_EQ(table(read("0,2,0,0.5,1,2048,30\n1,2,0,1.75,1,700,120\n", numbered)),
            "0 2048 30; 1.25 700 120; ");
  EXPECT_NE(read("a,b\n1,2\n", columns("a", "bb", "")).fault.find("did you mean 'b'"),
            std::string::npos);
}

TEST(trace_columns, json_lines_lists_and_documents) {
  TraceParams nested = columns("at.ms", "usage.prompt|usage.in", "usage.completion");
  nested.time_unit = TimeUnit::kMs;
  EXPECT_EQ(table(read("{\"at\": {\"ms\": 5}, \"usage\": {\"in\": 3, \"completion\": 4}}\n"
                       "{\"at\": {\"ms\": 10}, \"usage\": {\"prompt\": 6, \"completion\": 1}}\n",
                       nested)),
            "0 3 4; 0.005 6 1; ");
  TraceParams each = columns("timestamp", "prompt_length", "output_length");
  each.time_unit = TimeUnit::kMs;
  each.columns->each = "requests";
  EXPECT_EQ(
      table(read("{\"timestamp\": 0, \"requests\": [{\"prompt_length\": 10, \"output_length\": "
                 "2}, {\"prompt_length\": 20, \"output_length\": 3}]}\n"
                 "{\"timestamp\": 500, \"requests\": []}\n"
                 "{\"timestamp\": 900, \"requests\": [{\"prompt_length\": 5, "
                 "\"output_length\": 1}]}\n",
                 each)),
      "0 10 2; 0 20 3; 0.9 5 1; ");
  TraceParams share = columns("", "conversations.0.value", "conversations.1.value");
  share.columns->every = 2_s;
  share.columns->tokens_per_character = 0.25;
  EXPECT_EQ(table(read(R"([{"id": "a", "conversations": [{"from": "human", "value": "12345678"},)"
                       R"( {"from": "gpt", "value": "0123456789"}]},)"
                       "\n"
                       R"({"id": "b", "conversations": [{"value": "ééé"}, {"value": ""}]}])",
                       share)),
            "0 2 3; 2 1 0; ");
  TraceParams inside = columns("t_s", "i", "o");
  inside.columns->rows = "data.requests";
  EXPECT_EQ(
      table(read(
          R"({"data": {"requests": [{"t_s": 3, "i": 2, "o": 1}, {"t_s": 1, "i": 4, "o": 1}]}})",
          inside)),
      "0 4 1; 2 2 1; ");
}

// ---- rows that are bad or failed
// -----------------------------------------------------------------
std::string ten_rows(const std::string& in_the_middle) {
  std::string text = "arrival_seconds,input_tokens,output_tokens\n";
  for (int i = 0; i < 10; ++i)
    text += i == 5 ? in_the_middle : std::to_string(i) + ",10," + std::to_string(i + 1) + "\n";
  return text;
}

TEST(trace_rows, one_bad_row_costs_itself) {
  for (const char* bad : {"5,many,6\n", "5\n", "99999,,\n", "1,10,6\n"}) {
    const Read r = read(ten_rows(bad), form(TraceFormat::kRequests));
    EXPECT_EQ(r.rows.size(), 9u) << bad << r.fault;
    EXPECT_EQ(r.params.counts.bad, 1u);
    EXPECT_NE(r.notes().find("1 of 10 rows cannot be read and are left out; the first in line 7"),
              std::string::npos)
        << r.notes();
  }
  TraceParams strict = form(TraceFormat::kRequests);
  strict.bad_rows = BadRows::kRefuse;
  EXPECT_NE(read(ten_rows("5,many,6\n"), strict).fault.find("'many'"), std::string::npos);
  // A file that is mostly bad is another file.
  EXPECT_NE(read("arrival_seconds,input_tokens,output_tokens\n0,1,1\nx,1,1\n",
                 form(TraceFormat::kRequests))
                .fault.find("'x': a time is wanted"),
            std::string::npos);
}

TEST(trace_rows, failed_ones_are_left_out_asked_about_or_kept) {
  TraceParams p = form(TraceFormat::kRequests);
  EXPECT_EQ(read(ten_rows("5,10,0\n"), p).params.rows, 9u);
  EXPECT_NE(read(ten_rows("5,10,0\n"), p)
                .notes()
                .find("1 of 10 rows record a failure or no answer and are left out"),
            std::string::npos);
  p.unanswered = UnansweredRows::kRefuse;
  EXPECT_NE(read(ten_rows("5,10,0\n"), p).fault.find("1 of 10 rows have no answer; say"),
            std::string::npos);
  EXPECT_EQ(read(ten_rows("5,10,6\n"), p).rows.size(), 10u);
  p.unanswered = UnansweredRows::kImpute;
  EXPECT_EQ(read(ten_rows("5,10,0\n"), p).params.rows, 10u);
  TraceParams status = columns("t_s", "i", "o");
  status.columns->error = "status";
  const Read r = read("t_s,i,o,status\n0,1,7,200\n1,1,7,503\n2,1,7,\n", status);
  EXPECT_EQ(table(r), "0 1 7; 1 1 0; 2 1 7; ");
  EXPECT_EQ(r.params.counts.unanswered, 1u);
}

TEST(trace_rows, failed_ones_without_a_prompt_take_the_last_of_their_text) {
  const char* rows =
      "arrival_seconds,input_tokens,output_tokens\n0,10,1\n1,20,1\n2,0,0\n3,0,0\n4,30,1\n5,0,0\n";
  TraceParams p = form(TraceFormat::kRequests);
  p.unanswered = UnansweredRows::kImpute;
  EXPECT_EQ(table(read(rows, p)), "0 10 1; 1 20 1; 2 20 0; 3 20 0; 4 30 1; 5 30 0; ");
  p.distinct_prompts = 2;
  EXPECT_EQ(table(read(rows, p)), "0 10 1; 1 20 1; 2 10 0; 3 20 0; 4 30 1; 5 20 0; ");
  p.unanswered = UnansweredRows::kPlay;
  EXPECT_EQ(read(rows, p).params.counts.bad, 3u)
      << "a prompt is made up only where it is asked for";
}

TEST(trace_rows, spread_is_for_whole_steps) {
  TraceParams p = form(TraceFormat::kRequests);
  p.spread = 1_s;
  EXPECT_EQ(read(ten_rows("5,10,6\n"), p).rows.size(), 10u);
  EXPECT_NE(read(ten_rows("5.25,10,6\n"), p)
                .fault.find("1 of 10 rows lie between the steps of "
                            "`spread: 1s`"),
            std::string::npos);
}

// ---- packings
// --------------------------------------------------------------------------------------
std::string bzip2(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                                     static_cast<unsigned>(text.size()), 9, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

std::string xz(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

TEST(trace_packings, bzip2_and_xz_in_pieces_and_cut_short) {
  std::string text = "arrival_seconds,input_tokens,output_tokens\n";
  for (int i = 0; i < 60'000; ++i)
    text += std::to_string(i) + ",10," + std::to_string(i % 97 + 1) + "\n";
  const std::size_t half = text.find('\n', text.size() / 2) + 1;
  const Read plain = read(text, form(TraceFormat::kRequests));
  ASSERT_EQ(plain.rows.size(), 60'000u);
  for (const auto pack : {bzip2, xz}) {
    const std::string pieces = pack(text.substr(0, half)) + pack(text.substr(half));
    const Read packed = read(pieces, form(TraceFormat::kRequests));
    EXPECT_EQ(packed.rows.size(), 60'000u) << packed.fault;
    EXPECT_EQ(packed.params.content, plain.params.content);
    EXPECT_EQ(packed.rows.back().output, plain.rows.back().output);
    EXPECT_NE(read(pieces.substr(0, pieces.size() / 3), form(TraceFormat::kRequests)).fault, "");
    std::string damaged = pack(text);
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
    EXPECT_NE(read(damaged, form(TraceFormat::kRequests)).fault, "");
  }
}

TEST(trace_packings, others_are_told_what_to_do) {
  const std::pair<std::string, const char*> cases[] = {{"\x28\xb5\x2f\xfd rest", "zstd -d"},
                                                       {"PK\x03\x04 rest", "zip archive"},
                                                       {"PAR1 rest", "parquet"},
                                                       {"\xff\xfe"
                                                        "a\0",
                                                        "iconv -f UTF-16"},
                                                       {"ARROW1 rest", "CSV or JSON lines"}};
  for (const auto& [text, words] : cases)
    EXPECT_NE(read(text, form(TraceFormat::kRequests)).fault.find(words), std::string::npos)
        << words;
}

}  // namespace test_trace_forms
}  // namespace stampede
