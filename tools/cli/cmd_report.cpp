// stampede report: runs and comparisons as one page of HTML that can be sent to somebody.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/python.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBegins = "<!DOCTYPE html>\n<!-- stampede.report/1 -->";
constexpr std::size_t kMostDirectories = 8;  // columns that can be told apart on a screen

bool holds(const std::string& directory, const OutputFiles& files) {
  return begins_with(directory + "/" + files.mark, files.begins);
}

// Throws InputError that names every directory that is neither a run nor a comparison.
void require_results(const std::vector<std::string>& directories) {
  std::vector<Diagnostic> faults;
  for (const std::string& directory : directories)
    if (!holds(directory, files_of_run()) && !holds(directory, files_of_comparison()))
      faults.push_back({directory, 0, 0, "",
                        "no directory that `stampede run --out` or `stampede compare --out` wrote",
                        ""});
  if (directories.size() > kMostDirectories)
    faults.push_back({fmt::format("{} directories", directories.size()), 0, 0, "",
                      fmt::format("a report shows at most {} side by side", kMostDirectories), ""});
  if (!faults.empty()) throw InputError(std::move(faults));
}

int report_command(const std::vector<std::string>& directories, const std::string& out) {
  require_results(directories);
  const std::string path =
      out.empty() ? (fs::path(directories.front()) / "report.html").string() : out;
  require_replaceable(path, kBegins);
  std::vector<std::string> arguments;
  for (const std::string& directory : directories)
    arguments.push_back(fs::absolute(directory).string());
  std::string html;
  const int code = run_python_module("stampede.report", arguments, &html);
  if (interrupted()) throw Interrupted{};
  require_python(code, "report");
  if (code != 0 || !html.starts_with(kBegins)) {
    narrate("stampede: no report: see above\n");
    return kInvalidInput;
  }
  write_file(path, html, kBegins);
  print_result(path + "\n");
  return kFine;
}

}  // namespace

void add_report_command(CommandLine& line) {
  Command command = line.command(
      "report", "Write one HTML page about runs or a comparison, to read offline and to send.",
      {"stampede report out/fleet                       # out/fleet/report.html",
       "stampede report out/before out/after --out both.html",
       "stampede report out/compare                     # with the table of policies"});
  const auto directories = std::make_shared<std::vector<std::string>>();
  const auto out = std::make_shared<std::string>();
  command
      .option("directories", *directories,
              "directories of `stampede run --out` or `stampede compare --out`")
      .required()
      .type_name("DIR");
  command.option("--out", *out, "the file to write; report.html in the first DIR by default")
      .type_name("FILE");
  command.runs([directories, out] { return report_command(*directories, *out); });
}

}  // namespace stampede
