// Results of runs as one file each, for engines whose tasks share no more than a directory.
// A file gets its name by a rename once it is whole and synced, which is safe on network file
// systems; the locks of a database are not. One process brings the files together (`merge`).
#pragma once
#include "tools/experiments/store.h"
#include "tools/language/diagnostics.h"

namespace stampede {

std::string run_file_json(const StoredRun& run);
// Throws InputError for text that is not what run_file_json writes.
StoredRun read_run_file(const SourceText& source);

// `<id>.json` for a run that is done, `<id>.failed.json` for one that failed.
class RunFiles : public RunSink {
 public:
  // The directory beside a store: results.db.runs. Made when the first run is added.
  explicit RunFiles(const std::string& store_path) : directory_(store_path + ".runs") {}

  void add(const StoredRun& run) override;
  RunStatus status(const std::string& id) override;
  std::map<std::string, RunStatus> statuses() override;
  // Puts every run into a store that lacks it; gives their number. Files stay. Throws FileError,
  // InputError for a file that is none of ours.
  std::size_t merge(RunSink& store);
  const std::string& directory() const { return directory_; }

 private:
  std::string name_of(const std::string& id, bool failed) const;
  std::string directory_;
};

}  // namespace stampede
