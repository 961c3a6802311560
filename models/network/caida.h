// Reads AS-relationship files of CAIDA, serial-1 (`provider|customer|-1`, `peer|peer|0`) and
// serial-2 (a fourth field names the source), with `#` comments.
// Source: CAIDA AS Relationships, README of serial-2.
// Limits: sibling relations do not occur in these formats and are malformed here.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/network/as_graph.h"

namespace stampede {

struct CaidaIssue {
  u32 line = 0;  // from 1; 0: the file as a whole
  std::string text;
};

struct CaidaFile {
  AsGraph graph;
  std::vector<u32> clique;           // ASNs of a `# input clique:` comment
  std::vector<CaidaIssue> errors;    // malformed lines, contradictions, too large a graph
  std::vector<CaidaIssue> warnings;  // provider cycles, repeated lines, a graph in several parts
  bool usable() const { return errors.empty(); }
};

inline constexpr u32 kMostLinks = 4'000'000;   // eight times those of the Internet of 2026
inline constexpr u32 kMostLines = 20'000'000;  // of a small file that unpacks to a large one

// Reads to the end: `next` gives the next line without its end, or false. Reports the bad lines, of
// which more than kMostIssues end the reading. The graph holds what was well-formed.
inline constexpr std::size_t kMostIssues = 20;
CaidaFile read_caida(const std::function<bool(std::string_view& line)>& next);

}  // namespace stampede
