// The loop of clients and the server that they come back to, read off a scenario: who asks how
// often, who waits how long and comes again how often, and what serves them.
// **Source**: Bronson et al. (HotOS 2021): work for those who have left, asked for again, keeps a
//   server down. Its parts are the scenario's own parameters; nothing here is fitted.
// **Limits**: one station and one line, first come first served, whose work goes on for those who
//   have left. What is no such loop is refused; what is left out is listed in `approximated`.
#pragma once
#include <limits>
#include <string>
#include <vector>

#include "tools/world/scenario.h"

namespace stampede {

// Clients who wait and retry alike.
struct LoopClients {
  double share = 1;            // of the requests; those of a loop add up to 1
  double patience = 1;         // s, of one attempt
  double own = 0;              // mean of the attempt's own time that counts against it [s]
  double cancelled = 0;        // share of the attempts given up whose work the server drops
  std::vector<double> delays;  // s, mean delay before each retry; as many as there are retries
  double attempts() const { return 1 + static_cast<double>(delays.size()); }
};

struct Loop {
  std::string server;  // "service database", "pods of chat"
  double rate = 0;     // requests/s
  double servers = 1;  // calls at the same time
  double service = 0;  // s, mean
  bool alike = false;  // service times are all the same; else exponential
  double places = std::numeric_limits<double>::infinity();  // calls that wait at most
  std::vector<LoopClients> clients;
  std::vector<std::string> approximated;

  double capacity() const { return servers / service; }  // calls/s
  // Calls that the server works on for one request when nobody is answered in time.
  double calls_in_failure() const;
  double attempts_in_failure() const;
  // The largest rate at which a failure ends by itself.
  double hidden_capacity() const { return capacity() / calls_in_failure(); }
  // Whether the line has a bound that matters: not more than ten times as long as patience.
  bool ends() const;
  // Whether the line can become longer than anybody's patience.
  bool outlasts_patience() const;
};

// Names of the uses of services that are asked for each request.
std::vector<std::string> uses_for_each_request(const Spec& spec);

// `use`: of several services that are asked for each request, the name of the use; else empty.
// Throws ScenarioError with the place of what is not covered and why.
Loop loop_of(const Spec& spec, const std::string& use = "");

}  // namespace stampede
