#include <gtest/gtest.h>

#include "sim/name_words.h"

namespace stampede {
namespace test_name_words {

TEST(name_words, a_longer_name_says_the_same_if_it_has_all_words_in_order_and_ends_alike) {
  EXPECT_EQ(words_more("chat_pods_ready", "chat_pods_reported_ready"), 1U);
  EXPECT_EQ(words_more("pods_ready", "chat_pods_reported_ready"), 2U);
  EXPECT_EQ(words_more("Queue-limit", "gateway.queue_limit"), 1U);
  EXPECT_EQ(words_more("ready_pods", "chat_pods_reported_ready"), std::nullopt);
  EXPECT_EQ(words_more("chat_pods", "chat_pods_ready"), std::nullopt) << "another end";
  EXPECT_EQ(words_more("chat_pods_reported_ready", "chat_pods_ready"), std::nullopt);
  EXPECT_EQ(words_more("", "ready"), std::nullopt);
}

}  // namespace test_name_words
}  // namespace stampede
