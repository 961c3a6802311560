// A wall time that a command may take, stated and kept.
#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace stampede {

class Budget {
 public:
  // `text`: a duration above 0 in the notation of scenarios, `option` its name for messages; empty:
  // no end. Begins now. Throws InputError.
  Budget(const char* option, const std::string& text);
  bool limited() const { return seconds_.has_value(); }
  bool over() const { return limited() && left() <= 0; }
  double left() const;  // s; infinite without an end
  double used() const;  // s
  // Wall time of so many runs, `jobs` at a time [s], by the `played` ones or by the share of its
  // length that the furthest run has come; 0: nothing is known.
  double needed(std::size_t runs, int jobs, std::size_t played, double furthest) const;

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begun_ = Clock::now();
  std::optional<double> seconds_;
};

}  // namespace stampede
