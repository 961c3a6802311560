// A policy as `--with` switches it on: the parameters that it gives the classes of the fleet of
// `init`, the waits of a client that has them, and a run of that fleet with far more requests than
// it can serve.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/directories.h"
#include "tests/models/client_fixture.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede::test {

// `use`: a name, or `name, parameter: value`; empty: the fleet as it is.
inline Scenario fleet_with(const std::string& use, const std::vector<std::string>& sets = {}) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  if (!use.empty()) overrides.push_back({"spec.mitigations", "[{use: " + use + "}]", "test"});
  return load_scenario(source_directory() + "/scenarios/templates/init.yaml", overrides).scenario;
}

// The users' browsers do not retry; the programs do.
inline ClientClassParams people_with(const std::string& use) {
  return fleet_with(use).spec.clients.at(0);
}
inline ClientClassParams programs_with(const std::string& use,
                                       const std::vector<std::string>& sets = {}) {
  return fleet_with(use, sets).spec.clients.at(1);
}

// Waits [s] before the first, second, .. retry, of the thousand requests of one client process.
struct Waits {
  std::vector<std::vector<double>> before;  // [retry - 1]
  std::size_t retries() const {
    std::size_t n = 0;
    for (const auto& waits : before) n += waits.size();
    return n;
  }
};

inline Waits waits_of(const ClientClassParams& params, const Verdict& refusal) {
  ClientClassParams own = Clients::single_turn();
  own.retry = params.retry;
  own.processes = 1;
  Clients clients(own);
  clients.server.verdict = [&](const Attempt&) { return refusal; };
  clients.run(2000_s);
  std::map<u64, std::vector<Instant>> at;
  for (const auto& offer : clients.server.offers) at[offer.attempt.session_key].push_back(offer.at);
  Waits waits;
  for (const auto& [key, times] : at)
    for (std::size_t k = 1; k < times.size(); ++k) {
      waits.before.resize(std::max(waits.before.size(), k));
      waits.before[k - 1].push_back((times[k] - times[k - 1]).seconds());
    }
  return waits;
}
inline Waits waits_of(const ClientClassParams& params) {
  return waits_of(params, {Outcome::kRejected503, {}, kNoIncident});
}

// All of a uniform distribution: within its ends, near to both, its mean within five standard
// errors of the middle.
inline void expect_uniform(const std::vector<double>& values, double low, double high) {
  ASSERT_GT(values.size(), 500U);
  const auto n = static_cast<double>(values.size());
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  EXPECT_GE(*least, low - 1e-9);
  EXPECT_LE(*most, high + 1e-9);
  EXPECT_NEAR(*least, low, 0.02 * (high - low));
  EXPECT_NEAR(*most, high, 0.02 * (high - low));
  double mean = 0;
  for (const double v : values) mean += v / n;
  EXPECT_NEAR(mean, (low + high) / 2, 5 * (high - low) / std::sqrt(12 * n));
}
inline void expect_all(const std::vector<double>& values, double value) {
  ASSERT_FALSE(values.empty());
  for (const double v : values) ASSERT_NEAR(v, value, 1e-9);
}

// Five minutes with more than twice the requests that the fleet can serve.
inline nlohmann::json overload(const std::string& use, std::vector<std::string> sets = {}) {
  sets.insert(sets.begin(), {"spec.demand.rate=80/s", "spec.duration=5min", "spec.timeline=[]",
                             "spec.expect=[]"});
  return nlohmann::json::parse(run_simulation(fleet_with(use, sets), {}).summary_json);
}
inline double number(const nlohmann::json& summary, const char* part, const char* key) {
  return summary[part][key].get<double>();
}
inline double retries_in_overload(const std::string& use) {
  return number(overload(use), "attempts", "retries");
}

}  // namespace stampede::test
