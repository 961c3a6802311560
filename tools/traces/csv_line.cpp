#include "tools/traces/csv_line.h"

#include <algorithm>
#include <charconv>

namespace stampede {
namespace {

bool blank(char c) { return c == ' ' || c == '\t'; }

// Without the commas of thousands, if that is what they are: 1,234,567.
std::string without_thousands(std::string_view text) {
  std::string digits;
  std::size_t group = 0;
  bool grouped = false;
  for (const char c : text) {
    if (c == ',') {
      if (digits.empty() || group == 0 || group > 3 || (grouped && group != 3)) return "";
      grouped = true;
      group = 0;
    } else if (c >= '0' && c <= '9') {
      digits += c;
      ++group;
    } else {
      return "";
    }
  }
  return grouped && group == 3 ? digits : "";
}

}  // namespace

void CsvLine::choose_delimiter(std::string_view header) {
  const auto count = [&](char c) { return std::count(header.begin(), header.end(), c); };
  for (const char c : {';', '\t'})
    if (count(c) > count(delimiter_)) delimiter_ = c;
}

bool CsvLine::incomplete(std::string_view line) {
  return std::count(line.begin(), line.end(), '"') % 2 != 0;
}

const std::vector<CsvField>& CsvLine::split(std::string_view line) {
  std::size_t used = 0;
  for (std::size_t i = 0; i <= line.size(); ++used) {
    if (used == fields_.size()) fields_.emplace_back();
    CsvField& field = fields_[used];
    field.text.clear();
    field.column = static_cast<u32>(i);
    while (i < line.size() && blank(line[i]) && line[i] != delimiter_) ++i;
    if (i < line.size() && line[i] == '"') {
      for (++i; i < line.size(); ++i) {
        if (line[i] != '"') {
          field.text += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
          field.text += line[i++];
        } else {
          ++i;
          break;
        }
      }
      while (i < line.size() && line[i] != delimiter_) ++i;
    } else {
      const std::size_t end = std::min(line.find(delimiter_, i), line.size());
      field.text.assign(line.substr(i, end - i));
      while (!field.text.empty() && blank(field.text.back())) field.text.pop_back();
      i = end;
    }
    ++i;
  }
  fields_.resize(used);
  return fields_;
}

bool number_of(std::string_view text, double& value) {
  const auto read = [&](std::string_view digits) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() && value == value;
  };
  if (read(text)) return true;
  const std::string plain = without_thousands(text);
  return !plain.empty() && read(plain);
}

}  // namespace stampede
