// Reads AS-relationship files of CAIDA, serial-1 (`provider|customer|-1`, `peer|peer|0`) and
// serial-2 (a fourth field names the source), with `#` comments.
// Source: CAIDA AS Relationships, README of serial-2.
// Limits: sibling relations do not occur in these formats and are malformed here.
#pragma once
#include <istream>
#include <string>
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
  std::vector<CaidaIssue> errors;    // malformed lines, contradictions, provider cycles
  std::vector<CaidaIssue> warnings;  // repeated lines, a graph in several parts
  bool usable() const { return errors.empty(); }
};

// Reads to the end; reports every bad line. The graph holds what was well-formed.
CaidaFile read_caida(std::istream& input);

}  // namespace stampede
