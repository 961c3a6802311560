// What the table of a comparison puts side by side, and how small differences are written.
#include <gtest/gtest.h>

#include "tools/experiments/compare_output.h"
#include "tools/experiments/shown.h"

namespace stampede {
namespace test_compare_output {

CompareRuns runs_of(const std::vector<std::vector<double>>& downtimes) {
  CompareRuns all;
  for (const std::vector<double>& of_policy : downtimes) {
    auto& runs = all.emplace_back();
    for (const double down : of_policy) {
      CompareRun& run = runs.emplace_back();
      run.seed = static_cast<i64>(runs.size());
      run.digest = std::to_string(down);
      run.values = {down};
    }
  }
  return all;
}

std::string table(const std::vector<std::vector<double>>& downtimes, bool any_time) {
  Replications replications;
  replications.runs = runs_of(downtimes);
  const std::vector<Policy> policies{{"baseline", {}}, {"good", {"good"}}};
  const std::vector<LeftOut> left_out;
  const std::vector<CompareMeasure> measures{
      {"downtime_seconds", "", "downtime", "s", Better::kLower, 0, 3600}};
  const Comparison comparison = compare(replications.runs, {{0}, {3600}, any_time});
  const std::vector<Ruling> rulings = rule(replications.runs, 3600);
  return compare_table({"fleet",
                        "",
                        policies,
                        left_out,
                        measures,
                        replications,
                        comparison,
                        {},
                        "",
                        60_s,
                        rulings,
                        any_time});
}

// The first line of the table that begins with this.
std::string line(const std::string& text, const std::string& begin) {
  const std::size_t at = text.find("\n  " + begin);
  return at == std::string::npos ? "" : text.substr(at + 3, text.find('\n', at + 1) - at - 3);
}

TEST(compare_output, means_of_different_seeds_are_made_comparable) {
  // With the two seeds that it has the candidate is a minute better; seeds 3 and 4 are easy ones.
  const std::string text = table({{600, 660, 0, 0}, {540, 600}}, true);
  EXPECT_EQ(line(text, "mean"), "mean      runs  downtime [min]");
  EXPECT_EQ(line(text, "baseline"), "baseline     4            5.2");
  EXPECT_EQ(line(text, "good"), "good         2            4.2");
  EXPECT_NE(text.find("of a candidate: the baseline's mean and the difference over the seeds"),
            std::string::npos);
}

TEST(compare_output, with_the_same_seeds_a_mean_is_its_own) {
  const std::string text = table({{600, 660, 0, 0}, {540, 600, 0, 60}}, false);
  EXPECT_EQ(line(text, "mean"), "mean      downtime [min]");
  EXPECT_EQ(line(text, "good").substr(0, 4), "good");
  EXPECT_NE(line(text, "good").find("5.0"), std::string::npos) << text;
}

TEST(compare_output, small_differences_have_enough_digits) {
  const Shown minutes = shown("s");
  EXPECT_EQ(change(-1.8, minutes), "-0.03");
  EXPECT_EQ(change(0.06, minutes), "+0.001");
  EXPECT_EQ(change(-90, minutes), "-1.5");
  EXPECT_EQ(change(0, minutes), "+0.0");
  EXPECT_EQ(change(1e-9, minutes), "+0.0");
}

}  // namespace test_compare_output
}  // namespace stampede
