// How far a sweep is, on stderr: a bar on a terminal, a line a minute otherwise.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>

namespace stampede {

class SweepProgress {
 public:
  explicit SweepProgress(bool quiet);
  ~SweepProgress();
  // Runs that are planned, and how many of them were there already.
  void plan(std::size_t planned, std::size_t there);
  void ended(bool failed);
  // For runs that end elsewhere: how many of the plan are there now.
  void now_there(std::size_t there, std::size_t failed);
  void show(bool at_once = false);

 private:
  std::string state() const;  // "12 of 60 runs, 1 failed, 3.2 runs/s, 15 s left"
  using Clock = std::chrono::steady_clock;
  bool quiet_, bar_, color_, drawn_ = false;
  std::size_t planned_ = 0, before_ = 0, done_ = 0, failed_ = 0;
  Clock::time_point begun_, shown_;
};

}  // namespace stampede
