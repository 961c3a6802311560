#include "tools/traces/time_unit_check.h"

#include <fmt/format.h>

namespace stampede {
namespace {

constexpr double kFastest = 1000;      // [1/s] requests of one recording, on average
constexpr double kSlowest = 1.0 / 60;  // [1/s]
constexpr double kRare = 1.0 / 600;    // [1/s], of another unit that may be meant
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

const char* short_name(TimeUnit unit) {
  static constexpr const char* kNames[] = {"s", "ms", "us", "ns"};
  return kNames[static_cast<std::size_t>(unit)];
}

// Of the units, from that which is read on in `step`, those for which `does` holds.
template <class Does>
std::vector<TimeUnit> other_units(const RecordedTimes& times, int step, Does&& does) {
  std::vector<TimeUnit> found;
  for (int i = static_cast<int>(times.unit) + step; i >= 0 && i < 4; i += step)
    if (does(times.seconds * seconds_of(kUnits[i]) / seconds_of(times.unit)))
      found.push_back(kUnits[i]);
  return found;
}

}  // namespace

double seconds_of(TimeUnit unit) {
  static constexpr double kSeconds[] = {1, 1e-3, 1e-6, 1e-9};
  return kSeconds[static_cast<std::size_t>(unit)];
}

std::string UnitDoubt::question(const std::string& option, const std::string& end) const {
  std::string text = what + "; ";
  for (std::size_t i = 0; i < others.size(); ++i)
    text += fmt::format("{0} {1} say {2}{1}{3}, ", i == 0 ? "if they are in" : "in",
                        short_name(others[i]), option, end);
  return text + "else " + option + short_name(read) + end;
}

std::optional<UnitDoubt> doubt_of(const RecordedTimes& times) {
  if (times.certain || times.rows < 2 || times.seconds <= 0) return std::nullopt;
  const double gaps = static_cast<double>(times.rows - 1), rate = gaps / times.seconds;
  const auto usual = [&](double seconds) {
    return gaps / seconds <= kFastest && gaps / seconds >= kRare;
  };
  const auto doubt = [&](int step, const std::string& why,
                         auto&& does) -> std::optional<UnitDoubt> {
    UnitDoubt found{fmt::format("{} rows in {:g} s, {}", times.rows, times.seconds, why),
                    times.unit, other_units(times, step, does)};
    return found.others.empty() ? std::nullopt : std::optional(std::move(found));
  };
  const double most = kLonger * times.duration + 1;
  if (times.duration > 0 && times.seconds > most)
    if (auto found = doubt(
            1, fmt::format("{}, but its `duration` is {:g} s", as_read(times), times.duration),
            [&](double seconds) { return seconds <= most; })) {
      found->others.resize(1);  // in smaller ones they fit as well
      return found;
    }
  if (times.rows >= kEnoughForFast && rate > kFastest)
    if (auto found = doubt(-1, fmt::format("{:.0f} a second, {}", rate, as_read(times)), usual))
      return found;
  if (times.rows >= kEnoughForSlow && rate < kSlowest)
    return doubt(1, fmt::format("one in {:.0f} s, {}", 1 / rate, as_read(times)), usual);
  return std::nullopt;
}

}  // namespace stampede
