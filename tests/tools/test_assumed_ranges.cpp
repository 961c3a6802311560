// The ranges of assumed parameters in the program are those of docs/assumptions.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/directories.h"
#include "tools/experiments/assumptions.h"

namespace stampede {
namespace test_assumed_ranges {

TEST(assumed_ranges, are_those_of_the_page) {
  std::vector<std::string> of_page, of_program;
  std::ifstream page(source_directory() + "/docs/assumptions.md");
  for (std::string line; std::getline(page, line) && line != "## Further figures";) {
    if (!line.starts_with("| `spec.")) continue;
    std::vector<std::string> cells;
    for (std::size_t from = 2; cells.size() < 3;) {
      const std::size_t to = line.find(" | ", from);
      ASSERT_NE(to, std::string::npos) << line;
      cells.push_back(line.substr(from, to - from));
      from = to + 3;
    }
    of_page.push_back(cells[0] + " " + cells[2]);
  }
  for (const Assumption& a : assumptions())
    of_program.push_back(
        fmt::format("`{}` {}", a.path,
                    *a.choices ? std::string(a.choices) : fmt::format("{} to {}", a.low, a.high)));
  EXPECT_EQ(of_program, of_page);
}

}  // namespace test_assumed_ranges
}  // namespace stampede
