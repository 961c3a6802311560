// Who computes a run, where several processes work on one store: a lock on one byte of a file
// beside it. The kernel gives the lock back when a process ends, however it ends, so that no claim
// outlives its owner.
// **Limits**: a claim spares double work, nothing else depends on it: without working locks (some
// network file systems) runs are computed twice and kept once. Linux only (open file description
// locks).
#pragma once
#include <string>

#include "sim/units.h"

namespace stampede {

class Claims {
 public:
  // Opens or makes the file. Throws FileError.
  explicit Claims(const std::string& path);
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;
  ~Claims();
  // False while another process holds the run. Claims of one process do not exclude each other.
  bool take(const std::string& run_id);
  void give_back(const std::string& run_id);

 private:
  bool lock(const std::string& run_id, short type);
  int file_;
};

}  // namespace stampede
