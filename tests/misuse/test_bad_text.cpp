// Text that is no scenario: what is said, and where. No such file may crash, hang or be taken.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_bad_text {

using namespace std::string_literals;

std::string faults_of(const std::string& text) {
  try {
    load_scenario(SourceText{"bad.yaml", text});
  } catch (const InputError& error) {
    return error.what();
  }
  return "(taken)";
}

const std::string kHead = "apiVersion: stampede/v1alpha1\nkind: Scenario\nmetadata: {name: x}\n";

struct Case {
  const char* name;
  std::string text, starts_with;
};

class BadText : public ::testing::TestWithParam<Case> {};

TEST_P(BadText, is_reported_with_its_place) {
  const std::string said = faults_of(GetParam().text);
  // At the start of a line: other faults of the same file may come first.
  EXPECT_NE(("\n" + said).find("\n" + GetParam().starts_with), std::string::npos) << said;
}

INSTANTIATE_TEST_SUITE_P(
    corpus, BadText,
    ::testing::Values(
        Case{"empty", "", "bad.yaml: the file is empty\n"},
        Case{"only_comments", "# nothing\n\n", "bad.yaml: the file is empty\n"},
        Case{"empty_document", "---\n", "bad.yaml:2:1: not a scenario: a mapping is wanted"},
        Case{"a_scalar", "hello\n", "bad.yaml:1:1: not a scenario: a mapping is wanted"},
        Case{"a_list", "- a\n- b\n", "bad.yaml:1:1: not a scenario: a mapping is wanted"},
        Case{"nul_byte", kHead + "spec: {\0}\n"s,
             "bad.yaml:4:8: a NUL byte; this is not a text file\n"},
        Case{"elf_header",
             "\x7f"
             "ELF\x02\x01\x01\0\0"s,
             "bad.yaml:1:5: a control character; this is not a text file\n"},
        Case{"png", "\x89PNG\r\n\x1a\n"s, "bad.yaml:1:1: not UTF-8; this is not a text file\n"},
        Case{"utf16",
             "\xff\xfe"
             "a\0:\0"s,
             "bad.yaml:1:1: not UTF-8; this is not a text file\n"},
        Case{"truncated_utf8", "apiVersion: \xc3"s, "bad.yaml:1:13: not UTF-8"},
        Case{"overlong_utf8", "apiVersion: \xc0\xaf"s, "bad.yaml:1:13: not UTF-8"},
        Case{"tabs", kHead + "spec:\n\tseed: 1\n",
             "bad.yaml:5:1: a tab in the indentation; YAML wants spaces\n  \tseed: 1\n  ^\n"},
        Case{"tag", kHead + "spec: {seed: !!int 5}\n",
             "bad.yaml:4:14: tags are not part of the scenario language\n"},
        Case{"local_tag", kHead + "spec: !danger {seed: 5}\n",
             "bad.yaml:4:7: tags are not part of the scenario language\n"},
        Case{"two_documents", kHead + "spec: {}\n---\nspec: {}\n",
             "bad.yaml:6:1: a second document begins here; a file holds one\n"},
        Case{"unknown_anchor", kHead + "spec: *nowhere\n", "bad.yaml:4:"},
        Case{"alias_of_itself", kHead + "spec: &a {seed: *a}\n",
             "bad.yaml:4:17: an alias stands inside its own anchor\n"},
        Case{"unclosed_flow", kHead + "spec: {seed: 1\n", "bad.yaml:5:1: not YAML"},
        Case{"unclosed_quote", kHead + "spec: \"seed\n", "bad.yaml:4:7: "},
        Case{"colon_in_text", "apiVersion: stampede/v1alpha1\nmetadata: a: b\n",
             "bad.yaml:2:12: a ':' where no key can stand"},
        Case{"wrong_kind", "apiVersion: stampede/v1alpha1\nkind: Sweep\n",
             "bad.yaml:2:7: kind: 'Sweep' is not known; this version reads `kind: Scenario`"},
        Case{"wrong_version", "apiVersion: stampede/v9\nkind: Scenario\n",
             "bad.yaml:1:13: apiVersion: 'stampede/v9' is not known"},
        Case{"complex_key", kHead + "? [a, b]\n: c\nspec: {}\n",
             "bad.yaml:4:3: a key must be a plain name\n"},
        Case{"merge_key", kHead + "spec: &s {}\n<<: *s\n",
             "bad.yaml:5:1: <<: merge keys are not part of the scenario language"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(bad_text, deep_nesting_is_bounded) {
  for (const char* brackets : {"[]", "{}"}) {
    const std::string deep = std::string(100'000, brackets[0]) + std::string(100'000, brackets[1]);
    const std::string said = faults_of(kHead + "spec: " + deep);
    EXPECT_NE(said.find("bad.yaml:4:"), std::string::npos) << said.substr(0, 200);
    EXPECT_LT(said.size(), 1000u);
  }
  std::string blocks = "spec:\n";
  for (std::size_t i = 1; i < 200; ++i) blocks += std::string(i, ' ') + "a:\n";
  EXPECT_NE(faults_of(kHead + blocks).find("nested deeper than 64 levels"), std::string::npos);
}

TEST(bad_text, an_alias_bomb_is_refused_at_once) {
  std::string bomb = kHead + "spec:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    bomb += fmt::format("  a{}: &a{} [", i, i);
    for (int k = 0; k < 10; ++k) bomb += fmt::format("{}*a{}", k ? ", " : "", i - 1);
    bomb += "]\n";
  }
  const auto begun = std::chrono::steady_clock::now();
  const std::string said = faults_of(bomb);
  EXPECT_NE(said.find("more than 500000 values with every alias written out"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST(bad_text, a_huge_file_is_refused_before_it_is_parsed) {
  const std::string said = faults_of(std::string((16u << 20) + 1, '#'));
  EXPECT_EQ(said, "bad.yaml: larger than 16 MiB; that is no scenario\n");
}

TEST(bad_text, a_large_comment_is_no_fault) {
  EXPECT_EQ(faults_of("# " + std::string(1u << 20, 'x')), "bad.yaml: the file is empty\n");
}

TEST(bad_text, thousands_of_faults_are_cut_short) {
  std::string text = kHead + "spec:\n";
  for (int i = 0; i < 5000; ++i) text += fmt::format("  wrong_{}: 1\n", i);
  const std::string said = faults_of(text);
  EXPECT_NE(said.find("bad.yaml:5:3: spec.wrong_0: unknown key"), std::string::npos);
  EXPECT_NE(said.find(" more faults\n"), std::string::npos);
  EXPECT_LT(said.size(), 100'000u);
}

TEST(bad_text, a_long_line_is_shown_in_part) {
  const std::string said = faults_of(kHead + "spec: {" + std::string(100'000, 'k') + ": 1}\n");
  EXPECT_TRUE(said.starts_with("bad.yaml:4:"));
  EXPECT_LT(said.size(), 2000u);
}

// Every prefix and every single wrong byte of a good file: an error or a scenario, never a crash.
TEST(bad_text, no_damage_of_a_good_file_crashes) {
  const std::string good = kHead + "spec:\n  seed: 1\n  duration: 1h  # \"quoted\" [x]\n";
  for (std::size_t i = 0; i < good.size(); ++i) {
    faults_of(good.substr(0, i));
    for (const char c : {'\0', '\t', '"', '[', '{', '*', '&', '!', ':', '-', '\n', '\x80'}) {
      std::string damaged = good;
      damaged[i] = c;
      faults_of(damaged);
    }
  }
}

}  // namespace test_bad_text
}  // namespace stampede
