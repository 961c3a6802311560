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

// Directory and name of a path.
std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

// 0, or what went wrong.
int write_text(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(file, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return wrote < 0 ? errno : ENOSPC;
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
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
  if (const int error = write_text(file, content); error != 0) give_up(error);
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

GrowingFile::GrowingFile(std::string path) : path_(std::move(path)) {
  const auto [directory, name] = split(path_);
  if (name.empty()) fail(path_, EISDIR);
  struct stat info {};
  if (::stat(path_.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) fail(path_, EISDIR);
  temporary_ = temporary_name(directory, name);
  file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) fail(path_, errno);
}

GrowingFile::~GrowingFile() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(temporary_.c_str());
}

void GrowingFile::append(std::string_view text) {
  constexpr std::size_t kBuffer = 1u << 16;  // [B]
  buffer_ += text;
  if (buffer_.size() >= kBuffer) flush();
}

void GrowingFile::flush() {
  if (const int error = write_text(file_, buffer_); error != 0) fail(path_, error);
  buffer_.clear();
}

void GrowingFile::commit() {
  flush();
  if (::fsync(file_) != 0 && errno != EINVAL) fail(path_, errno);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, errno);
  ::close(file_);
  file_ = -1;
  sync_directory(split(path_).first);
}

void write_file(const std::string& path, const std::string& content, bool replace) {
  if (!replace && ::access(path.c_str(), F_OK) == 0) fail(path, EEXIST);
  const auto [directory, name] = split(path);
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
