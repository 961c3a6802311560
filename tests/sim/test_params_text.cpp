// Units in parameter text: what is read, what is refused and how the refusal helps, round trips.
#include <gtest/gtest.h>

#include "sim/params.h"
#include "sim/random.h"

namespace stampede {
namespace test_params_text {

template <class T>
T read(std::string (*parse)(const std::string&, T&), const std::string& text) {
  T out{};
  EXPECT_EQ(parse(text, out), "") << text;
  return out;
}
template <class T>
std::string refusal(std::string (*parse)(const std::string&, T&), const std::string& text) {
  T out{};
  return parse(text, out);
}
bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(params_text, durations) {
  EXPECT_EQ(read(parse_duration, "30s"), 30_s);
  EXPECT_EQ(read(parse_duration, "1h30m"), 90_min);
  EXPECT_EQ(read(parse_duration, "1.5ms"), 1500_us);
  EXPECT_EQ(read(parse_duration, "250us"), 250_us);
  EXPECT_EQ(read(parse_duration, "7ns"), 7_ns);
  EXPECT_EQ(read(parse_duration, "2d"), 48_h);
  EXPECT_EQ(read(parse_duration, "3650d"), 24 * 3650_h);
  EXPECT_EQ(read(parse_duration, "0"), 0_s);
  EXPECT_EQ(read(parse_duration, "-5s"), Duration{-5'000'000'000});
}

TEST(params_text, a_missing_unit_is_refused_by_name) {
  EXPECT_TRUE(mentions(refusal(parse_duration, "30"), "unit is missing"));
  EXPECT_TRUE(mentions(refusal(parse_duration, "30"), "30s"));
  for (const char* text : {"3651d", "9e+09s", "3650d1s", "-9e+09s"})
    EXPECT_TRUE(mentions(refusal(parse_duration, text), "longer than 3650d")) << text;
  EXPECT_TRUE(mentions(refusal(parse_rate, "900"), "unit is missing"));
  EXPECT_TRUE(mentions(refusal(parse_bytes, "4096"), "unit is missing"));
  EXPECT_TRUE(mentions(refusal(parse_bandwidth, "40GB"), "unit is missing"));
  EXPECT_TRUE(mentions(refusal(parse_duration, "30q"), "unknown unit 'q'"));
  EXPECT_TRUE(mentions(refusal(parse_bytes, "4XB"), "unknown unit 'XB'"));
  for (const char* text : {"", "-", "abc", "nan", "1e400s", "s"})
    EXPECT_NE(refusal(parse_duration, text), "") << text;
}

TEST(params_text, other_quantities) {
  EXPECT_EQ(read(parse_share, "80%").value, 0.8);
  EXPECT_EQ(read(parse_share, "0.8").value, 0.8);
  EXPECT_NE(refusal(parse_share, "80x"), "");
  EXPECT_EQ(read(parse_bytes, "70272B").value, 70272);
  EXPECT_EQ(read(parse_bytes, "4PB").value, 4'000'000'000'000'000);
  EXPECT_EQ(read(parse_bytes, "16Gi").value, i64{16} << 30);
  EXPECT_EQ(read(parse_bandwidth, "40GB/s").bytes_per_second, 40e9);
  EXPECT_EQ(read(parse_rate, "900/s").per_second, 900.0);
  EXPECT_DOUBLE_EQ(read(parse_rate, "90/min").per_second, 1.5);
  EXPECT_EQ(read(parse_number, "1/20"), 0.05);
  EXPECT_NE(refusal(parse_number, "1/0"), "");
  EXPECT_NE(refusal(parse_number, "5s"), "");
  EXPECT_EQ(read(parse_integer, "-12"), -12);
  EXPECT_NE(refusal(parse_integer, "1.5"), "");
  EXPECT_NE(refusal(parse_integer, "99999999999999999999"), "");
}

TEST(params_text, booleans_are_true_or_false_only) {
  EXPECT_TRUE(read(parse_boolean, "true"));
  EXPECT_FALSE(read(parse_boolean, "false"));
  for (const char* text : {"no", "yes", "on", "off", "0", "1", "True", ""})
    EXPECT_TRUE(mentions(refusal(parse_boolean, text), "true or false")) << text;
}

TEST(params_text, times_of_day) {
  const UtcTime t = read(parse_utc_time, "2026-03-29T13:30:00Z");
  EXPECT_EQ(t.unix_seconds, 1'774'791'000);  // date -u -d 2026-03-29T13:30:00Z +%s
  EXPECT_EQ(print(t), "2026-03-29T13:30:00Z");
  EXPECT_EQ(read(parse_utc_time, "2026-03-29T21:30:00+08:00"), t);
  EXPECT_EQ(print(UtcTime{0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(print(UtcTime{-1}), "1969-12-31T23:59:59Z");
  EXPECT_EQ(read(parse_utc_time, "2024-02-29T00:00:00Z").unix_seconds, 1'709'164'800);
  for (const char* text : {"2026-03-29", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
                           "2026-03-29T25:00:00Z", "2026-03-29T13:30:00", "yesterday"})
    EXPECT_NE(refusal(parse_utc_time, text), "") << text;
}

TEST(params_text, what_is_printed_reads_back) {
  for (u64 i = 0; i < 5000; ++i) {
    const u64 a = mix64(i);
    // Numbers are read as doubles: exact to the nanosecond up to 2^53 ns, about 100 days.
    const Duration d{static_cast<i64>(a % 8'000'000'000'000'000)};
    ASSERT_EQ(read(parse_duration, print(d)), d) << print(d);
    const Share s{uniform(draw({1, 1}, i))};
    ASSERT_EQ(read(parse_share, print(s)), s);
    const Rate r{s.value * 1e6};
    ASSERT_EQ(read(parse_rate, print(r)), r);
    const Bytes b{static_cast<i64>(a >> 12)};
    ASSERT_EQ(read(parse_bytes, print(b)), b);
    const Bandwidth w{s.value * 1e12};
    ASSERT_EQ(read(parse_bandwidth, print(w)), w);
    const UtcTime t{static_cast<i64>(a % 253'402'300'800)};
    ASSERT_EQ(read(parse_utc_time, print(t)), t) << print(t);
  }
}

}  // namespace test_params_text
}  // namespace stampede
