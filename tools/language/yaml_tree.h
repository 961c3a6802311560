// YAML text as a tree with positions, within bounds that no honest scenario meets.
// yaml-cpp only scans; it would keep duplicate keys and turn `no` into false, so values stay text.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/units.h"
#include "tools/language/diagnostics.h"

namespace stampede {

inline constexpr std::size_t kLargestInput = 16u << 20;     // [B]
inline constexpr std::size_t kDeepestNesting = 64;          // mappings and lists within each other
inline constexpr std::size_t kMostExpandedNodes = 500'000;  // with every alias written out

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;  // aliases share their anchor's node

struct YamlNode {
  enum class Kind : u8 { kNull, kScalar, kMapping, kSequence };
  Kind kind = Kind::kNull;
  bool quoted = false;                               // a scalar written in quotes or as a block
  u32 line = 0, column = 0;                          // line from 1, column in bytes from 0
  std::shared_ptr<const SourceText> source;          // of a node from an included file, else null
  std::string text;                                  // kScalar
  std::vector<YamlPtr> items;                        // kSequence
  std::vector<std::pair<YamlPtr, YamlPtr>> entries;  // kMapping, in order, duplicates kept
  std::size_t expanded = 1;  // nodes below and including this one, aliases written out
};

// Throws InputError: syntax, tabs in the indentation, binary or empty text, tags, several
// documents, too deep, too large, an alias of itself. JSON is accepted as the YAML that it is.
YamlPtr parse_yaml(const SourceText& source);

// Every document of a text that others wrote for other programs: empty ones are left out, YAML's
// own tags (!!str) are taken. Throws InputError as parse_yaml().
std::vector<YamlPtr> parse_yaml_stream(const SourceText& source);

// Reads a file of at most kLargestInput bytes. Throws InputError when it is larger or cannot be
// read.
SourceText read_source(const std::string& path);

}  // namespace stampede
