// Schedules of cron against dates worked out by hand, and summer time against the zones' rules.
#include <gtest/gtest.h>

#include "models/cluster/cron_schedule.h"

namespace stampede::test {
namespace test_cron_schedule {

using cluster::CronSchedule;
using cluster::CronWindow;
using cluster::zone_offset;

// [s since 1970] of times in 2026; 1 January was a Thursday.
constexpr i64 kYear = 1'767'225'600, kMinute = 60, kHour = 3600, kDay = 86'400;
constexpr i64 kMarch = kYear + 59 * kDay, kMay = kYear + 120 * kDay, kJuly = kYear + 181 * kDay;

i64 next(const std::string& text, i64 local) {
  std::string wrong;
  const CronSchedule schedule(text, wrong);
  EXPECT_EQ(wrong, "");
  return schedule.next(local).value_or(-1);
}

TEST(cron_schedule, next_times) {
  EXPECT_EQ(next("0 8 * * *", kYear), kYear + 8 * kHour);
  EXPECT_EQ(next("0 8 * * *", kYear + 8 * kHour), kYear + kDay + 8 * kHour);  // after, not at
  EXPECT_EQ(next("0 8 * * *", kYear + 8 * kHour - 1), kYear + 8 * kHour);
  EXPECT_EQ(next("*/15 * * * *", kYear + 59), kYear + 15 * kMinute);
  EXPECT_EQ(next("7/20 * * * *", kYear + 8 * kMinute), kYear + 27 * kMinute);
  EXPECT_EQ(next("30 9-17/4 * * *", kYear + 10 * kHour), kYear + 13 * kHour + 30 * kMinute);
  EXPECT_EQ(next("0 0 * * MON-FRI", kYear + kDay), kYear + 4 * kDay);  // after Friday Monday
  EXPECT_EQ(next("0 0 1 * *", kYear), kYear + 31 * kDay);
  EXPECT_EQ(next("0 0 1 mar ?", kYear), kMarch);
  EXPECT_EQ(next("0 0 29 2 *", kYear), kYear + (365 + 365 + 59) * kDay);  // of 2028
  EXPECT_EQ(next("0 0 13 * 5", kYear), kYear + kDay);                     // Friday, or the 13th
  EXPECT_EQ(next("0 0 13,14 * *", kYear), kYear + 12 * kDay);
  EXPECT_EQ(next("@weekly", kYear), kYear + 3 * kDay);
}

TEST(cron_schedule, windows_last_from_a_start_to_the_next_end) {
  const CronWindow day{"0 8 * * 1-5", "0 20 * * 1-5", "UTC"};
  ASSERT_EQ(day.error(), "");
  EXPECT_FALSE(day.holds(kYear + 8 * kHour - 1));
  EXPECT_TRUE(day.holds(kYear + 8 * kHour));
  EXPECT_TRUE(day.holds(kYear + 20 * kHour - 1));
  EXPECT_FALSE(day.holds(kYear + 20 * kHour));
  EXPECT_FALSE(day.holds(kYear + 2 * kDay + 12 * kHour));  // Saturday
  const CronWindow night{"0 22 * * *", "0 6 * * *", "UTC"};
  EXPECT_TRUE(night.holds(kYear + 23 * kHour));
  EXPECT_TRUE(night.holds(kYear + kDay + 5 * kHour));
  EXPECT_FALSE(night.holds(kYear + kDay + 6 * kHour));
  const CronWindow china{"0 8 * * *", "0 20 * * *", "Asia/Shanghai"};
  EXPECT_TRUE(china.holds(kYear));
  EXPECT_FALSE(china.holds(kYear + 12 * kHour));
}

TEST(cron_schedule, summer_time) {
  const auto hours = [](const char* zone, i64 utc) {
    return static_cast<double>(*zone_offset(zone, utc)) / 3600;
  };
  EXPECT_EQ(hours("Asia/Kolkata", kYear), 5.5);
  EXPECT_EQ(hours("Etc/GMT-8", kYear), 8);
  // Europe: 29 March 2026 01:00 UTC; America: 8 March 02:00 local, 1 November 02:00 local.
  const i64 europe = kMarch + 28 * kDay + kHour;
  EXPECT_EQ(hours("Europe/Berlin", europe - 1), 1);
  EXPECT_EQ(hours("Europe/Berlin", europe), 2);
  const i64 america = kMarch + 7 * kDay + 7 * kHour, november = kYear + 304 * kDay + 6 * kHour;
  EXPECT_EQ(hours("America/New_York", america - 1), -5);
  EXPECT_EQ(hours("America/New_York", america), -4);
  EXPECT_EQ(hours("America/New_York", november - 1), -4);
  EXPECT_EQ(hours("America/New_York", november), -5);
  EXPECT_EQ(hours("America/Phoenix", kJuly), -7);
  // South: summer in January; until 5 April 2026 03:00 local.
  const i64 april = kMarch + (31 + 4) * kDay - 8 * kHour;
  EXPECT_EQ(hours("Australia/Sydney", kYear), 11);
  EXPECT_EQ(hours("Australia/Sydney", april - 1), 11);
  EXPECT_EQ(hours("Australia/Sydney", april), 10);
  EXPECT_EQ(hours("Pacific/Auckland", kMay), 12);
  EXPECT_FALSE(zone_offset("Mars/Base", 0));
}

TEST(cron_schedule, what_is_wrong_is_said) {
  const std::pair<const char*, const char*> cases[] = {
      {"0 8 * *", "five fields"},       {"0 8 * * * *", "five fields"},
      {"60 * * * *", "no minute"},      {"0 24 * * *", "no hour"},
      {"0 0 0 * *", "no day of the"},   {"0 0 * 13 *", "no month"},
      {"0 0 * * 7", "no day of the w"}, {"0 5-3 * * *", "no hour"},
      {"*/0 * * * *", "no minute"},     {"0 0 30 2 *", "no time that"},
      {"@every 1h", "five fields"},     {"", "five fields"}};
  for (const auto& [text, words] : cases) {
    const std::string wrong = CronWindow{text, "0 0 * * *", "UTC"}.error();
    EXPECT_NE(wrong.find(words), std::string::npos) << text << ": " << wrong;
  }
}

}  // namespace test_cron_schedule
}  // namespace stampede::test
