#include "tools/world/network_file.h"

#include <fmt/format.h>

#include <set>

#include "models/network/as_graph.h"
#include "models/network/caida.h"
#include "tools/traces/line_reader.h"
#include "tools/world/named_files.h"

namespace stampede {
namespace {

constexpr const char* kFile = "spec.network.file";
constexpr const char* kContent = "spec.network.content";
constexpr std::size_t kMostNotes = 3;  // of one kind that are shown one by one

std::vector<Diagnostic> diagnostics(const std::vector<CaidaIssue>& issues,
                                    const std::string& path) {
  std::vector<Diagnostic> found;
  for (const CaidaIssue& issue : issues)
    found.push_back({path, issue.line, issue.line > 0 ? 1u : 0u, "", issue.text, ""});
  return found;
}

// `content` becomes the hash of what was read.
CaidaFile read_lines(const std::string& path, std::string& content) {
  u32 line = 0;  // none, of a file that cannot be opened
  try {
    LineReader lines(path);
    CaidaFile file = read_caida([&](std::string_view& text) {
      line = lines.line_number() + 1;
      return lines.next(text);
    });
    content = lines.content();
    return file;
  } catch (const std::runtime_error& error) {
    throw InputError({{path, line, line > 0 ? 1u : 0u, "", error.what(), ""}});
  }
}

void read_graph(Loaded& loaded, const NamedFile& named) {
  NetworkParams& network = loaded.scenario.spec.network;
  const std::string stated = network.content;
  CaidaFile file = read_lines(named.path, network.content);
  if (!file.usable()) throw InputError(diagnostics(file.errors, named.path));
  if (!stated.empty() && stated != network.content)
    throw InputError(
        {loaded.provenance.locate(kContent, fmt::format("{} has the content {}: it is another file",
                                                        named.path, network.content))});
  if (stated.empty()) note_content(loaded, kContent, network.file);
  std::vector<Diagnostic> notes = diagnostics(file.warnings, named.path);
  if (notes.size() > kMostNotes) {
    const std::size_t more = notes.size() - kMostNotes;
    notes.resize(kMostNotes);
    notes.push_back({named.path, 0, 0, "", fmt::format("and {} more like these", more), ""});
  }
  loaded.warnings.insert(loaded.warnings.end(), notes.begin(), notes.end());
  network.graph = std::make_shared<const AsGraph>(std::move(file.graph));
}

class Attachments {
 public:
  explicit Attachments(const Loaded& loaded)
      : loaded_(loaded), network_(loaded.scenario.spec.network) {}

  void check() {
    for (std::size_t i = 0; i < network_.attachments.size(); ++i)
      check(network_.attachments[i], element_path("spec.network.attachments", i));
    if (!faults_.empty()) throw InputError(std::move(faults_));
  }

 private:
  void fault(const std::string& path, const std::string& message) {
    faults_.push_back(loaded_.provenance.locate(path, message));
  }
  bool is_there(i64 asn) const {
    if (asn <= 0 || asn > UINT32_MAX) return false;
    if (network_.graph) return network_.graph->find(static_cast<u32>(asn)).has_value();
    return asn <= network_.generator.ases;  // generated ASes are numbered from 1
  }
  void list(const std::string& path, const std::vector<i64>& asns) {
    for (std::size_t k = 0; k < asns.size(); ++k)
      if (!is_there(asns[k]))
        fault(element_path(path, k),
              fmt::format("there is no AS {} in {}", asns[k],
                          network_.graph ? network_.file : "the generated graph"));
  }
  void check(const RegionAttachment& a, const std::string& at) {
    list(child_path(at, "providers"), a.providers);
    list(child_path(at, "ases"), a.ases);
    list(child_path(at, "clients"), a.clients);
    for (std::size_t k = 0; k < a.providers.size(); ++k)
      if (a.asn != 0 && a.providers[k] == a.asn)
        fault(element_path(child_path(at, "providers"), k), "an AS is not its own provider");
  }

  const Loaded& loaded_;
  const NetworkParams& network_;
  std::vector<Diagnostic> faults_;
};

}  // namespace

void find_graph(Loaded& loaded, const Surroundings& surroundings) {
  const NetworkParams& network = loaded.scenario.spec.network;
  if (!network.file.empty()) {
    const NamedFile named =
        find_named(loaded, surroundings, kFile, network.file, !network.content.empty());
    if (!named.wrong.empty()) throw InputError({loaded.provenance.locate(kFile, named.wrong)});
    try {
      read_graph(loaded, named);
    } catch (const InputError&) {
      if (named.ours) throw;  // else nothing of it is quoted
      throw InputError({loaded.provenance.locate(
          kFile, fmt::format("{}: it is another file than that of the run", named.path))});
    }
  }
  Attachments(loaded).check();
}

}  // namespace stampede
