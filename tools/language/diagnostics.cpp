#include "tools/language/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/name_words.h"
#include "tools/files/printable.h"

namespace stampede {
namespace {

constexpr std::size_t kWidestSourceLine = 160, kLongestPath = 300, kLongestMessage = 4000;
constexpr std::size_t kMostOfLine = 1000;  // [B], of what is kept of a line

// As a line of a terminal, without the rest of what is too long to be read.
std::string in_one_line(const std::string& text, std::size_t most) {
  return printable(text.size() <= most ? text : text.substr(0, most - 3) + "...");
}

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
  std::string text = in_one_line(d.file, kLongestPath);
  if (d.line > 0) text += fmt::format(":{}:{}", d.line, d.column);
  text += ": ";
  if (!d.path.empty()) text += in_one_line(d.path, kLongestPath) + ": ";
  text += in_one_line(d.message, kLongestMessage) + "\n";
  if (d.line == 0 || d.source_line.empty()) return text;
  std::string shown, caret;
  u32 column = 1;
  for (std::size_t i = 0; i < d.source_line.size() && shown.size() < kWidestSourceLine;) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(d.source_line, i));
    const std::string character = d.source_line.substr(i, length);
    // A tab stays a tab below itself, so that the caret stands where the terminal put the text.
    const bool tab = character == "\t";
    const std::string as_shown = tab ? character : printable(character);
    shown += as_shown;
    if (column < d.column)
      caret += tab ? "\t" : std::string(as_shown == character ? 1 : as_shown.size(), ' ');
    ++column;
    i += length;
  }
  text += "  " + shown + "\n";
  if (d.column <= column) text += "  " + caret + "^\n";
  return text;
}

InputError::InputError(std::vector<Diagnostic> found)
    : std::runtime_error(joined(found)), diagnostics(std::move(found)) {}

std::string SourceText::line(u32 number, std::size_t most) const {
  std::size_t begin = 0;
  for (u32 i = 1; i < number; ++i) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return "";
    ++begin;
  }
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  std::string found = text.substr(begin, std::min(end - begin, most));
  if (!found.empty() && found.back() == '\r') found.pop_back();
  return found;
}

Diagnostic SourceText::at(u32 line_number, u32 byte_column, std::string path,
                          std::string message) const {
  Diagnostic d{name, line_number, 1, std::move(path), std::move(message), ""};
  const std::string before = line(line_number, byte_column);
  for (const char c : before) d.column += !continues_character(c);
  d.column += byte_column - static_cast<u32>(before.size());
  if (ours()) d.source_line = line(line_number, kMostOfLine);
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
    // So is one that says all of it in more words, with the same end.
    if (const auto more = words_more(name, candidate); more && wanted.size() >= 3)
      distance = std::min(distance, *more);
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
