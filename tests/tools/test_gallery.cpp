// Published incidents, small: what follows from the causes that the scenario states, what does not
// come back by itself, and that nothing happens without them.
#include <gtest/gtest.h>

#include "tests/tools/gallery.h"

namespace stampede::test {
namespace test_gallery {

const char* const kCloudflare = "03-cloudflare-2025-11-18.yaml";

// Good and bad files alternate, so that the service comes back by itself and goes again, until all
// are bad; then it stays away until a good file goes out.
TEST(gallery, cloudflare_alternates_then_stays_down_until_a_good_file_goes_out) {
  const RunResults run = played(kCloudflare, {"spec.scale=1/5"});
  for (const std::string& wrong : run.failed_expectations) ADD_FAILURE() << wrong;
  const auto bad = minutes_of(run, "bad_file"), good = minutes_of(run, "good_file"),
             up = minutes_of(run, "recovered"), back = minutes_of(run, "version_rolled_back");
  ASSERT_GE(bad.size(), 2U);
  ASSERT_GE(good.size(), 1U);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_LT(good.front(), bad.back());
  ASSERT_GE(up.size(), 2U);  // once by itself, once by the good file
  EXPECT_LT(up.front(), bad.back());
  EXPECT_GT(up.back(), back[0]);
  EXPECT_LT(up.back(), back[0] + 30);  // back-offs of at most five minutes run out
  for (const double minute : up) EXPECT_TRUE(minute < 115 || minute > back[0]) << minute;
}

TEST(gallery, cloudflare_does_not_end_without_a_good_file_and_does_not_begin_without_the_file) {
  const RunResults alone =
      played(kCloudflare, {"spec.scale=1/20", "spec.expect=[]",
                           "spec.timeline=[{at: 0s, do: roll_out, version: features}]"});
  const auto bad = minutes_of(alone, "bad_file"), up = minutes_of(alone, "recovered");
  ASSERT_FALSE(bad.empty());
  EXPECT_TRUE(up.empty() || up.back() < 120);
  const RunResults calm =
      played(kCloudflare, {"spec.scale=1/20", "spec.timeline=[]", "spec.expect=[]"});
  for (const Incident& i : calm.incidents) ADD_FAILURE() << i.kind << ": " << i.text;
}

}  // namespace test_gallery
}  // namespace stampede::test
