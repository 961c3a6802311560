#include "tools/calibration/recording.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

namespace stampede::calibration {
namespace {

double number(std::string_view text, const std::string& path, std::size_t line) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error(path + ":" + std::to_string(line) + ": not a number: \"" +
                             std::string(text) + "\"");
  return value;
}

}  // namespace

std::vector<RecordedRequest> read_recording(const std::string& path, u32 output_tokens) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  std::vector<RecordedRequest> rows;
  std::array<char, 1024> buffer{};
  for (std::size_t line = 1; gzgets(file.get(), buffer.data(), buffer.size()) != nullptr; ++line) {
    std::string_view rest(buffer.data());
    while (!rest.empty() && (rest.back() == '\n' || rest.back() == '\r')) rest.remove_suffix(1);
    if (line == 1) continue;  // names of the columns
    std::array<double, 6> cells{};
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t comma = rest.find(',');
      if ((comma == rest.npos) != (i + 1 == cells.size()))
        throw std::runtime_error(path + ":" + std::to_string(line) + ": needs 6 columns");
      const std::string_view cell = rest.substr(0, comma);
      cells[i] = cell.empty() ? 0 : number(cell, path, line);
      if (comma != rest.npos) rest.remove_prefix(comma + 1);
    }
    RecordedRequest r;
    r.at = cells[0] * 1e-6;
    r.prompt = static_cast<u32>(cells[1]);
    r.output = output_tokens > 0 ? output_tokens : static_cast<u32>(cells[2]);
    r.failed = cells[3] != 0;
    r.ttft = cells[4] * 1e-6;
    r.e2e = cells[5] * 1e-6;
    rows.push_back(r);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& x, const auto& y) { return x.at < y.at; });
  return rows;
}

std::vector<RecordedRequest> read_engine_log(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  std::vector<RecordedRequest> rows;
  double wall = 0, clock = 0;  // of the first request
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    try {
      const auto json = nlohmann::json::parse(line);
      const double arrival = json.at("arrival_time");
      if (rows.empty()) wall = arrival, clock = json.at("queued_ts");
      RecordedRequest r;
      r.at = arrival - wall;
      r.prompt = json.at("input_toks");
      r.output = json.at("output_toks");
      r.ttft = json.at("first_token_ts").get<double>() - clock - r.at;
      r.e2e = json.at("last_token_ts").get<double>() - clock - r.at;
      rows.push_back(r);
    } catch (const nlohmann::json::exception& e) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": " + e.what());
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& x, const auto& y) { return x.at < y.at; });
  return rows;
}

}  // namespace stampede::calibration
