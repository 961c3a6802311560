// Names as words: which of two says the same as the other and more. Limits: ASCII, words end at
// `_`, `-`, `.`, `/` or a blank.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/units.h"

namespace stampede {

inline std::vector<std::string> name_words(const std::string& name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.' || c == '/' || c == ' ')
      words.emplace_back();
    else
      words.back() += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  std::erase(words, "");
  return words;
}

// How many words `longer` has besides those of `name`, which stand in it in the same order and end
// it as they end `name`; nothing if they do not.
inline std::optional<std::size_t> words_more(const std::string& name, const std::string& longer) {
  const std::vector<std::string> few = name_words(name), many = name_words(longer);
  if (few.empty() || many.size() < few.size() || few.back() != many.back()) return std::nullopt;
  std::size_t found = 0;
  for (std::size_t k = 0; k < many.size() && found < few.size(); ++k)
    found += many[k] == few[found];
  if (found < few.size()) return std::nullopt;
  return many.size() - few.size();
}

}  // namespace stampede
