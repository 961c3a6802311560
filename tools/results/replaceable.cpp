#include "tools/results/replaceable.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstring>

#include "tools/files/regular_file.h"

namespace stampede {

void not_written(const std::string& path, int error) {
  throw FileError(fmt::format("{}: cannot be written: {}", path, std::strerror(error)));
}

bool begins_with(const std::string& path, std::string_view begins) try {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         read_start(path, begins.size()) == begins;
} catch (const std::runtime_error&) {  // it cannot be read, so nobody knows
  return false;
}

void require_replaceable(const std::string& path, std::string_view begins) {
  const auto refuse = [&](const char* why) {
    return ForeignFile(fmt::format("{}: {}; choose another name or take it away", path, why));
  };
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return;  // if it cannot be made, the write says why
  if (S_ISDIR(info.st_mode)) throw refuse("a directory");
  if (S_ISLNK(info.st_mode)) throw refuse("a link, which would be replaced");
  if (!S_ISREG(info.st_mode)) throw refuse("no regular file");
  if (info.st_size > 0 && !begins_with(path, begins)) throw refuse("was not made by Stampede");
}

}  // namespace stampede
