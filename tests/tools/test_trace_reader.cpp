// Readers of recordings: what they take from each format, what they say of bad rows, and that they
// hold no more of a long file than of a short one.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/directories.h"
#include "tests/tools/trace_file.h"
#include "tools/traces/csv_formats.h"
#include "tools/traces/line_reader.h"
#include "tools/traces/trace_reader.h"

namespace stampede {
namespace test_trace_reader {

using test::TraceFile;

TraceParams params_for(const std::string& path, TraceFormat format) {
  TraceParams p;
  p.path = path;
  p.format = format;
  return p;
}

std::vector<TraceRow> rows_of(const TraceParams& p) {
  const auto source = open_trace(p);
  std::vector<TraceRow> rows;
  for (TraceRow row; source->next(row);) rows.push_back(row);
  return rows;
}

std::string fault_of(TraceParams p) {
  try {
    scan_trace(p);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(trace_reader, azure_of_2023_and_2024) {
  for (const char* offset : {"", "+00:00"}) {
    const TraceFile file(".csv", std::string("TIMESTAMP,ContextTokens,GeneratedTokens\r\n") +
                                     "2023-12-31 23:59:59.9799600" + offset + ",4808,10\r\n" +
                                     "2024-01-01 00:00:01.0000000" + offset + ",3180,8\r\n");
    const auto rows = rows_of(params_for(file.path(), TraceFormat::kAzure));
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].at.ns, 0);
    EXPECT_EQ(rows[1].at.ns, 1'020'040'000);
    EXPECT_EQ(rows[0].prompt, 4808u);
    EXPECT_EQ(rows[1].output, 8u);
    EXPECT_FALSE(rows[0].has_text);
  }
}

TEST(trace_reader, timestamps) {
  Duration t;
  ASSERT_TRUE(read_timestamp("1970-01-01 00:00:01", t));
  EXPECT_EQ(t.ns, 1'000'000'000);
  ASSERT_TRUE(read_timestamp("2024-02-29T12:00:00.5+02:00", t));
  EXPECT_EQ(t.ns, 1'709'200'800'500'000'000);
  for (const char* bad : {"", "2024-02-29", "2024-13-01 00:00:00", "2024-02-29 24:00:00",
                          "2024-02-29 12:00:00 UTC", "29.02.2024 12:00:00"})
    EXPECT_FALSE(read_timestamp(bad, t)) << bad;
}

TEST(trace_reader, both_variants_of_burstgpt) {
  const TraceFile with(".csv",
                       "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,"
                       "Total tokens,Log Type\n"
                       "5.0,1,2.5,ChatGPT,472,18,490,Conversation log\n"
                       "45.25,,,GPT-4,1087.0,230,1317,API log\n");
  const TraceFile without(".csv",
                          "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                          "5,ChatGPT,472,18,490,Conversation log\n"
                          "45.25,GPT-4,1087,230,1317,API log\n");
  for (const TraceFile* file : {&with, &without}) {
    const auto rows = rows_of(params_for(file->path(), TraceFormat::kBurstgpt));
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[1].at, 40250_ms);
    EXPECT_EQ(rows[1].prompt, 1087u);
    EXPECT_EQ(rows[0].output, 18u);
  }
}

TEST(trace_reader, mooncake_with_its_block_identities) {
  const TraceFile file(".jsonl",
                       R"({"timestamp": 1000, "input_length": 600, "output_length": 5, )"
                       R"("hash_ids": [0, 7]})"
                       "\n\n"
                       R"({"timestamp": 4000, "input_length": 10, "output_length": 9, )"
                       R"("hash_ids": [3]})");  // no line end
  const auto rows = rows_of(params_for(file.path(), TraceFormat::kMooncake));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].blocks, (std::vector<u64>{0, 7}));
  EXPECT_EQ(rows[1].blocks, (std::vector<u64>{3}));
  EXPECT_EQ(rows[1].at, 3_s);
}

TEST(trace_reader, requests_by_the_names_of_their_columns_packed_or_not) {
  const std::string text =
      "error,output_tokens,arrival_us,input_tokens,prompt_id\n"
      "0,248,0,570,a\n"
      "0,12,1500000,571,b\n"
      "1,0,1500001,570,a\n";
  for (const bool packed : {false, true}) {
    const TraceFile file(".csv", text, packed);
    const auto rows = rows_of(params_for(file.path(), TraceFormat::kRequests));
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[1].at, 1500_ms);
    EXPECT_EQ(rows[1].prompt, 571u);
    EXPECT_EQ(rows[2].output, 0u);
    EXPECT_EQ(rows[0].text, rows[2].text);
    EXPECT_NE(rows[0].text, rows[1].text);
  }
  const TraceFile milliseconds(".csv", "arrival_ms,input_tokens,output_tokens\n2,1,1\n3.5,1,1\n");
  EXPECT_EQ(rows_of(params_for(milliseconds.path(), TraceFormat::kRequests))[1].at, 1500_us);
}

TEST(trace_reader, its_own_rows_can_be_played) {
  const TraceFile file(".csv",
                       "arrival_seconds,class,home,region,replica,prompt_tokens,output_tokens,"
                       "ttft_seconds,e2e_seconds,outcome,attempts\n"
                       "1.000000000,web,eu,eu,3,570,248,0.1,2.5,succeeded,1\n");
  EXPECT_EQ(rows_of(params_for(file.path(), TraceFormat::kRequests))[0].prompt, 570u);
}

