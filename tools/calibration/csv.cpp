#include "tools/calibration/csv.h"

#include <zlib.h>

#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace stampede::calibration {

namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  if (line.ends_with(',')) cells.emplace_back();
  return cells;
}

template <class T>
T parsed(const CsvRow& row, const std::string& column, const char* wanted) {
  const std::string& cell = text(row, column);
  T value{};
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() ||
      !std::isfinite(static_cast<double>(value)))
    throw std::runtime_error(row.place + ": " + column + ": not " + wanted + ": \"" + cell + "\"");
  return value;
}

}  // namespace

std::vector<CsvRow> read_csv(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  std::vector<CsvRow> rows;
  std::vector<std::string> names;
  std::array<char, 1 << 16> buffer{};
  for (std::size_t number = 1; gzgets(file.get(), buffer.data(), buffer.size()) != nullptr;
       ++number) {
    std::string line = buffer.data();
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    const std::vector<std::string> cells = cells_of(line);
    if (names.empty()) {
      names = cells;
      continue;
    }
    CsvRow row{path + ":" + std::to_string(number), {}};
    if (cells.size() != names.size())
      throw std::runtime_error(row.place + ": " + std::to_string(cells.size()) + " cells, " +
                               std::to_string(names.size()) + " are expected");
    for (std::size_t i = 0; i < cells.size(); ++i) row.cells[names[i]] = cells[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

bool has(const CsvRow& row, const std::string& column) {
  const auto cell = row.cells.find(column);
  return cell != row.cells.end() && !cell->second.empty();
}

const std::string& text(const CsvRow& row, const std::string& column) {
  const auto cell = row.cells.find(column);
  if (cell == row.cells.end())
    throw std::runtime_error(row.place + ": no column \"" + column + "\"");
  return cell->second;
}

double number(const CsvRow& row, const std::string& column) {
  return parsed<double>(row, column, "a number");
}

u32 whole_number(const CsvRow& row, const std::string& column) {
  return parsed<u32>(row, column, "a whole number");
}

}  // namespace stampede::calibration
