// Text <-> value, the one place for units: durations, rates, shares, sizes, bandwidths, times of
// day and plain numbers.
#pragma once
#include <string>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

// Each returns an empty string or what is wrong.
std::string parse_duration(const std::string&, Duration&);
std::string parse_rate(const std::string&, Rate&);
std::string parse_share(const std::string&, Share&);
std::string parse_bytes(const std::string&, Bytes&);
std::string parse_bandwidth(const std::string&, Bandwidth&);
std::string parse_utc_time(const std::string&, UtcTime&);
std::string parse_integer(const std::string&, i64&);
std::string parse_number(const std::string&, double&);
std::string parse_boolean(const std::string&, bool&);
std::string print(Duration);
std::string print(Rate);
std::string print(Share);
std::string print(Bytes);
std::string print(Bandwidth);
std::string print(UtcTime);
std::string print_number(double);  // shortest text that reads back to the same double

}  // namespace stampede
