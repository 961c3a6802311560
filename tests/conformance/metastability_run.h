// One experiment on metastability: the scenario scenarios/table/metastable-retries.yaml with the
// changes that a row of a vector file makes, played second by second until the answer is known.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/ports/request_log_port.h"
#include "tools/world/fleet.h"

namespace stampede::test {

// What the rows share. Times in seconds, rates in 1/s.
struct Trial {
  double rate = 80, servers = 10, service = 0.1, timeout = 1;
  u32 retries = 3;
  bool exponential = true;        // service times; else all alike
  bool even = false;              // arrivals at even intervals; else a Poisson process
  double begin = 30;              // of what follows
  double outage = 0;              // the station stands still for so long
  double factor = 1, spike = 0;   // demand, and for how long
  std::vector<std::string> sets;  // what else the row says

  double over() const { return begin + outage + spike; }
};

class TrialRun final : public RequestLog {
 public:
  TrialRun(const Trial& trial, u64 seed);
  ~TrialRun() override;

  void to(double second);
  // Answers that came in time, by a request's rate, from one whole second to another.
  double goodput(i64 from, i64 to) const;
  // The first whole second in which 95 % are answered, from one time to another; plays on until
  // then. Absent: there is none.
  std::optional<double> first_good_second(double from, double until);
  // Whether nearly all are answered in the last 30 s before that time.
  bool well_at(double second);
  double attempts_per_request(double from, double to);
  u64 attempts() const;
  u64 requests() const;
  u64 succeeded() const { return succeeded_; }
  u64 refused() const;  // for want of a place

 private:
  void ended(const RequestRecord& record) override;
  const Trial trial_;
  std::string recording_;  // a temporary file; empty: none
  std::unique_ptr<Fleet> fleet_;
  std::vector<u64> good_;  // [second]
  u64 succeeded_ = 0;
};

// What a client or a server does, as the vectors call it; absent if no scenario can say it.
// `trial` says the rest of the row.
std::optional<std::vector<std::string>> policy_sets(const std::string& text, const Trial& trial);

}  // namespace stampede::test
