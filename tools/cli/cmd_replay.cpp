// stampede replay: run a manifest's scenario again and compare the digest.
#include <fmt/format.h>

#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/results/build.h"
#include "tools/results/manifest.h"

namespace stampede {
namespace {

int replay(const std::string& path, const std::vector<std::string>& allow, bool quiet) {
  const ManifestRun manifest = read_manifest(read_source(path), allow);
  if (manifest.build != stampede_build())
    narrate(
        fmt::format("stampede: the manifest is of build {} (version {}, commit {}), this is build "
                    "{}; numbers may differ\n",
                    manifest.build, manifest.version, manifest.commit, stampede_build()));
  const TimedRun run = run_with_progress(
      manifest.loaded, "stampede replay " + shell_quoted(path) + allow_path_words(allow), quiet);
  const bool same = run.results.digest == manifest.digest;
  print_result(same ? fmt::format("digest {}: the same\n", manifest.digest)
                    : fmt::format("digest {}: differs, the manifest says {}\n", run.results.digest,
                                  manifest.digest));
  return same ? kFine : kExpectFailed;
}

}  // namespace

void add_replay_command(CommandLine& line) {
  Command command =
      line.command("replay", "Run a manifest's scenario again and compare the digest.",
                   {"stampede replay out/fleet/manifest.json"});
  const auto path = std::make_shared<std::string>();
  const auto quiet = std::make_shared<bool>(false);
  command.option("manifest", *path, "manifest.json of a run").required().type_name("MANIFEST");
  command.flag("-q,--quiet", *quiet, "no progress");
  const auto allow = std::make_shared<std::vector<std::string>>();
  add_allow_path(command, *allow);
  command.runs([path, allow, quiet] { return replay(*path, *allow, *quiet); });
}

}  // namespace stampede
