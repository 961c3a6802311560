#include "models/network/caida.h"

#include <charconv>
#include <map>
#include <string_view>
#include <utility>

namespace stampede {

namespace {

bool parse_asn(std::string_view text, u32& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t end = line.find(separator);
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

struct Seen {
  u32 line;
  u32 first;  // ASN written first
  bool peers;
};
using Links = std::map<std::pair<u32, u32>, Seen>;

void read_comment(std::string_view line, CaidaFile& file) {
  constexpr std::string_view kClique = "# input clique:";
  if (line.substr(0, kClique.size()) != kClique) return;
  for (const std::string_view word : split(line.substr(kClique.size()), ' ')) {
    u32 asn = 0;
    if (parse_asn(word, asn)) file.clique.push_back(asn);
  }
}

// What is wrong with the line, or nothing.
std::string read_link(std::string_view line, u32 number, CaidaFile& file, Links& links,
                      bool& repeated) {
  const std::vector<std::string_view> fields = split(line, '|');
  if (fields.size() != 3 && fields.size() != 4)
    return "expected 3 or 4 fields separated by '|', found " + std::to_string(fields.size());
  u32 a = 0, b = 0;
  if (!parse_asn(fields[0], a)) return "the first field is not an AS number";
  if (!parse_asn(fields[1], b)) return "the second field is not an AS number";
  if (fields[2] != "-1" && fields[2] != "0") return "the relation is neither -1 nor 0";
  if (a == b) return "AS " + std::to_string(a) + " is linked to itself";
  const bool peers = fields[2] == "0";
  const auto [it, fresh] =
      links.try_emplace({std::min(a, b), std::max(a, b)}, Seen{number, a, peers});
  if (!fresh) {
    if (it->second.peers != peers || (!peers && it->second.first != a))
      return "contradicts line " + std::to_string(it->second.line);
    repeated = true;
    return "";
  }
  file.graph.add_link(a, b, peers ? LinkKind::kPeerToPeer : LinkKind::kProviderToCustomer);
  return "";
}

void report_cycles(CaidaFile& file, const Links& links) {
  u32 groups = 0;
  const std::vector<u32> group = file.graph.provider_cycles(groups);
  if (groups == file.graph.size()) return;
  std::map<u32, std::pair<u32, std::pair<u32, u32>>> first_line;  // of each cycle
  for (const auto& [pair, seen] : links) {
    if (seen.peers) continue;
    const u32 g = group[*file.graph.find(pair.first)];
    if (g != group[*file.graph.find(pair.second)]) continue;
    const std::pair<u32, u32> arc{seen.first, pair.first == seen.first ? pair.second : pair.first};
    const auto [it, fresh] = first_line.try_emplace(g, seen.line, arc);
    if (!fresh && seen.line < it->second.first) it->second = {seen.line, arc};
  }
  for (const auto& [g, where] : first_line)
    file.warnings.push_back({where.first, "provider cycle: AS " +
                                              std::to_string(where.second.first) +
                                              " is an indirect customer of its customer AS " +
                                              std::to_string(where.second.second)});
}

}  // namespace

CaidaFile read_caida(const std::function<bool(std::string_view& line)>& next) {
  CaidaFile file;
  Links links;
  std::string_view line;
  u32 repeats = 0, first_repeat = 0;
  for (u32 number = 1; next(line); ++number) {
    if (number > kMostLines) {
      file.errors.push_back({number, "more than " + std::to_string(kMostLines) + " lines"});
      return file;
    }
    if (line.empty()) continue;
    if (line.front() == '#') {
      read_comment(line, file);
      continue;
    }
    bool repeated = false;
    std::string wrong = read_link(line, number, file, links, repeated);
    if (repeated && repeats++ == 0) first_repeat = number;
    if (wrong.empty() && file.graph.links() > kMostLinks)
      wrong = "more than " + std::to_string(kMostLinks) + " links";
    if (wrong.empty()) continue;
    file.errors.push_back({number, std::move(wrong)});
    if (file.errors.size() >= kMostIssues || file.graph.links() > kMostLinks) return file;
  }
  if (repeats > 0)
    file.warnings.push_back({first_repeat, repeats == 1 ? "a link that is there already"
                                                        : std::to_string(repeats) +
                                                              " links that are there already, "
                                                              "the first of them here"});
  report_cycles(file, links);
  if (file.graph.size() == 0) file.errors.push_back({0, "no link in the file"});
  const u32 parts = file.graph.size() == 0 ? 1 : file.graph.components();
  if (parts > 1)
    file.warnings.push_back({0, "the graph is in " + std::to_string(parts) + " separate parts"});
  return file;
}

}  // namespace stampede
