// Where files may lie that a scenario or a sweep names. Such files are often somebody else's, so
// what they name stays below their own directory, links and `..` resolved, unless the command line
// allows more: `--allow-path DIR`.
#pragma once
#include <string>
#include <vector>

namespace stampede {

class AllowedPaths {
 public:
  AllowedPaths() = default;
  explicit AllowedPaths(const std::vector<std::string>& directories);
  void add(const std::string& directory);
  // Whether the file lies below one of the directories, itself or what it links to. One that does
  // not exist lies where it would be.
  bool contain(const std::string& file) const;

 private:
  std::vector<std::string> roots_;  // resolved
};

// What is wrong with naming a file that lies elsewhere, and what allows it.
std::string outside(const std::string& file);

}  // namespace stampede
