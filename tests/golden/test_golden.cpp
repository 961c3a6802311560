// Same seed, same bytes: small runs against the digests that were once committed. The same program
// built by another compiler or without optimisation must give them too; see README.md here.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/directories.h"
#include "tests/golden/golden_run.h"
#include "tools/world/simulation.h"

namespace stampede {
namespace test_golden {

const std::string kFile = source_directory() + "/tests/golden/digests.txt";

struct Golden {
  std::string digest, results;
  GoldenRun run;
};

// Rows of `digest results_digest scenario path=value ..`; # begins a comment.
std::vector<std::string> lines() {
  std::vector<std::string> all;
  std::ifstream stream(kFile);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}
Golden parse(const std::string& line) {
  Golden g;
  std::istringstream words(line);
  words >> g.digest >> g.results >> std::ws;
  std::string row;
  std::getline(words, row);
  g.run = GoldenRun(row);
  return g;
}
bool is_row(const std::string& line) { return !line.empty() && line[0] != '#'; }

class GoldenDigest : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenDigest, is_the_committed_one) {
  const Golden g = parse(GetParam());
  const RunResults now = g.run.play();
  EXPECT_EQ(now.results_digest, g.results)
      << g.run.text << "\nResults moved. If that was meant: tests/golden/README.md";
  if (now.results_digest == g.results) {
    EXPECT_EQ(now.digest, g.digest)
        << g.run.text << "\nResults are as before; incidents or the number of events moved. "
        << "If that was meant: tests/golden/README.md";
  }
}

std::vector<std::string> rows() {
  std::vector<std::string> found;
  for (const std::string& line : lines())
    if (is_row(line)) found.push_back(line);
  return found;
}
std::string name(const ::testing::TestParamInfo<std::string>& info) {
  std::string text = std::to_string(info.index) + "_";
  for (const char c : parse(info.param).run.scenario)
    text += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return text;
}
INSTANTIATE_TEST_SUITE_P(runs, GoldenDigest, ::testing::ValuesIn(rows()), name);

// Writes the file anew; never part of a normal run.
TEST(golden_update, on_purpose) {
  if (std::getenv("STAMPEDE_UPDATE_GOLDEN") == nullptr)
    GTEST_SKIP() << "set STAMPEDE_UPDATE_GOLDEN to write the digests anew";
  std::string text;
  for (const std::string& line : lines()) {
    if (is_row(line)) {
      const GoldenRun run = parse(line).run;
      const RunResults now = run.play();
      text += now.digest + " " + now.results_digest + " " + run.text + "\n";
    } else {
      text += line + "\n";
    }
  }
  std::ofstream(kFile) << text;
}

TEST(golden, another_seed_gives_another_digest) {
  Golden g = parse(rows().at(0));
  g.run.sets.push_back({"spec.seed", "77"});
  const RunResults other = g.run.play();
  EXPECT_NE(other.digest, g.digest);
  EXPECT_NE(other.results_digest, g.results);
}

}  // namespace test_golden
}  // namespace stampede
