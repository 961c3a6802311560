// Large tables keep what is in them while they grow past the size of a huge page.
#include <gtest/gtest.h>

#include <cstdint>

#include "sim/huge_pages.h"
#include "sim/units.h"

namespace stampede {
namespace test_huge_pages {

TEST(huge_pages, a_table_keeps_its_rows_while_it_grows_and_is_copied) {
  LargeVector<u64> rows;
  for (u64 i = 0; i < 600'000; ++i) rows.push_back(i * i);  // 4.8 MB
  const LargeVector<u64> copy = rows;
  for (u64 i = 0; i < 600'000; ++i) ASSERT_EQ(copy[i], i * i);
  rows.resize(10);
  rows.shrink_to_fit();
  EXPECT_EQ(rows.back(), 81u);
}

TEST(huge_pages, large_tables_begin_on_a_huge_page_and_small_ones_where_their_rows_may) {
  struct alignas(64) Row {
    u64 words[8];
  };
  const LargeVector<Row> small(3), large(40'000);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small.data()) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large.data()) % (1u << 21), 0u);
}

}  // namespace test_huge_pages
}  // namespace stampede
