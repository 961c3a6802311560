// One line of CSV as fields: quotes, doubled quotes, commas inside them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/units.h"

namespace stampede {

struct CsvField {
  std::string text;  // without quotes and spaces around
  u32 column = 0;    // bytes from 0
};

class CsvLine {
 public:
  // The most frequent of comma, semicolon and tab in a header.
  void choose_delimiter(std::string_view header);
  const std::vector<CsvField>& split(std::string_view line);
  // An odd number of quotes: a field goes on in the next line.
  static bool incomplete(std::string_view line);

 private:
  char delimiter_ = ',';
  std::vector<CsvField> fields_;
};

// A number as tables have it: 1200, 30.0, "1,200"; false for other text.
bool number_of(std::string_view text, double& value);

}  // namespace stampede
