// Files that a scenario names: where they are looked for, and who may name them.
#pragma once
#include <string>

#include "tools/world/load_scenario.h"

namespace stampede {

// The directory part of a path; `.` without one.
std::string directory_of(const std::string& path);

struct NamedFile {
  std::string path;     // where it was found
  bool ours = false;    // it may be read and quoted
  std::string wrong{};  // why it cannot be read, or nothing
};
// The file that stands at `key` of the scenario as `file`. One that lies elsewhere may be read, but
// not quoted, if a replay states its content (`stated`; see Surroundings).
NamedFile find_named(const Loaded& loaded, const Surroundings& surroundings, const std::string& key,
                     const std::string& file, bool stated);

// Notes in the scenario that the content of `file` comes from it.
void note_content(Loaded& loaded, const std::string& key, const std::string& file);

}  // namespace stampede
