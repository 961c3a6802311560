// Small CSV files with a line of names and no quotes, plain or compressed by gzip.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sim/units.h"

namespace stampede::calibration {

struct CsvRow {
  std::string place;                         // FILE:LINE, for messages
  std::map<std::string, std::string> cells;  // by column
};

// These throw std::runtime_error that begins with the place.
std::vector<CsvRow> read_csv(const std::string& path);
// Whether the row has something there.
bool has(const CsvRow& row, const std::string& column);
const std::string& text(const CsvRow& row, const std::string& column);
double number(const CsvRow& row, const std::string& column);  // finite
u32 whole_number(const CsvRow& row, const std::string& column);

}  // namespace stampede::calibration
