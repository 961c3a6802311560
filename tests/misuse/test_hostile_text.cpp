// Names and texts that would steer a terminal or a spreadsheet, or that are no text at all.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/experiments/condition.h"
#include "tools/files/printable.h"
#include "tools/language/init_template.h"
#include "tools/results/csv.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_hostile_text {

using namespace std::string_literals;

TEST(printable, shows_what_would_steer_a_terminal) {
  EXPECT_EQ(printable("plain, 東京 and é"), "plain, 東京 and é");
  EXPECT_EQ(printable("\x1b[2J\x07\n\t\0"s), "\\x1b[2J\\x07\\x0a\\x09\\x00");
  EXPECT_EQ(printable("\x7f\xc2\x9b"
                      "31m"),
            "\\u007f\\u009b31m");
  EXPECT_EQ(printable("a\u202e\u2066z"), "a\\u202e\\u2066z");
  EXPECT_EQ(printable("\xff\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80\xe2\x82"),
            "\\xff\\xed\\xa0\\x80\\xc0\\xaf\\xf4\\x90\\x80\\x80\\xe2\\x82");
  EXPECT_EQ(printable_lines("a\n\tb\r\x1b"), "a\n\tb\\x0d\\x1b");
}

TEST(csv, formulas_are_texts) {
  EXPECT_EQ(csv_field("web"), "web");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("=cmd|'/C calc'!A0"), "'=cmd|'/C calc'!A0");
  EXPECT_EQ(csv_field("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
  for (const char* text : {"+1", "-1", "@SUM(A1)", "\tx", "  =1"})
    EXPECT_EQ(csv_field(text), std::string("'") + text);
  EXPECT_EQ(csv_field("\r=1"), "\"'\r=1\"");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::string faults_with(const std::string& from, const std::string& to) {
  try {
    load_scenario(SourceText{"x.yaml", replaced(init_template(), from, to)});
  } catch (const InputError& error) {
    return error.what();
  }
  return "(taken)";
}

TEST(hostile_text, names_are_refused_with_their_place) {
  for (const char* escape : {"\\e[31m", "\\x07", "\\n", "\\t", "\\x7f", "\\x9b31m", "\\u202e",
                             "\\u2066", "\\u2028", "\\0"}) {
    for (const char* name : {"my-fleet", "web", "east", "replicas"}) {
      const std::string said =
          faults_with(fmt::format("name: {}", name), fmt::format("name: \"{}{}\"", name, escape));
      EXPECT_NE(said.find("name: '"), std::string::npos) << escape << "\n" << said;
      EXPECT_NE(said.find("has no control characters"), std::string::npos) << said;
      EXPECT_EQ(said.find("x.yaml:"), 0u) << said;
      EXPECT_EQ(printable_lines(said), said);
    }
  }
  EXPECT_EQ(faults_with("name: my-fleet", "name: \"東京 é\""), "(taken)");
  EXPECT_EQ(faults_with("summary: two regions and a routing mistake of five minutes",
                        "summary: \"two\\nregions\""),
            "(taken)");
}

TEST(hostile_text, what_is_no_text_is_refused_with_its_place) {
  for (const char* bytes :
       {"\xed\xa0\x80", "\xed\xbf\xbf", "\xc0\xaf", "\xe0\x80\xaf", "\xff", "\xf4\x90\x80\x80"}) {
    const std::string said = faults_with("name: my-fleet", fmt::format("name: \"x{}y\"", bytes));
    EXPECT_EQ(said.find("x.yaml:8:20: not UTF-8"), 0u) << said;
  }
  for (const char* escape : {"\\ud800", "\\udfff", "\\ud800\\ud800", "\\udc00\\ud800"}) {
    const std::string said = faults_with("name: my-fleet", fmt::format("name: \"{}\"", escape));
    EXPECT_EQ(said.find("x.yaml:8:"), 0u) << escape << said;
  }
  // JSON writes what lies beyond 16 bits as a pair.
  const Scenario fleet = load_scenario(SourceText{"x.yaml", init_template()}).scenario;
  const std::string json = replaced(effective(fleet).dump(), "my-fleet", "\\\\ud83d\\ud83d\\ude00");
  EXPECT_EQ(load_scenario(SourceText{"x.json", json}).scenario.metadata.name, "\\ud83d\U0001F600");
}

TEST(hostile_text, keys_and_values_are_shown_harmless_and_short) {
  const std::string said =
      faults_with("seed: 1 ", "\"\\e[31m\\u202e" + std::string(500, 'k') + "\": \"\\e]0;x\\a\" ");
  EXPECT_EQ(printable_lines(said), said);
  EXPECT_LT(said.size(), 1000u) << said;
  EXPECT_NE(faults_with("duration: 30min", "duration: \"\\e[31m\"").find("'\\x1b[31m'"),
            std::string::npos);
}

TEST(hostile_text, conditions_are_bounded) {
  const auto wrong = [](const std::string& text) -> std::string {
    try {
      Condition{text};
    } catch (const ConditionError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(wrong(std::string(64, '(') + "1" + std::string(64, ')') + " < 2"), "");
  EXPECT_EQ(wrong(std::string(20'000, '(') + "1" + std::string(20'000, ')') + " < 2"),
            "parentheses deeper than 64");
  std::string sum = "1";
  for (int i = 0; i < 1'000'000; ++i) sum += "+1";
  EXPECT_EQ(wrong(sum + " < 2"), "more than 1000 operations");
  EXPECT_EQ(wrong("1 < " + std::string(20'000, '(')), "parentheses deeper than 64");
}

// What a file says of faults costs no more than the file.
TEST(hostile_text, many_faults_on_a_long_line_are_told_in_part) {
  std::string text = "{apiVersion: stampede/v1alpha1, kind: Scenario, metadata: {name: x}, spec: {";
  for (int i = 0; i < 200'000; ++i) text += fmt::format("k{}: 1, ", i);
  std::string said;
  try {
    load_scenario(SourceText{"x.yaml", text + "}}"});
  } catch (const InputError& error) {
    said = error.what();
  }
  EXPECT_NE(said.find(" more faults\n"), std::string::npos) << said.substr(0, 300);
  EXPECT_LT(said.size(), 100'000u);
}

}  // namespace test_hostile_text
}  // namespace stampede
