// Small CSV files with a line of names and no quotes, plain or compressed by gzip.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace stampede::calibration {

using CsvRow = std::map<std::string, std::string>;  // cells by column

// These throw std::runtime_error.
std::vector<CsvRow> read_csv(const std::string& path);
const std::string& text(const CsvRow& row, const std::string& column);
double number(const CsvRow& row, const std::string& column);

}  // namespace stampede::calibration
