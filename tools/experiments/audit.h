// Latent risks of a scenario, read off its numbers without a run: what is harmless until something
// goes wrong. Each finding has a number, the place that it comes from and a command that shows it.
// **Source**: Bronson et al. (HotOS 2021) for hidden capacity, 1 / attempts a request of the
// capacity; published post-mortems for the others (reference_outage, docs/audit.md names them).
// **Limits**: rules of thumb over stated values, each with its threshold in docs/audit.md. What
// needs the load, such as whether a cold cache fits, is not looked at. Silence is no proof.
#pragma once
#include <string>
#include <vector>

#include "tools/world/load_scenario.h"

namespace stampede {

struct Risk {
  std::string rule;  // its name in docs/audit.md
  std::string path;  // of the value that it comes from
  double number = 0;
  std::string unit;  // of the number
  std::string message, command;
};

// `command_words` follow `stampede VERB`: the file and its --set.
std::vector<Risk> audit(const Scenario& scenario, const std::string& command_words);

}  // namespace stampede
