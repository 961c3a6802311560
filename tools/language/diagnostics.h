// What is wrong with an input, where, and how it is shown: all faults of one run together.
#pragma once
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/units.h"

namespace stampede {

// One fault. `line` and `column` count from 1, in characters; line 0 means that there is no place
// in a file (a --set, an empty file).
struct Diagnostic {
  std::string file;  // or the text of the command-line option
  u32 line = 0, column = 0;
  std::string path;  // of the value in the tree, such as spec.regions[0].share
  std::string message;
  std::string source_line;  // without its end of line
};

// A fault or a doubt that is not yet placed in a file.
struct Finding {
  std::string path, message;  // of a value in the tree
};

// `file:line:column: path: message`, then the source line and a caret below the column.
std::string to_text(const Diagnostic& diagnostic);

// Thrown for input that cannot be used; carries every fault found.
struct InputError : std::runtime_error {
  explicit InputError(std::vector<Diagnostic> found);
  std::vector<Diagnostic> diagnostics;
};

// The text of an input with its lines, to show the line of a fault. Only a file that says it is
// Stampede's is shown: another one, perhaps named by mistake or by somebody else, may hold secrets.
struct SourceText {
  std::string name, text;
  bool ours() const { return text.find("stampede/v") != std::string::npos; }
  // From 1; empty beyond the end. At most `most` bytes of it.
  std::string line(u32 number, std::size_t most = std::string::npos) const;
  // `byte_column` counts bytes from 0 and is turned into characters.
  Diagnostic at(u32 line_number, u32 byte_column, std::string path, std::string message) const;
};

// The nearest of `valid` to a misspelt name; empty when none is near. Case, `-` and `_` weigh
// little.
std::string nearest_name(const std::string& name, const std::vector<std::string>& valid);

// "; did you mean 'x'?", or the valid names when none is near and they are few.
std::string suggestion(const std::string& name, const std::vector<std::string>& valid);

}  // namespace stampede
