#include "tools/traces/time_unit_check.h"

#include <fmt/format.h>

namespace stampede {
namespace {

constexpr double kFastest = 1000;      // [1/s] requests of one recording, on average
constexpr double kSlowest = 1.0 / 60;  // [1/s]
constexpr u64 kEnoughForFast = 10;     // rows for an average
constexpr u64 kEnoughForSlow = 3;
constexpr double kLonger = 1.05;  // than the stated duration, which ends with the last answer

constexpr TimeUnit kUnits[] = {TimeUnit::kS, TimeUnit::kMs, TimeUnit::kUs, TimeUnit::kNs};

const char* long_name(TimeUnit unit) {
  static constexpr const char* kNames[] = {"seconds", "milliseconds", "microseconds",
                                           "nanoseconds"};
  return kNames[static_cast<std::size_t>(unit)];
}

std::string as_read(const RecordedTimes& times) {
  return fmt::format("if its times are {} as {}", long_name(times.unit), times.by);
}

// The first of the units, from that which is read on in `step`, for which `does` holds.
template <class Does>
std::optional<TimeUnit> first_unit(const RecordedTimes& times, int step, Does&& does) {
  for (int i = static_cast<int>(times.unit) + step; i >= 0 && i < 4; i += step)
    if (does(times.seconds * seconds_of(kUnits[i]) / seconds_of(times.unit))) return kUnits[i];
  return std::nullopt;
}

}  // namespace

double seconds_of(TimeUnit unit) {
  static constexpr double kSeconds[] = {1, 1e-3, 1e-6, 1e-9};
  return kSeconds[static_cast<std::size_t>(unit)];
}

const char* short_name(TimeUnit unit) {
  static constexpr const char* kNames[] = {"s", "ms", "us", "ns"};
  return kNames[static_cast<std::size_t>(unit)];
}

std::optional<UnitDoubt> doubt_of(const RecordedTimes& times) {
  if (times.certain || times.rows < 2 || times.seconds <= 0) return std::nullopt;
  const double gaps = static_cast<double>(times.rows - 1), rate = gaps / times.seconds;
  const auto usual = [&](double seconds) {
    return gaps / seconds <= kFastest && gaps / seconds >= kSlowest;
  };
  if (times.duration > 0 && times.seconds > kLonger * times.duration + 1)
    if (const auto other =
            first_unit(times, 1, [&](double s) { return s <= kLonger * times.duration + 1; }))
      return UnitDoubt{fmt::format("{} rows in {:g} s, {}, but its `duration` is {:g} s",
                                   times.rows, times.seconds, as_read(times), times.duration),
                       *other};
  if (times.rows >= kEnoughForFast && rate > kFastest)
    if (const auto other = first_unit(times, -1, usual))
      return UnitDoubt{fmt::format("{} rows in {:g} s, {:.0f} a second, {}", times.rows,
                                   times.seconds, rate, as_read(times)),
                       *other};
  if (times.rows >= kEnoughForSlow && rate < kSlowest)
    if (const auto other = first_unit(times, 1, usual))
      return UnitDoubt{fmt::format("{} rows in {:g} s, one in {:.0f} s, {}", times.rows,
                                   times.seconds, 1 / rate, as_read(times)),
                       *other};
  return std::nullopt;
}

}  // namespace stampede
