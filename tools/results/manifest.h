// The manifest of a run: everything needed to run it again and to believe it.
#pragma once
#include <string>

#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede {

struct Measured {  // what differs from run to run; all else is the same for the same seed
  double wall_clock_seconds = 0;
  i64 peak_memory_bytes = 0;
};

// `command` is how the run was started, without --out.
std::string manifest_json(const Loaded& loaded, const RunResults& results,
                          const std::string& command, const Measured& measured);

struct ManifestRun {
  Loaded loaded;
  std::string digest, version, compiler;
  std::string build, commit;  // `unknown` before manifests had them
};
// Its recordings lie below its own directory or `allow`, or have the content that the run read.
// Throws InputError when the text is no manifest or its scenario is not valid any more.
ManifestRun read_manifest(const SourceText& source, const std::vector<std::string>& allow = {});

i64 peak_memory_bytes();  // largest resident size of this process so far [B]

}  // namespace stampede
