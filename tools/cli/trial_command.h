// What the commands share that play many runs of one scenario to answer a question.
#pragma once
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tools/cli/budget.h"
#include "tools/experiments/trials.h"

namespace stampede {

class Command;

struct TrialOptions {
  TrialOptions();
  std::string file, out, format = "table", budget = "10min", outage_after = "10min";
  std::vector<std::string> sets, allow;
  std::optional<i64> seed;
  int jobs;
  bool quiet = false;
};
void add_trial_options(Command& command, TrialOptions& options);

// A budget that runs, the runs made in it, and how far they are, on stderr.
class TrialSession {
 public:
  // Throws InputError, FileError.
  TrialSession(const TrialOptions& options, const std::string& question);
  ~TrialSession();

  Trials& trials() { return *trials_; }
  const Budget& budget() const { return budget_; }
  // A run, or none when the time is over. Throws Interrupted, BrokenRun.
  std::optional<Trial> play(const Variation& change, i64 seed);
  // Many of them, in parallel. None where the time was over, or where the change gives no valid
  // scenario: those are counted.
  struct Question {
    Variation change;
    i64 seed = 0;
  };
  std::vector<std::optional<Trial>> ask(const std::vector<Question>& questions);
  std::size_t impossible() const { return impossible_; }
  // "412 runs in 583 s of 10min": for the last line of a table.
  std::string spent() const;
  // Says that the time was over `before` the least that is an answer, which takes so many runs, and
  // what time is needed; returns the exit code.
  int too_short(const std::string& before, std::size_t runs) const;
  // No run has ended: there is nothing to say.
  bool nothing_played() const { return trials_->played() + trials_->reused() == 0; }
  // With what decides the figures; what the budget allowed decides how many runs there are.
  std::string command() const;

 private:
  void show();
  void reached(double simulated_seconds);
  [[noreturn]] void stop();  // says once what is kept
  const TrialOptions& options_;
  const std::string question_;
  Budget budget_;
  std::unique_ptr<Trials> trials_;
  const bool terminal_;
  bool drawn_ = false, told_ = false;
  std::size_t impossible_ = 0;
  double furthest_ = 0;  // that a run has come, as a share of its length
  std::mutex mutex_;
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
};

}  // namespace stampede
