#include "sim/slot_pool.h"

#include <gtest/gtest.h>

namespace stampede {
namespace test_slot_pool {

struct Row {
  int value = 7;
};

TEST(slot_pool, the_slot_given_back_last_is_taken_first) {
  SlotPool<Row> pool;
  for (u32 slot = 0; slot < 4; ++slot) EXPECT_EQ(pool.take(), slot);
  pool.give_back(2);
  pool.give_back(0);
  EXPECT_EQ(pool.live(), 2U);
  EXPECT_EQ(pool.take(), 0U);
  EXPECT_EQ(pool.take_as_left(), 2U);
  EXPECT_EQ(pool.take(), 4U);
  EXPECT_EQ(pool.live(), 5U);
  EXPECT_EQ(pool.slots(), 5U);
}

TEST(slot_pool, a_taken_row_is_blank_or_as_it_was_left) {
  SlotPool<Row> pool;
  const u32 slot = pool.take();
  EXPECT_EQ(pool[slot].value, 7);
  pool[slot].value = 1;
  pool.give_back(slot);
  EXPECT_EQ(pool[pool.take_as_left()].value, 1);
  pool.give_back(slot);
  EXPECT_EQ(pool[pool.take()].value, 7);
}

TEST(slot_pool, an_emptied_pool_begins_again) {
  SlotPool<Row> pool;
  pool.take();
  pool.give_back(pool.take());
  pool.clear();
  EXPECT_EQ(pool.slots(), 0U);
  EXPECT_EQ(pool.live(), 0U);
  EXPECT_EQ(pool.take(), 0U);
}

TEST(slot_pool, a_slot_that_its_number_cannot_name_is_an_invariant_error) {
  SlotPool<Row, u8> pool;
  for (int k = 0; k < 255; ++k) pool.take();
  EXPECT_THROW(pool.take(), InvariantError);
  pool.give_back(254);
  EXPECT_EQ(pool.take(), 254U);
}

}  // namespace test_slot_pool
}  // namespace stampede
