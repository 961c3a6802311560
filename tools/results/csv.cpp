#include "tools/results/csv.h"

#include <string_view>

namespace stampede {
namespace {

// A formula begins with one of these, also after spaces.
bool is_formula(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first != std::string::npos &&
         std::string_view("=+-@\t\r\n").find(text[first]) != std::string_view::npos;
}

}  // namespace

std::string csv_field(const std::string& field) {
  const std::string text = is_formula(field) ? "'" + field : field;
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace stampede
