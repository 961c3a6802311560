#include "tools/language/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

namespace stampede {
namespace {

constexpr std::size_t kWidestSourceLine = 160;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u; }

std::string joined(const std::vector<Diagnostic>& found) {
  std::string text;
  for (const Diagnostic& d : found) text += to_text(d);
  return text;
}

// Lower case with `-` for `_`: the difference between spellings of one name costs nothing.
std::string folded(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z') out += '_';
    out += upper ? static_cast<char>(c - 'A' + 'a') : (c == '-' || c == ' ') ? '_' : c;
  }
  return out;
}

// Edits (insert, delete, replace, swap of neighbours) from a to b.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

std::string to_text(const Diagnostic& d) {
  std::string text = d.file;
  if (d.line > 0) text += fmt::format(":{}:{}", d.line, d.column);
  text += ": ";
  if (!d.path.empty()) text += d.path + ": ";
  text += d.message + "\n";
  if (d.line == 0 || d.source_line.empty()) return text;
  std::string shown, caret;
  u32 column = 1;
  for (const char c : d.source_line) {
    if (shown.size() >= kWidestSourceLine && !continues_character(c)) break;
    // A tab stays a tab below itself, so that the caret stands where the terminal put the text.
    const auto byte = static_cast<unsigned char>(c);
    shown += c == '\t' ? '\t' : (byte < 0x20 || byte == 0x7f) ? '?' : c;
    if (continues_character(c)) continue;
    if (column < d.column) caret += c == '\t' ? '\t' : ' ';
    ++column;
  }
  text += "  " + shown + "\n";
  if (d.column <= column) text += "  " + caret + "^\n";
  return text;
}

InputError::InputError(std::vector<Diagnostic> found)
    : std::runtime_error(joined(found)), diagnostics(std::move(found)) {}

std::string SourceText::line(u32 number) const {
  std::size_t begin = 0;
  for (u32 i = 1; i < number; ++i) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return "";
    ++begin;
  }
  std::string found = text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin);
  if (!found.empty() && found.back() == '\r') found.pop_back();
  return found;
}

Diagnostic SourceText::at(u32 line_number, u32 byte_column, std::string path,
                          std::string message) const {
  Diagnostic d{name, line_number, 1, std::move(path), std::move(message), line(line_number)};
  const std::size_t end = std::min<std::size_t>(byte_column, d.source_line.size());
  for (std::size_t i = 0; i < end; ++i) d.column += !continues_character(d.source_line[i]);
  d.column += byte_column - static_cast<u32>(end);
  return d;
}

std::string nearest_name(const std::string& name, const std::vector<std::string>& valid) {
  if (name.size() > 200) return "";
  const std::string wanted = folded(name);
  std::string best;
  std::size_t best_distance = wanted.size() / 3 + 2;
  for (const std::string& candidate : valid) {
    const std::string spelt = folded(candidate);
    std::size_t distance = edit_distance(wanted, spelt);
    // A name that starts with what was typed, or the reverse, is near whatever its length.
    const bool prefix = wanted.size() >= 3 && (spelt.starts_with(wanted) ||
                                               (spelt.size() >= 3 && wanted.starts_with(spelt)));
    if (prefix) distance = std::min<std::size_t>(distance, 2);
    if (distance < best_distance && distance < std::max(wanted.size(), spelt.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string suggestion(const std::string& name, const std::vector<std::string>& valid) {
  if (const std::string near = nearest_name(name, valid); !near.empty())
    return "; did you mean '" + near + "'?";
  if (valid.empty()) return "; there is none to choose from";
  if (valid.size() > 16) return "";
  return fmt::format("; one of: {}", fmt::join(valid, ", "));
}

}  // namespace stampede
