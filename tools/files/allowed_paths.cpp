#include "tools/files/allowed_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace stampede {
namespace {

namespace fs = std::filesystem;

fs::path resolved(const std::string& path) {
  std::error_code error;
  const fs::path found = fs::weakly_canonical(fs::absolute(path.empty() ? "." : path), error);
  // Such as a loop of links, which nobody can open.
  return error ? fs::path() : found;
}

}  // namespace

AllowedPaths::AllowedPaths(const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) add(directory);
}

void AllowedPaths::add(const std::string& directory) {
  if (const fs::path root = resolved(directory); !root.empty()) roots_.push_back(root.string());
}

bool AllowedPaths::contain(const std::string& file) const {
  const fs::path at = resolved(file);
  return !at.empty() && std::any_of(roots_.begin(), roots_.end(), [&](const fs::path& root) {
    return std::mismatch(root.begin(), root.end(), at.begin(), at.end()).first == root.end();
  });
}

std::string outside(const std::string& file) {
  const fs::path parent = resolved(file).parent_path();
  return fmt::format(
      "'{}' lies outside the directory of the file that names it; if it is to be read, add "
      "--allow-path {}",
      file, parent.empty() ? "DIR" : parent.string());
}

}  // namespace stampede
