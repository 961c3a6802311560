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

// Lost request-minutes of two policies that are down for the same time, or whose second one is not
// down at all.
std::string sentence(const std::vector<double>& base, const std::vector<double>& other,
                     double down = 600) {
  Replications replications;
  replications.runs =
      runs_of({std::vector<double>(base.size(), 600.0), std::vector<double>(other.size(), down)});
  for (std::size_t n = 0; n < base.size(); ++n) {
    replications.runs[0][n].values.push_back(base[n]);
    replications.runs[1][n].values.push_back(other[n]);
    replications.runs[0][n].digest += "a";
    for (auto* runs : {&replications.runs[0], &replications.runs[1]})
      (*runs)[n].collapsed = (*runs)[n].values[0] >= 600;
  }
  const std::vector<Policy> policies{{"baseline", {}}, {"good", {"good"}}};
  const std::vector<LeftOut> left_out;
  const std::vector<CompareMeasure> measures{
      {"downtime_seconds", "", "downtime", "s", Better::kLower, 0, 3600},
      {"lost_request_minutes", "", "lost request-minutes", "request-min", Better::kLower, 0, 0}};
  const Comparison comparison = compare(replications.runs, {{0, 0}, {3600, 0}, true});
  const std::vector<Ruling> rulings = rule(replications.runs, 3600);
  const std::string text = compare_table({"fleet",
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
                                          true});
  return text.substr(text.rfind("\ngood ") + 1);
}

TEST(compare_output, a_sentence_has_what_downtime_does_not_show) {
  EXPECT_EQ(
      sentence({100, 110, 120}, {465, 475, 485}),
      "good is undecided on downtime: +0.0 min of downtime a run in the mean in 3 seeds; but it "
      "loses 365 more request-minutes a run in the mean, more on 3 of 3 seeds.\n");
  EXPECT_EQ(
      sentence({465, 475, 485}, {100, 110, 120}),
      "good is undecided on downtime: +0.0 min of downtime a run in the mean in 3 seeds; yet it "
      "loses 365 fewer request-minutes a run in the mean, fewer on 3 of 3 seeds.\n");
  // Neither what is small nor what goes both ways.
  EXPECT_EQ(sentence({1000, 1000, 1000}, {1001, 1001, 1001}).find("loses"), std::string::npos);
  EXPECT_EQ(sentence({100, 100, 100}, {400, 400, 50}).find("loses"), std::string::npos);
}

TEST(compare_output, a_gain_in_downtime_does_not_hide_a_loss) {
  const std::vector<double> few(20, 100), many(20, 465);
  EXPECT_NE(sentence(few, many, 0).find("; but it loses 365 more"), std::string::npos);
  EXPECT_EQ(sentence(many, few, 0).find("loses"), std::string::npos);
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
