#include "tools/world/named_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

namespace stampede {
namespace {

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

// The first place where there is such a file; else the first place.
std::string found(const std::string& file, const std::vector<std::string>& directories) {
  if (file.starts_with('/') || directories.empty()) return file;
  const auto at = [&](const std::string& d) { return d == "." ? file : d + "/" + file; };
  const auto it = std::find_if(directories.begin(), directories.end(),
                               [&](const std::string& d) { return exists(at(d)); });
  return at(it == directories.end() ? directories.front() : *it);
}

// Whether a value was given by --set, itself or with what it is part of.
bool said_by_person(const Provenance& known, const std::string& path) {
  return known.locate(path, "").file.starts_with(std::string(kSetOption) + " ");
}

}  // namespace

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

NamedFile find_named(const Loaded& loaded, const Surroundings& surroundings, const std::string& key,
                     const std::string& file, bool stated) {
  NamedFile named;
  named.path = found(file, surroundings.directories);
  named.ours = said_by_person(loaded.provenance, key) || surroundings.allowed.contain(named.path);
  if (!named.ours && !(surroundings.known_content && stated))
    named.wrong = outside(named.path);
  else if (!exists(named.path))
    named.wrong = fmt::format("there is no file {}", named.path);
  return named;
}

void note_content(Loaded& loaded, const std::string& key, const std::string& file) {
  loaded.origins[key] = loaded.provenance.origins[key] = "hash of " + file;
}

}  // namespace stampede
