#include "tools/experiments/claims.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/digest.h"
#include "tools/results/output_directory.h"

namespace stampede {

Claims::Claims(const std::string& path)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (file_ < 0)
    throw FileError(fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
}

Claims::~Claims() { ::close(file_); }

bool Claims::lock(const std::string& run_id, short type) {
  Digest digest;
  for (const char c : run_id) digest.add(static_cast<unsigned char>(c));
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(digest.value() >> 2);
  range.l_len = 1;
  while (::fcntl(file_, F_OFD_SETLK, &range) != 0)
    if (errno != EINTR) return errno != EAGAIN && errno != EACCES;
  return true;
}

bool Claims::take(const std::string& run_id) { return lock(run_id, F_WRLCK); }
void Claims::give_back(const std::string& run_id) { lock(run_id, F_UNLCK); }

}  // namespace stampede
