#include "tools/results/output_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace stampede {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw FileError(fmt::format("{}: cannot be written: {}", path, std::strerror(error)));
}

std::string temporary_name(const std::string& directory, const std::string& name) {
  return fmt::format("{}/.{}.{}.tmp", directory, name, ::getpid());
}

// Writes and syncs; leaves no file behind when it fails.
void write_synced(const std::string& path, const std::string& shown, const std::string& content) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) fail(shown, errno);
  const auto give_up = [&](int error) {
    ::close(file);
    ::unlink(path.c_str());
    fail(shown, error);
  };
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t wrote = ::write(file, content.data() + done, content.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) give_up(wrote < 0 ? errno : ENOSPC);
    done += static_cast<std::size_t>(wrote);
  }
  if (::fsync(file) != 0 && errno != EINVAL) give_up(errno);
  if (::close(file) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    fail(shown, error);
  }
}

void sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  ::fsync(directory);
  ::close(directory);
}

}  // namespace

OutputDirectory::OutputDirectory(std::string path) : path_(std::move(path)) {
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  if (path_.empty()) throw FileError("an empty name is no directory");
  try {
    for (std::size_t i = 1; i <= path_.size(); ++i) {
      if (i < path_.size() && path_[i] != '/') continue;
      const std::string part = path_.substr(0, i);
      if (::mkdir(part.c_str(), 0777) == 0) {
        made_.push_back(part);
        continue;
      }
      const int error = errno;
      struct stat info {};
      if (::stat(part.c_str(), &info) != 0) fail(path_, error);
      if (!S_ISDIR(info.st_mode)) fail(path_, ENOTDIR);
    }
    const std::string probe = temporary_name(path_, "probe");
    write_synced(probe, path_, "probe");
    ::unlink(probe.c_str());
  } catch (const FileError&) {
    for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::rmdir(it->c_str());
    throw;
  }
}

OutputDirectory::~OutputDirectory() {
  for (const auto& [temporary, name] : files_) ::unlink(temporary.c_str());
  for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::rmdir(it->c_str());
}

void OutputDirectory::add(const std::string& name, const std::string& content) {
  const std::string temporary = temporary_name(path_, name);
  const std::string final_name = path_ + "/" + name;
  ::mkdir(path_.c_str(), 0777);  // should somebody have removed it during a long run
  write_synced(temporary, final_name, content);
  files_.emplace_back(temporary, final_name);
}

void OutputDirectory::commit(const std::vector<std::string>& optional) {
  for (const std::string& name : optional) {
    const std::string path = path_ + "/" + name;
    const bool written = std::any_of(files_.begin(), files_.end(),
                                     [&](const auto& file) { return file.second == path; });
    if (!written) ::unlink(path.c_str());
  }
  while (!files_.empty()) {
    const auto [temporary, name] = files_.front();
    if (std::rename(temporary.c_str(), name.c_str()) != 0) fail(name, errno);
    files_.erase(files_.begin());
  }
  made_.clear();
  sync_directory(path_);
}

void write_file(const std::string& path, const std::string& content, bool replace) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (!replace && ::access(path.c_str(), F_OK) == 0) fail(path, EEXIST);
  const std::string temporary = temporary_name(directory, name);
  write_synced(temporary, path, content);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    fail(path, error);
  }
  sync_directory(directory);
}

}  // namespace stampede
