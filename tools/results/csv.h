// A field of a CSV row (RFC 4180).
#pragma once
#include <string>

namespace stampede {

// Quoted if it holds a comma, a quote or the end of a line. A text that a spreadsheet would take
// for a formula gets an apostrophe before it, as a person would type it there; numbers never pass
// here.
std::string csv_field(const std::string& field);

}  // namespace stampede
