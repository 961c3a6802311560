// Recordings as CSV.
#pragma once
#include <optional>

#include "tools/traces/row_format.h"

namespace stampede {

std::unique_ptr<RowFormat> make_azure_format();
std::unique_ptr<RowFormat> make_burstgpt_format(std::optional<TimeUnit> unit);
std::unique_ptr<RowFormat> make_requests_format(std::optional<TimeUnit> unit);

// `2023-11-16 18:17:03.9799600`, perhaps with an offset such as +00:00 (none: UTC). False if it is
// no time from 1970 to 2199.
bool read_timestamp(std::string_view text, Duration& since_1970);

}  // namespace stampede
