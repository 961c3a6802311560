// A published figure as an expectation: what it reads, and what it shows.
#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tools/judgement/expectations.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_figures {

struct Root {
  std::vector<ExpectationSelection> expect;
  static void describe(Schema<Root>& s) { s.field("expect", &Root::expect); }
};

// A counter 0, 10, 20, .. by the second up to 1000 at 100 s, with a jump of 500 at 40 s.
std::vector<std::pair<double, double>> counter() {
  std::vector<std::pair<double, double>> samples;
  for (int t = 0; t <= 100; ++t) samples.emplace_back(t, 10 * t + (t >= 40 ? 500 : 0));
  return samples;
}

Judged judged(const std::string& text) {
  Root root;
  YamlLoader loader(
      type_of<Root>(), &root,
      SourceText{"f.yaml", "expect: [{that: figure, name: it, published: much, " + text + "}]"});
  loader.read_source();
  loader.finish();
  Facts facts;
  const std::vector<Incident> incidents{{1, Instant{} + 30_s, "paged", "operations", {}, ""},
                                        {2, Instant{} + 90_s, "paged", "operations", {}, ""}};
  facts.incidents = &incidents;
  facts.samples = [](const std::string& component, const std::string& stat) {
    return component == "eu" && stat == "asked_total" ? counter()
                                                      : std::vector<std::pair<double, double>>{};
  };
  return judge(root.expect.at(0), facts);
}

TEST(figures, read_windows_of_series) {
  for (const char* good :
       {"of: {component: eu, stat: asked_total}, between: [1500, 1500]",
        "of: {component: eu, stat: asked_total, between: [10s, 20s]}, between: [100, 100]",
        "of: {component: eu, stat: asked_total, take: last}, between: [1500, 1500]",
        "of: {component: eu, stat: asked_total, take: peak, between: [0s, 39s]}, between: [390, "
        "390]",
        "of: {component: eu, stat: asked_total, take: mean, between: [10s, 12s]}, between: [110, "
        "110]",
        "of: {component: eu, stat: asked_total, take: rise_at, since: 30s}, between: [9.5, 9.5]",
        "of: {component: eu, stat: asked_total, between: [10s, 20s]}, "
        "over: {component: eu, stat: asked_total}, times: 15, between: [1, 1]",
        "of: {component: eu, stat: asked_total, between: [10s, 20s]}, "
        "less: {component: eu, stat: asked_total, between: [50s, 55s]}, between: [50, 50]",
        "of: {component: eu, stat: asked_total, between: [10s, 20s]}, logarithm: true, times: 2, "
        "between: [9.2103, 9.2104]",
        "incident: {kind: paged, since: 0s}, between: [30, 30]",
        "incident: {kind: paged, since: 40s}, between: [50, 50]"})
    EXPECT_EQ(judged(good).wrong, "") << good;
}

TEST(figures, are_shown_beside_what_was_published_whether_or_not_they_agree) {
  const Judged held = judged("of: {component: eu, stat: asked_total}, between: [1400, 1600]");
  EXPECT_EQ(held.wrong, "");
  EXPECT_EQ(held.report, "  it: published much, run 1500, agrees from 1400 to 1600\n");
  const Judged missed = judged("of: {component: eu, stat: asked_total}, between: [1, 2]");
  EXPECT_EQ(missed.wrong, "figure: it is 1500, expected between 1 and 2");
  EXPECT_EQ(missed.report, "  it: published much, run 1500, agrees from 1 to 2  not met\n");
}

TEST(figures, say_what_they_lack) {
  EXPECT_EQ(judged("between: [1, 2]").wrong, "figure: either `of` or `incident` is wanted");
  EXPECT_EQ(judged("of: {component: eu, stat: asked}, between: [1, 2]").wrong,
            "figure: there are no two samples of 'eu asked'");
  EXPECT_EQ(
      judged("of: {component: eu, stat: asked_total, between: [2h, 3h]}, between: [1, 2]").wrong,
      "figure: there are no two samples of 'eu asked_total' in this window");
  EXPECT_EQ(judged("incident: {kind: decided}, between: [1, 2]").wrong,
            "figure: no incident of kind decided from then on");
  EXPECT_EQ(judged("of: {component: eu, stat: asked_total}, between: [1]").wrong,
            "figure: `between` takes the lowest and the highest value");
  EXPECT_EQ(
      judged("of: {component: eu, stat: asked_total}, over: {component: eu, stat: asked_total, "
             "take: peak, between: [0s, 0.9s]}, between: [1, 2]")
          .wrong,
      "figure: there are no two samples of 'eu asked_total' in this window");
}

}  // namespace test_figures
}  // namespace stampede
