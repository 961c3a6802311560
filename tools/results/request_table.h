// A CSV row for each request of a run, or for a sample of them: `stampede run --requests FILE`.
// Limits: rows come in the order in which the requests ended, the open ones last.
#pragma once
#include <string>
#include <vector>

#include "models/ports/request_log_port.h"
#include "tools/results/output_directory.h"
#include "tools/world/scenario.h"

namespace stampede {

class RequestTable final : public RequestLog {
 public:
  // `sample`: share of the requests, chosen by their identity, so that runs of one scenario under
  // different policies tell of the same ones. Throws FileError.
  RequestTable(const std::string& path, Share sample, const Spec& spec);
  void ended(const RequestRecord& record) override;
  void commit();  // without it no file is left; throws FileError

 private:
  GrowingFile file_;
  u64 below_;  // a request's hash, to be told of
  bool all_;
  std::vector<std::string> classes_, regions_;  // as they stand in a row
};

}  // namespace stampede
