#include "tools/results/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "tools/results/replaceable.h"

namespace stampede {
namespace {

// Directory with its slash, and name.
std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"./", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

// What is locked has a writer that lives.
void take_away_if_abandoned(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return;
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  ::close(file);
}

}  // namespace

TemporaryFile::TemporaryFile(std::string path) : path_(std::move(path)) {
  const auto [directory, name] = split(path_);
  if (name.empty()) not_written(path_, EISDIR);
  temporary_ = fmt::format("{}.{}.stampede-tmp", directory, name);
  take_away_if_abandoned(temporary_);
  file_ = ::open(directory.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  if (file_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
    with_temporary_name([this] {
      file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      return file_ >= 0;
    });
  if (file_ < 0) not_written(path_, errno);
  ::flock(file_, LOCK_EX | LOCK_NB);
}

void TemporaryFile::with_temporary_name(const std::function<bool()>& make) {
  named_ = make();
  if (named_ || errno != EEXIST) return;
  temporary_ += fmt::format("-{}", ::getpid());  // another process writes the same file
  take_away_if_abandoned(temporary_);
  named_ = make();
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      file_(std::exchange(other.file_, -1)),
      named_(std::exchange(other.named_, false)) {}

TemporaryFile::~TemporaryFile() {
  if (named_) ::unlink(temporary_.c_str());
  if (file_ >= 0) ::close(file_);
}

void TemporaryFile::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(file_, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) not_written(path_, wrote < 0 ? errno : ENOSPC);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void TemporaryFile::sync() {
  if (::fsync(file_) != 0 && errno != EINVAL) not_written(path_, errno);
}

void TemporaryFile::name() {
  const std::string nameless = fmt::format("/proc/self/fd/{}", file_);
  if (!named_)
    with_temporary_name([&] {
      return ::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, temporary_.c_str(),
                      AT_SYMLINK_FOLLOW) == 0;
    });
  if (!named_) not_written(path_, errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) not_written(path_, errno);
  named_ = false;
}

}  // namespace stampede
