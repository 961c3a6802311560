#include "tools/files/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace stampede {
namespace {

void require_regular(const struct stat& info) {
  if (S_ISDIR(info.st_mode)) throw std::runtime_error(std::strerror(EISDIR));
  if (!S_ISREG(info.st_mode)) throw std::runtime_error("it is no regular file");
}

}  // namespace

int open_regular(const std::string& path) {
  struct stat info {};
  // Asked before it is opened: opening alone can move a tape.
  if (::stat(path.c_str(), &info) != 0) throw std::runtime_error(std::strerror(errno));
  require_regular(info);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) throw std::runtime_error(std::strerror(errno));
  try {
    // It may be another one by now.
    if (::fstat(file, &info) != 0) throw std::runtime_error(std::strerror(errno));
    require_regular(info);
  } catch (const std::runtime_error&) {
    ::close(file);
    throw;
  }
  return file;
}

std::string read_start(const std::string& path, std::size_t most) {
  const int file = open_regular(path);
  std::string text;
  char buffer[1 << 16];
  int error = 0;
  while (text.size() < most) {
    const ssize_t got = ::read(file, buffer, std::min(sizeof buffer, most - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(file);
  if (error != 0) throw std::runtime_error(std::strerror(error));
  return text;
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat one {
  }, other{};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace stampede
