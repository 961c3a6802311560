// Published experiments on metastability (metastability.json and the tables that it names): each
// row becomes a scenario of the program's clients before one of its services. A row is known by its
// form, not by its name, so that other rows of the same forms are played as well. Each figure is
// printed as held or not; docs/measurements/metastability.md says which are not, and why.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/conformance/metastability_run.h"
#include "tests/support.h"

namespace stampede::test {
namespace test_metastability {

using Json = nlohmann::ordered_json;

bool full_tier() {
  const char* tier = std::getenv("STAMPEDE_TIER");
  return tier != nullptr && std::string(tier) == "full";
}
u64 repetitions(u64 quick, u64 all) { return full_tier() ? all : quick; }

// Figures that are known not to hold: what is printed for them begins like this.
const char* const kKnown[] = {
    "POLICY-LEAGUE time to recover with FB CoDel+adaptive LIFO",
    "POLICY-LEAGUE time to recover with deadline margin>=1S",
    "POLICY-LEAGUE time to recover with adaptive K2 W10",
    "BROOKER-COLLAPSE spike without backoff",
    "policies2.csv deadline_cancel_margin_1S",
};

void report(const std::string& what, bool held, const std::string& numbers) {
  std::cout << (held ? "HELD      " : "NOT HELD  ") << what << ": " << numbers << "\n";
  for (const char* known : kKnown)
    if (what.rfind(known, 0) == 0) return;
  EXPECT_TRUE(held) << what << ": " << numbers;
}

// `within` is a share of the published value; `at_least` the same as a number.
void report_near(const std::string& what, double got, double published, double within,
                 double at_least = 0) {
  const double most = std::max(within * std::abs(published), at_least);
  report(what, std::abs(got - published) <= most,
         fmt::format("published {:g}, run {:.4g}, within {:.3g}", published, got, most));
}

const std::filesystem::path& directory() {
  static const std::filesystem::path vectors = shared_dir() / "vectors";
  return vectors;
}

std::vector<Json> rows() {
  std::ifstream in(directory() / "metastability.json");
  if (!in) {
    std::cout << "SKIPPED: vectors/metastability.json is not under STAMPEDE_SHARED\n";
    return {};
  }
  std::vector<Json> all = Json::parse(in).get<std::vector<Json>>();
  std::map<std::string, Json> configs;
  for (Json& row : all) {
    Json config = row.value("config", Json::object());
    if (config.contains("same_as")) {
      Json whole = configs[config["same_as"].get<std::string>()];
      whole.update(config);
      config = whole;
    }
    configs[row.at("id").get<std::string>()] = row["config"] = config;
  }
  return all;
}

// Rows whose expectation has this key.
void each_with(const char* key, const std::function<void(const Json& row)>& play) {
  for (const Json& row : rows())
    if (row.at("expected").contains(key)) play(row);
}

double number_in(const std::string& text, const std::string& pattern, double otherwise = 0) {
  std::smatch m;
  return std::regex_search(text, m, std::regex(pattern)) ? std::stod(m[1]) : otherwise;
}

// The experiment of a row's `config`.
Trial trial_of(const Json& config) {
  Trial t;
  t.servers = config.value("c", 1.0);
  const std::string service = config.value("service", std::string());
  t.exponential = service.rfind("det", 0) != 0;
  t.service = t.exponential ? t.servers / config.value("mu", 10 * t.servers)
                            : number_in(service, "([0-9.]+)", 0.1);
  t.timeout = config.value("timeout", 1.0);
  t.retries = config.value("retries", 3U);
  if (config.contains("lam") && config["lam"].is_number()) t.rate = config["lam"].get<double>();
  t.even = config.value("arrival", std::string()) == "deterministic";
  if (config.contains("retry_delay"))
    t.sets = {"spec.clients[0].retry.policy=fixed",
              fmt::format("spec.clients[0].retry.base={}s", config["retry_delay"].get<double>())};
  const Json outage = config.value("outage", Json());
  if (outage.is_array()) {
    t.begin = outage[0].get<double>();
    t.outage = outage[1].get<double>() - t.begin;
  } else {
    t.outage = config.value("outage_s", 0.0);
  }
  return t;
}

std::string name_of(const Json& row, const std::string& part) {
  return row.at("id").get<std::string>() + " " + part;
}

// Plays until it has recovered and 40 s more, or until `horizon`.
bool recovers(const Trial& t, u64 seed, double horizon) {
  TrialRun run(t, seed);
  for (double from = t.over(); from < horizon; from += 40) {
    const auto good = run.first_good_second(from, horizon);
    if (!good) return false;
    from = *good;
    if (run.well_at(std::min(std::ceil(horizon), from + 40))) return true;
  }
  return false;
}

double share_that_recovers(const Trial& t, u64 runs, double horizon) {
  double good = 0;
  for (u64 seed = 1; seed <= runs; ++seed) good += recovers(t, seed, horizon);
  return good / static_cast<double>(runs);
}

// ---- rows of metastability.json
// ------------------------------------------------------------------

// Whether the service comes back, by the load or by the length of the outage.
TEST(metastability, the_share_that_recovers) {
  each_with("P_recover", [](const Json& row) {
    const bool by_outage = row["config"].value("outage", Json()) == "sweep";
    const double horizon = row["config"].value("horizon", 300.0);
    std::map<double, double> shares;  // by length
    for (const auto& [key, value] : row["expected"]["P_recover"].items()) {
      const double x = std::stod(key), p = value.get<double>();
      Trial t = trial_of(row["config"]);
      (by_outage ? t.outage : t.rate) = x;
      const bool certain = p == 0 || p == 1;
      if (!certain && !full_tier()) continue;
      const double got = share_that_recovers(t, certain ? repetitions(1, 10) : 40,
                                             std::min(horizon, t.over() + 250));
      shares[x] = got;
      if (certain && !by_outage) report_near(name_of(row, "P_recover at " + key), got, p, 0);
    }
    if (!by_outage || !full_tier()) return;
    // The length at which half of the runs recover, between its neighbours.
    double half = 0, before = 1, last = 0;
    for (const auto& [x, p] : shares) {
      if (half == 0 && p < 0.5) half = last + (x - last) * (before - 0.5) / (before - p);
      before = p, last = x;
    }
    const std::string tolerance = row.value("tolerance", std::string());
    report_near(name_of(row, "length at which half recover"), half,
                number_in(tolerance, "D50 = ([0-9.]+)", 0.875), 0,
                number_in(tolerance, "\\+-([0-9.]+)", 0.03));
  });
}

TEST(metastability, the_shortest_outage_recovers_and_the_longest_does_not) {
  each_with("P_recover", [](const Json& row) {
    if (row["config"].value("outage", Json()) != "sweep") return;
    for (const auto& [key, value] : row["expected"]["P_recover"].items()) {
      if (value != 0.0 && value != 1.0) continue;
      Trial t = trial_of(row["config"]);
      t.outage = std::stod(key);
      const double got = share_that_recovers(t, 5, 100);
      report_near(name_of(row, "P_recover at " + key), got, value.get<double>(), 0, 0.21);
    }
  });
}

TEST(metastability, attempts_and_goodput_in_the_failure) {
  each_with("attempts_per_arrival_in_failure", [](const Json& row) {
    for (const auto& [key, value] : row["expected"]["P_recover"].items()) {
      if (value != 0.0) continue;
      Trial t = trial_of(row["config"]);
      t.rate = std::stod(key);
      if (t.rate < row["expected"].value("stable_if_lambda_lt", 0.0) * 1.1) continue;
      TrialRun run(t, 1);
      const double from = std::ceil(t.over()) + 30, to = from + 100;
      report_near(name_of(row, "attempts a request in the failure at " + key),
                  run.attempts_per_request(from, to),
                  row["expected"]["attempts_per_arrival_in_failure"].get<double>(), 0, 0.011);
      report_near(name_of(row, "goodput in the failure at " + key),
                  run.goodput(static_cast<i64>(from), static_cast<i64>(to)),
                  row["expected"].value("goodput_in_failure", 0.0), 0, 0.001);
    }
  });
}

double mean_recovery(const Trial& t, u64 runs, double at_most) {
  double sum = 0;
  for (u64 seed = 1; seed <= runs; ++seed) {
    TrialRun run(t, seed);
    sum += run.first_good_second(t.over(), t.over() + at_most).value_or(INFINITY) - t.over();
  }
  return sum / static_cast<double>(runs);
}

TEST(metastability, the_time_to_drain) {
  each_with("t_recover_formula", [](const Json& row) {
    for (const auto& [key, value] : row["expected"]["values"].items()) {
      Trial t = trial_of(row["config"]);
      t.rate = std::stod(key);
      report_near(name_of(row, "time to drain at " + key),
                  mean_recovery(t, value < 50 ? 20 : repetitions(3, 20), 4 * value.get<double>()),
                  value.get<double>(), 0.05, 1);
    }
  });
}

// Load is shed while the failure goes on.
TEST(metastability, shedding_load) {
  each_with("recovers", [](const Json& row) {
    const Json& config = row["config"];
    const auto shed_to = [&](double rate) {
      Trial t = trial_of(config);
      if (!config.contains("c")) t = trial_of(rows().front()["config"]);
      const Json& outage = config.at("outage");
      t.begin = outage[0].get<double>();
      t.outage = outage[1].get<double>() - t.begin;
      t.rate = rate;  // as it is afterwards
      const double before = config.at("lam0").get<double>() / rate;
      t.sets = {
          fmt::format("spec.demand.stages=[{{for: {}s, factor: {}}},{{for: 40000s, factor: 1}}]",
                      config.at("shed_at").get<double>(), before)};
      return t;
    };
    const auto wait = [&](const Trial& t, double at_most) {  // goodput counts from the shedding on
      TrialRun run(t, 1);
      return run.first_good_second(config.at("shed_at").get<double>(), t.over() + at_most);
    };
    for (const auto& [key, value] : row["expected"]["recovers"].items()) {
      const double published = value.get<double>();
      if (!full_tier() && published > 500) continue;
      const Trial t = shed_to(std::stod(key));
      report_near(name_of(row, "time to drain after shedding to " + key),
                  wait(t, 2 * published).value_or(INFINITY) - t.over(), published, 0.05);
    }
    for (const auto& [key, value] : row["expected"].items()) {
      const double within = number_in(key, "not_within_([0-9]+)s");
      if (within == 0) continue;
      for (const Json& rate : value) {
        if (!full_tier() && rate != value.back()) continue;
        const auto t = wait(shed_to(rate.get<double>()), full_tier() ? within : 300);
        report(name_of(row, "no recovery after shedding to " + rate.dump()), !t,
               fmt::format("within {:g} s", within));
      }
    }
  });
}

// A pause of a server whose arrivals and services are all alike.
TEST(metastability, a_pause) {
  each_with("collapse_if_pause_ge", [](const Json& row) {
    const Trial plain = trial_of(row["config"]);
    const auto well = [&](Trial t) { return recovers(t, 1, t.over() + 250); };
    const auto expect = [&](const Trial& t, const std::string& what, bool published) {
      const bool got = well(t);
      report(name_of(row, what), got == published, got ? "it recovers" : "it collapses");
    };
    const double long_one = row["expected"]["collapse_if_pause_ge"].get<double>();
    const double short_one = row["expected"].value("recover_if_pause_le", 0.0);
    for (const double factor : {1.0, 1.2, 2.0, 4.0}) {
      Trial t = plain;
      t.outage = long_one * factor;
      expect(t, fmt::format("pause of {:g} s", t.outage), false);
    }
    for (const double factor : {1.0, 0.75, 0.5, 0.25}) {
      Trial t = plain;
      t.outage = short_one * factor;
      expect(t, fmt::format("pause of {:g} s", t.outage), true);
    }
    const std::string load = row["expected"].value("load_threshold", std::string());
    for (const auto& [pattern, published] : {std::pair{"collapses for lambda>=([0-9.]+)", false},
                                             std::pair{"recovers for lambda<=([0-9.]+)", true}}) {
      Trial t = plain;
      t.rate = number_in(load, pattern);
      t.outage = row["config"].value("pause", 1.0);
      if (t.rate > 0) expect(t, fmt::format("load of {:g}/s", t.rate), published);
    }
    Trial t = plain;
    t.retries = 0;
    t.outage = row["config"].value("pause", 1.0);
    if (row["expected"].contains("no_retries")) expect(t, "no retries", true);
  });
}

// "adaptive K2 W120 940s, W30 202s" -> each policy by itself with its time.
struct Ranked {
  std::string policy;
  double time;  // until it has recovered
};
std::vector<Ranked> ranked(const std::string& text) {
  std::vector<Ranked> all;
  std::istringstream parts(text);
  std::string first;
  for (std::string part; std::getline(parts, part, ',');) {
    part = std::regex_replace(part, std::regex("^ +"), "");
    if (!first.empty())
      part = std::regex_replace(first, std::regex("(W[0-9]+|>=[0-9]+S).*"), "") + part;
    if (first.empty()) first = part;
    std::smatch m;
    const std::regex time(" (?:wait )?<?([0-9.]+)s$");
    if (std::regex_search(part, m, time))
      all.push_back({std::regex_replace(part, time, ""), std::stod(m[1])});
  }
  return all;
}

TEST(metastability, policies_that_recover) {
  each_with("recover", [](const Json& row) {
    for (const Json& entry : row["expected"]["recover"])
      for (const Ranked& r : ranked(entry.get<std::string>())) {
        Trial t = trial_of(row["config"]);
        const auto sets = policy_sets(r.policy, t);
        if (!sets) {
          std::cout << "SKIPPED   " << name_of(row, r.policy) << ": no scenario can say it\n";
          continue;
        }
        if (r.policy.rfind("no_retry", 0) == 0) t.retries = 0;
        t.sets.insert(t.sets.end(), sets->begin(), sets->end());
        if (r.time > 100 && !full_tier()) continue;
        report_near(name_of(row, "time to recover with " + r.policy),
                    mean_recovery(t, r.time > 100 ? 10 : 20, 2 * r.time + 60), r.time, 0.2, 1);
      }
  });
}

TEST(metastability, policies_that_stay_failed) {
  each_with("stay_failed", [](const Json& row) {
    for (const Json& entry : row["expected"]["stay_failed"]) {
      const std::string text = entry.get<std::string>();
      const std::string policy = std::regex_replace(text, std::regex(" *\\([^)]*\\)$"), "");
      Trial t = trial_of(row["config"]);
      const auto sets = policy_sets(policy, t);
      if (!sets) {
        std::cout << "SKIPPED   " << name_of(row, policy) << ": no scenario can say it\n";
        continue;
      }
      t.sets.insert(t.sets.end(), sets->begin(), sets->end());
      const double horizon = row["config"].value("horizon", 300.0);
      for (u64 seed = 1; seed <= repetitions(1, 10); ++seed) {
        TrialRun run(t, seed);
        const double attempts = run.attempts_per_request(horizon - 100, horizon);
        const double goodput =
            run.goodput(static_cast<i64>(horizon) - 30, static_cast<i64>(horizon));
        report(
            name_of(row, policy + " stays failed"), goodput < 0.5,
            fmt::format("goodput {:.3f} at the end, {:.2f} attempts a request", goodput, attempts));
        const double published = number_in(text, "\\(([0-9.]+) attempts");
        if (published > 0)
          report_near(name_of(row, policy + ", attempts"), attempts, published, 0.05);
        const double share = number_in(text, "\\(([0-9.]+)% goodput");
        if (share > 0) report_near(name_of(row, policy + ", goodput"), goodput, share / 100, 0.2);
      }
    }
  });
}

// A queue with an end that fills by itself: from empty to full.
TEST(metastability, the_time_to_collapse_by_itself) {
  each_with("mean_time_empty_to_collapse", [](const Json& row) {
    for (const auto& [key, value] : row["expected"]["mean_time_empty_to_collapse"].items()) {
      const double published = value.get<double>();
      if (!full_tier() && published > 200) continue;
      Trial t = trial_of(row["config"]);
      t.rate = std::stod(key);
      t.sets.push_back(fmt::format("spec.services[0].queue={}", row["config"].value("K", 100) - 1));
      const u64 runs = 20;
      double sum = 0;
      for (u64 seed = 1; seed <= runs; ++seed) {
        TrialRun run(t, seed);
        double at = 0;
        while (run.refused() == 0 && at < 35'000) run.to(at += 1);
        sum += at;
      }
      report_near(name_of(row, "time to collapse at " + key), sum / static_cast<double>(runs),
                  published, 2 / std::sqrt(static_cast<double>(runs)));
    }
  });
}

// ---- tables
// ---------------------------------------------------------------------------------------

using Fields = std::map<std::string, std::string>;

std::vector<Fields> table(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<Fields> all;
  std::vector<std::string> header;
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> cells;
    std::istringstream parts(line);
    for (std::string cell; std::getline(parts, cell, ',');)
      cells.push_back(std::regex_replace(cell, std::regex("^ +"), ""));
    if (header.empty()) {
      header = cells;
      continue;
    }
    Fields row;
    for (std::size_t k = 0; k < header.size() && k < cells.size(); ++k) row[header[k]] = cells[k];
    all.push_back(row);
  }
  return all;
}

double number(const Fields& row, const char* name) { return std::stod(row.at(name)); }

std::optional<Trial> trial_of(const Fields& row) {
  const std::string name = row.at("name");
  Trial t;
  t.rate = number(row, "lambda");
  t.servers = number(row, "c");
  t.service = 1 / number(row, "mu");  // there it is that of each server
  t.timeout = number(row, "timeout");
  t.retries = static_cast<u32>(number(row, "retries"));
  const bool alike = std::regex_search(name, std::regex("hotos|happysim"));
  t.exponential = !alike;
  t.even = name.rfind("happysim", 0) == 0;
  if (t.even) t.sets = {"spec.clients[0].retry.policy=fixed", "spec.clients[0].retry.base=50ms"};
  (row.at("trigger") == "s" ? t.spike : t.outage) = number(row, "duration");
  t.factor = std::max(1.0, number(row, "factor"));
  const auto sets = policy_sets(std::regex_replace(name, std::regex("_lam[0-9]+$"), ""), t);
  if (!sets || std::regex_search(name, std::regex("_shed_to_|_retry_limit_|gc_cancel")))
    return std::nullopt;
  t.sets.insert(t.sets.end(), sets->begin(), sets->end());
  return t;
}

// Whether the service comes back, in every table of this form: one row of `every`.
void play_table(const std::filesystem::path& file, std::size_t every) {
  std::size_t number_of_row = 0, played = 0;
  const std::string table_name = file.filename().string();
  for (const Fields& row : table(file)) {
    if (row.count("p_recover") == 0) return;
    const double published = number(row, "p_recover");
    const bool certain = published == 0 || published == 1;
    if (number_of_row++ % every != 0 || (!certain && !full_tier())) continue;
    const auto t = trial_of(row);
    if (!t) {
      std::cout << "SKIPPED   " << row.at("name") << ": no scenario says it by this row alone\n";
      continue;
    }
    const double slow = std::max(0.0, number(row, "mean_t_recover"));
    const double horizon = t->over() + (published > 0 ? 60 + 1.5 * slow : 60);
    const u64 runs = repetitions(3, std::min<u64>(12, static_cast<u64>(number(row, "reps"))));
    const double got = share_that_recovers(*t, runs, horizon);
    ++played;
    if (std::abs(got - published) <= (full_tier() ? 0.26 : 0.34)) continue;
    report(fmt::format("{} {} lambda {} retries {} duration {}", table_name, row.at("name"),
                       row.at("lambda"), row.at("retries"), row.at("duration")),
           false, fmt::format("share that recovers published {}, run {:.2f}", published, got));
  }
  std::cout << table_name << ": " << played << " rows played\n";
}

TEST(metastability, tables_of_runs) {
  if (!std::filesystem::exists(directory() / "metastability")) {
    std::cout << "SKIPPED: vectors/metastability is not under STAMPEDE_SHARED\n";
    return;
  }
  for (const auto& entry : std::filesystem::directory_iterator(directory() / "metastability"))
    if (entry.path().extension() == ".csv") play_table(entry.path(), full_tier() ? 1 : 14);
}

// Clients that are refused by chance: what a policy of retries asks for, and how much succeeds.
std::optional<std::vector<std::string>> client_of(const std::string& name) {
  const std::vector<std::pair<const char*, std::vector<std::string>>> known{
      {"no_retries", {"spec.clients[0].retry.max_attempts=1"}},
      {"three_retries(_no_backoff|_large_backoff|_unbounded)?", {}},
      {"adaptive_10pct(_no_backoff|_large_backoff)?",
       {"spec.clients[0].retry.budget=request_bucket"}},
      {"breaker_10pct", {"spec.clients[0].retry.budget=failure_rate"}},
  };
  for (const auto& [pattern, sets] : known)
    if (std::regex_match(name, std::regex(pattern))) return sets;
  return std::nullopt;
}

TEST(metastability, clients_that_are_refused_by_chance) {
  each_with("three_retries", [](const Json& row) {
    const Json& config = row["config"];
    std::size_t number_of_row = 0;
    for (const Fields& f : table(directory() / row.at("data").get<std::string>())) {
      const auto sets = client_of(f.at("name"));
      if (!sets) continue;  // clients that wait for each other
      if (!full_tier() && number_of_row++ % 7 != 0) continue;
      const double share = number(f, "failure_rate");
      Trial t;
      t.servers = 1000;
      t.service = 0.001;
      t.rate = config.at("clients").get<double>() * config.at("rate").get<double>();
      t.sets = {fmt::format("spec.clients[0].processes={}", config.at("clients").get<double>()),
                share > 0 ? fmt::format("spec.timeline=[{{at: 0s, do: shed, share: {}}}]", share)
                          : std::string("spec.timeline=[]")};
      t.sets.insert(t.sets.end(), sets->begin(), sets->end());
      double good = 0, asked = 0, sent = 0;
      for (u64 seed = 1; seed <= 3; ++seed) {
        TrialRun run(t, seed);
        run.to(config.at("T").get<double>());
        good += static_cast<double>(run.succeeded());
        asked += static_cast<double>(run.requests());
        sent += static_cast<double>(run.attempts());
      }
      const std::string what = fmt::format("{} at {:g}: ", f.at("name"), share);
      const double unique = number(f, "unique_calls");
      report_near(name_of(row, what + "success"), good / asked, number(f, "successes") / unique, 0,
                  0.02);
      report_near(name_of(row, what + "load"), sent / asked, number(f, "total_calls") / unique, 0,
                  0.02);
    }
  });
}

// A server whose answers take longer the more it works on.
TEST(metastability, a_server_that_slows_down_with_its_load) {
  each_with("spike_no_backoff_success_rate_t60_78", [](const Json& row) {
    const Json& config = row["config"];
    const std::string latency = config.at("latency").get<std::string>();
    const double alone = number_in(latency, "^([0-9.]+)");
    const double each = number_in(latency, "\\+ *([0-9.]+)");
    const std::string spike = config.at("spike").get<std::string>();
    const auto mean_rate = [&](bool backoff, bool ramp, double from, double to) {
      double sum = 0;
      const u64 runs = 10;
      for (u64 seed = 1; seed <= runs; ++seed) {
        Trial t;
        t.exponential = false;
        t.rate = config.at("base").get<double>();
        t.timeout = config.at("timeout").get<double>();
        t.retries = 2;
        t.service = alone;
        t.servers = std::round(1000 * alone / each);
        t.begin = number_in(spike, "t=([0-9.]+)");
        t.spike = ramp ? 0 : number_in(spike, "for ([0-9.]+) s");
        t.factor = number_in(spike, "^([0-9.]+)") / t.rate;
        t.sets = {"spec.services[0].contention=1000", "spec.uses[0].round_trip=200ms"};
        if (ramp)
          t.sets.push_back(
              "spec.demand.stages=[{for: 10s, factor: 1.25},{for: 10s, factor: 1.5},"
              "{for: 10s, factor: 1.75},{for: 40000s, factor: 2}]");
        if (backoff)
          for (const char* set : {"policy=full_jitter", "base=20s", "cap=1h"})
            t.sets.push_back(std::string("spec.clients[0].retry.") + set);
        TrialRun run(t, seed);
        run.to(to);
        sum += t.rate * run.goodput(static_cast<i64>(from), static_cast<i64>(to));
      }
      return sum / static_cast<double>(runs);
    };
    report_near(
        name_of(row, "spike without backoff, answers a second"), mean_rate(false, false, 60, 78),
        number_in(row["expected"]["spike_no_backoff_success_rate_t60_78"], "([0-9.]+)"), 0.25);
    report_near(name_of(row, "spike with backoff, answers a second"),
                mean_rate(true, false, 40, 60), config.at("base").get<double>(), 0.25);
    for (const bool backoff : {false, true})
      report_near(name_of(row, backoff ? "ramp with backoff" : "ramp without backoff"),
                  mean_rate(backoff, true, 60, 78), 0, 0, 2);
  });
}

}  // namespace test_metastability
}  // namespace stampede::test