TEST(trace_reader, bad_rows_are_named_by_line_and_column) {
  const TraceFile file(".csv",
                       "arrival_us,input_tokens,output_tokens\n"
                       "26,570,248\n"
                       "10,many,248\n"
                       "20,570\n"
                       "30,0,1\n"
                       "25,570,248\n"
                       "40,-1,3\n"
                       "nan,1,1\n");
  const std::string fault = fault_of(params_for(file.path(), TraceFormat::kRequests));
  const auto told = [&](const std::string& where, const std::string& what) {
    const auto at = fault.find(file.path() + ":" + where);
    ASSERT_NE(at, std::string::npos) << where << "\n" << fault;
    EXPECT_EQ(fault.compare(fault.find(": ", at) + 2, what.size(), what), 0) << fault;
  };
  told("3:4", "'many': a number of tokens is wanted");
  told("4:1", "the line ends before 'output_tokens'");
  told("5:1", "a prompt has at least one token");
  told("6:1", "earlier than the row before");
  told("7:4", "-1 is no number of tokens");
  told("8:1", "'nan': a time is wanted");
}

TEST(trace_reader, headers_and_files_that_will_not_do) {
  const auto of = [](const std::string& text, TraceFormat format = TraceFormat::kRequests) {
    const TraceFile file(".csv", text);
    return fault_of(params_for(file.path(), format));
  };
  EXPECT_NE(of("arrival_us,input_token,output_tokens\n0,1,1\n").find("did you mean 'input_token'"),
            std::string::npos);
  EXPECT_NE(of("").find("the file is empty"), std::string::npos);
  EXPECT_NE(of("arrival_us,input_tokens,output_tokens\n").find("no row"), std::string::npos);
  EXPECT_NE(of("0,1,2\n", TraceFormat::kMooncake).find(":1:1: a JSON object"), std::string::npos);
  EXPECT_NE(of(std::string(3'000'000, 'x')).find("longer than"), std::string::npos);
  EXPECT_NE(fault_of(params_for("/nowhere/x.csv", TraceFormat::kAzure)).find("cannot be read"),
            std::string::npos);
  const TraceFile whole(".gz", std::string(200'000, 'a') + "\n" + std::string(9'999, 'b'), true);
  std::filesystem::resize_file(whole.path(), std::filesystem::file_size(whole.path()) - 8);
  EXPECT_NE(fault_of(params_for(whole.path(), TraceFormat::kMooncake)), "");
}

TEST(trace_reader, a_scan_knows_rows_length_and_content) {
  const std::string text =
      "arrival_us,input_tokens,output_tokens\n0,5,5\n1000000,5,5\n3000000,5,0\n"
      "4000000,5,5\n";
  const TraceFile file(".csv", text), same(".csv", text, true),
      other(".csv", text + "5000000,1,1\n");
  TraceParams p = params_for(file.path(), TraceFormat::kRequests);
  scan_trace(p);
  EXPECT_EQ(p.rows, 3u);     // the failed one is left out
  EXPECT_EQ(p.length, 6_s);  // 4 s and a mean gap of 2 s
  TraceParams packed = params_for(same.path(), TraceFormat::kRequests);
  scan_trace(packed);
  EXPECT_EQ(packed.content, p.content);
  TraceParams longer = params_for(other.path(), TraceFormat::kRequests);
  scan_trace(longer);
  EXPECT_NE(longer.content, p.content);
  TraceParams cut = params_for(file.path(), TraceFormat::kRequests);
  cut.from = 500_ms;
  cut.to = 2_s;
  cut.output_tokens = 7;
  scan_trace(cut);
  EXPECT_EQ(cut.rows, 1u);
  EXPECT_EQ(cut.length, 1500_ms);
}

// The buffer is all that a reader holds of a file.
TEST(trace_reader, memory_does_not_grow_with_the_file) {
  std::string text;
  for (int i = 0; i < 400'000; ++i) text += std::to_string(i) + ",570,248\n";
  const TraceFile file(".csv.gz", text, true);
  LineReader lines(file.path());
  const std::size_t before = lines.buffer_bytes();
  u64 count = 0;
  for (std::string_view line; lines.next(line);) ++count;
  EXPECT_EQ(count, 400'000u);
  EXPECT_EQ(lines.buffer_bytes(), before);
  EXPECT_LT(before, text.size() / 50);
  lines.rewind();
  std::string_view line;
  ASSERT_TRUE(lines.next(line));
  EXPECT_EQ(line, "0,570,248");
}

// The public traces themselves, where they are.
std::string shared(const std::string& path) {
  const char* root = std::getenv("STAMPEDE_SHARED");
  return std::string(root ? root : source_directory() + "/../shared") + "/reference/" + path;
}

TEST(trace_reader, public_traces_have_their_published_size) {
  struct Case {
    const char* path;
    TraceFormat format;
    u64 rows;
    double prompt, output;  // means
  };
  const Case cases[] = {
      {"traces/azure_2023/AzureLLMInferenceTrace_code.csv", TraceFormat::kAzure, 8819, 2048, 28},
      {"traces/azure_2023/AzureLLMInferenceTrace_conv.csv", TraceFormat::kAzure, 19366, 1155, 211},
      {"traces/mooncake/conversation_trace.jsonl", TraceFormat::kMooncake, 12031, 12035, 343}};
  for (const Case& c : cases) {
    if (!std::filesystem::exists(shared(c.path)))
      GTEST_SKIP() << shared(c.path) << " is not here; set STAMPEDE_SHARED";
    const auto rows = rows_of(params_for(shared(c.path), c.format));
    ASSERT_EQ(rows.size(), c.rows) << c.path;
    double prompt = 0, output = 0;
    for (const TraceRow& row : rows) prompt += row.prompt, output += row.output;
    EXPECT_NEAR(prompt / static_cast<double>(c.rows), c.prompt, 0.5) << c.path;
    EXPECT_NEAR(output / static_cast<double>(c.rows), c.output, 0.6) << c.path;
  }
}

}  // namespace test_trace_reader
}  // namespace stampede
