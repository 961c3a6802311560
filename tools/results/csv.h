// A field of a CSV row (RFC 4180).
#pragma once
#include <string>

namespace stampede {

// Quoted if it holds a comma, a quote or the end of a line.
std::string csv_field(const std::string& text);

}  // namespace stampede
