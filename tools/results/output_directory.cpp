#include "tools/results/output_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace stampede {
namespace {

bool is_there(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

void sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  ::fsync(directory);
  ::close(directory);
}

std::string directory_part(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

const OutputFiles& files_of_run() {
  static const OutputFiles files{{"manifest.json", "summary.json", "series.csv", "incidents.jsonl",
                                  "metrics.om", "trace.json", "report.html"},
                                 "manifest.json",
                                 "{\n  \"schema\": \"stampede.manifest/"};
  return files;
}

const OutputFiles& files_of_comparison() {
  static const OutputFiles files{
      {"compare.json", "compare.png", "compare.svg", "compare_pareto.png", "compare_pareto.svg",
       "compare_timelines.png", "compare_timelines.svg", "report.html"},
      "compare.json",
      "{\n  \"schema\": \"stampede.compare/"};
  return files;
}

// Where the mark is ours, so is what stands beside it under our names, be it damaged; but links and
// the like are nobody's to replace.
void require_ours(const std::string& directory, const OutputFiles& files) {
  const std::string mark = directory + "/" + files.mark;
  require_replaceable(mark, files.begins);
  const bool marked = begins_with(mark, files.begins);
  for (const std::string& name : files.names) {
    const std::string file = directory + "/" + name;
    if (!is_there(file)) continue;
    if (!marked && name != files.mark)
      throw ForeignFile(
          fmt::format("{}: was not made by Stampede: no {} says so; choose another "
                      "directory or take it away",
                      file, files.mark));
    require_replaceable(file, "");
  }
}

OutputDirectory::OutputDirectory(std::string path, const OutputFiles& files)
    : path_(std::move(path)), owned_(files) {
  while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
  if (path_.empty()) throw FileError("an empty name is no directory");
  try {
    make();
    require_ours(path_, owned_);
    TemporaryFile(path_ + "/probe").write("probe");
  } catch (const FileError&) {
    for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::rmdir(it->c_str());
    throw;
  }
}

void OutputDirectory::make() {
  for (std::size_t i = 1; i <= path_.size(); ++i) {
    if (i < path_.size() && path_[i] != '/') continue;
    const std::string part = path_.substr(0, i);
    if (::mkdir(part.c_str(), 0777) == 0) {
      made_.push_back(part);
      continue;
    }
    const int error = errno;
    struct stat info {};
    if (::stat(part.c_str(), &info) != 0) not_written(path_, error);
    if (!S_ISDIR(info.st_mode)) not_written(path_, ENOTDIR);
  }
}

OutputDirectory::~OutputDirectory() {
  files_.clear();
  for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::rmdir(it->c_str());
}

void OutputDirectory::add(const std::string& name, const std::string& content) {
  ::mkdir(path_.c_str(), 0777);  // should somebody have removed it during a long run
  TemporaryFile file(path_ + "/" + name);
  file.write(content);
  file.sync();
  files_.emplace_back(name, std::move(file));
}

void OutputDirectory::commit(const std::vector<std::string>& optional) {
  require_ours(path_, owned_);
  for (const std::string& name : optional)
    if (std::none_of(files_.begin(), files_.end(), [&](const auto& f) { return f.first == name; }))
      ::unlink((path_ + "/" + name).c_str());
  // A process that ends in between leaves a directory that says whose it is.
  for (auto& [name, file] : files_)
    if (name == owned_.mark) file.name();
  for (auto& [name, file] : files_)
    if (name != owned_.mark) file.name();
  files_.clear();
  made_.clear();
  sync_directory(path_);
}

GrowingFile::GrowingFile(std::string path, std::string begins)
    : path_((require_replaceable(path, begins), std::move(path))),
      begins_(std::move(begins)),
      file_(path_) {}

void GrowingFile::append(std::string_view text) {
  constexpr std::size_t kBuffer = 1u << 16;  // [B]
  buffer_ += text;
  if (buffer_.size() >= kBuffer) flush();
}

void GrowingFile::flush() {
  file_.write(buffer_);
  buffer_.clear();
}

void GrowingFile::commit() {
  flush();
  file_.sync();
  require_replaceable(path_, begins_);
  file_.name();
  sync_directory(directory_part(path_));
}

void write_file(const std::string& path, const std::string& content,
                std::optional<std::string_view> replaces) {
  if (!replaces && is_there(path)) not_written(path, EEXIST);
  if (replaces) require_replaceable(path, *replaces);
  TemporaryFile file(path);
  file.write(content);
  file.sync();
  file.name();
  sync_directory(directory_part(path));
}

}  // namespace stampede
