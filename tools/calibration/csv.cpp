#include "tools/calibration/csv.h"

#include <zlib.h>

#include <array>
#include <charconv>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace stampede::calibration {

std::vector<CsvRow> read_csv(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  std::vector<CsvRow> rows;
  std::vector<std::string> names;
  std::array<char, 1 << 16> buffer{};
  while (gzgets(file.get(), buffer.data(), buffer.size()) != nullptr) {
    std::string line = buffer.data();
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    std::istringstream in(line);
    std::vector<std::string> cells;
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    if (names.empty()) {
      names = cells;
      continue;
    }
    if (cells.size() != names.size()) throw std::runtime_error(path + ": a row of other length");
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row[names[i]] = cells[i];
  }
  return rows;
}

const std::string& text(const CsvRow& row, const std::string& column) {
  const auto cell = row.find(column);
  if (cell == row.end()) throw std::runtime_error("no column \"" + column + "\"");
  return cell->second;
}

double number(const CsvRow& row, const std::string& column) {
  const std::string& cell = text(row, column);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size())
    throw std::runtime_error(column + ": not a number: \"" + cell + "\"");
  return value;
}

}  // namespace stampede::calibration
