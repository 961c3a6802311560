#include "tests/conformance/metastability_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>

#include "models/clients/population.h"
#include "models/clients/service_level.h"
#include "tests/directories.h"
#include "tools/world/load_scenario.h"

namespace stampede::test {
namespace {

constexpr double kLongest = 40'000;  // of any row [s]

// So many requests at even intervals that they outlast the longest row.
std::string even_arrivals(double rate) {
  static int number = 0;
  const auto path = std::filesystem::temp_directory_path() /
                    fmt::format("stampede_even_{}_{}.csv", ::getpid(), ++number);
  std::ofstream file(path);
  file << "arrival_us,input_tokens,output_tokens\n";
  for (int k = 0; k < 500 * rate; ++k)
    file << fmt::format("{},1,1\n", static_cast<i64>(std::llround(1e6 * k / rate)));
  return path.string();
}

std::vector<std::string> sets_of(const Trial& t, const std::string& recording) {
  std::vector<std::string> sets{
      fmt::format("spec.duration={}s", kLongest),
      fmt::format("spec.clients[0].total_timeout={}s", t.timeout),
      fmt::format("spec.clients[0].retry.max_attempts={}", t.retries + 1),
      fmt::format("spec.services[0].servers={}", t.servers),
      fmt::format("spec.services[0].service_time={}s", t.service),
      "spec.expect=[]",
  };
  if (recording.empty())
    sets.push_back(fmt::format("spec.demand.rate={}/s", t.rate));
  else
    sets.push_back("spec.clients[0].trace={file: " + recording + ", format: requests}");
  if (!t.exponential) {
    sets.push_back("spec.services[0].distribution=lognormal");
    sets.push_back("spec.services[0].variation=0");
  }
  sets.push_back(t.outage > 0 ? fmt::format("spec.timeline=[{{at: {}s, do: fail_service, service: "
                                            "server, hangs: true, for: {}s}}]",
                                            t.begin, t.outage)
                              : "spec.timeline=[]");
  if (t.spike > 0)
    sets.push_back(fmt::format("spec.demand.spikes=[{{at: {}s, for: {}s, factor: {}}}]", t.begin,
                               t.spike, t.factor));
  sets.insert(sets.end(), t.sets.begin(), t.sets.end());
  return sets;
}

Spec spec_of(const Trial& trial, u64 seed, const std::string& recording) {
  std::vector<Override> overrides;
  for (const std::string& set : sets_of(trial, recording)) overrides.push_back(parse_set(set));
  Spec spec = load_scenario(source_directory() + "/scenarios/table/metastable-retries.yaml",
                            overrides, {}, {std::filesystem::temp_directory_path().string()})
                  .scenario.spec;
  spec.seed = seed;
  return spec;
}

}  // namespace

TrialRun::TrialRun(const Trial& trial, u64 seed)
    : trial_(trial), recording_(trial.even ? even_arrivals(trial.rate) : "") {
  fleet_ = std::make_unique<Fleet>(spec_of(trial, seed, recording_), this);
  fleet_->start();
}

TrialRun::~TrialRun() {
  fleet_.reset();
  if (!recording_.empty()) std::filesystem::remove(recording_);
}

void TrialRun::ended(const RequestRecord& r) {
  if (r.open || r.outcome != Outcome::kSucceeded) return;
  ++succeeded_;
  const auto second = static_cast<std::size_t>((r.offered + r.e2e).seconds());
  if (second >= good_.size()) good_.resize(second + 1);
  ++good_[second];
}

void TrialRun::to(double second) {
  const Instant end = Instant{} + from_seconds(second);
  while (fleet_->world.now() < end) {
    fleet_->world.scheduler.run_until(std::min(end, fleet_->world.now() + 5_s));
    fleet_->refresh_views();
  }
  for (const auto& check : fleet_->world.checks) check();
}

double TrialRun::goodput(i64 from, i64 to) const {
  double good = 0;
  for (i64 s = from; s < to; ++s)
    if (s < static_cast<i64>(good_.size()))
      good += static_cast<double>(good_[static_cast<std::size_t>(s)]);
  return good / (trial_.rate * static_cast<double>(to - from));
}

std::optional<double> TrialRun::first_good_second(double from, double until) {
  for (i64 s = static_cast<i64>(std::ceil(from)); static_cast<double>(s) < until; ++s) {
    to(static_cast<double>(s + 1));
    if (goodput(s, s + 1) >= 0.95) return static_cast<double>(s);
  }
  return std::nullopt;
}

bool TrialRun::well_at(double second) {
  to(std::floor(second));
  const auto last = static_cast<i64>(second);
  return goodput(last - 30, last) >= 0.9;
}

u64 TrialRun::attempts() const { return fleet_->observed().clients.counts().attempts; }
u64 TrialRun::requests() const { return fleet_->observed().service.counts().offered; }
u64 TrialRun::refused() const {
  return fleet_->observed().service.counts().ended[static_cast<std::size_t>(Outcome::kRejected503)];
}

double TrialRun::attempts_per_request(double from, double until) {
  to(from);
  const u64 attempts_before = attempts(), requests_before = requests();
  to(until);
  return static_cast<double>(attempts() - attempts_before) /
         static_cast<double>(requests() - requests_before);
}

// ---- policies -----------------------------------------------------------------------------------
namespace {

using Sets = std::vector<std::string>;
using Found = const std::smatch&;

std::string retry(const std::string& name, const std::string& value) {
  return "spec.clients[0].retry." + name + "=" + value;
}
std::string server(const std::string& name, const std::string& value) {
  return "spec.services[0]." + name + "=" + value;
}
std::string seconds_of(const std::string& number, const std::string& unit) {
  return fmt::format("{}s", std::stod(number) * (unit == "ms" ? 1e-3 : 1));
}
Sets deadline(const std::string& services, const Trial& t) {
  return {fmt::format("spec.uses[0].timeout={}s", t.timeout),
          server("deadline_margin", fmt::format("{}s", std::stod(services) * t.service))};
}
Sets bucket(const std::string& kind, const std::string& cap, const std::string& ratio) {
  return {retry("budget", kind), retry("budget_cap", cap), retry("budget_ratio", ratio)};
}
Sets adaptive(Found m) {
  return {retry("budget", "adaptive"), retry("budget_ratio", m[1]),
          retry("budget_window", m[2].matched ? std::string(m[2]) + "s" : "120s")};
}
Sets codel(Found m, std::size_t target, const char* unit, const char* discipline) {
  return {
      server("discipline", discipline),
      server("queue_delay", fmt::format("{{target: {}, interval: {}}}", seconds_of(m[target], unit),
                                        seconds_of(m[target + 1], unit)))};
}

struct Known {
  const char* pattern;
  Sets (*sets)(Found, const Trial&);
};

// One line for each way in which the vectors call a policy; the first that matches holds.
const Known kKnown[] = {
    {"no_retr(?:y|ies).*", [](Found, const Trial&) { return Sets{retry("max_attempts", "1")}; }},
    {"immediate.*|(?:retry3|basin|hotos21|happysim_gc)_.*",
     [](Found, const Trial&) { return Sets{}; }},
    {"exp[_ ]backoff[_ ]([0-9.]+?)(?:\\.\\.|_cap)([0-9.]+)",
     [](Found m, const Trial&) {
       return Sets{retry("policy", "exponential"), retry("base", seconds_of(m[1], "s")),
                   retry("cap", seconds_of(m[2], "s"))};
     }},
    {"full[_ ]jitter[_ ]([0-9.]+)(?:/|_cap)([0-9.]+)",
     [](Found m, const Trial&) {
       return Sets{retry("policy", "full_jitter"), retry("base", seconds_of(m[1], "s")),
                   retry("cap", seconds_of(m[2], "s"))};
     }},
    {"seed[_ ]exp([0-9.]+)[_ ]cap([0-9.]+)[_ ]x?([0-9]+)(?:retries)?[_ +].*",
     [](Found m, const Trial&) {
       return Sets{retry("policy", "additive_jitter"), retry("base", seconds_of(m[1], "s")),
                   retry("cap", seconds_of(m[2], "s")), retry("jitter", "1s"),
                   retry("max_attempts", fmt::format("{}", std::stoi(m[3]) + 1))};
     }},
    {"token_bucket[_ ]([0-9.]+)(?:/|_cap)([0-9.]+).*",
     [](Found m, const Trial&) { return bucket("token_bucket", m[2], m[1]); }},
    {"(?:gRPC |grpc_throttle_)([0-9.]+)[/_]([0-9.]+)",
     [](Found m, const Trial&) { return bucket("grpc_throttling", m[1], m[2]); }},
    {"adaptive(?:_throttle_| )K([0-9.]+)(?:[_ ][wW]([0-9.]+))?(?:_T.*)?",
     [](Found m, const Trial&) { return adaptive(m); }},
    {"queue[_ ]cap[_ ]([0-9]+).*",
     [](Found m, const Trial&) { return Sets{server("queue", m[1])}; }},
    {"(?:drop-expired.*|deadline_cancel)", [](Found, const Trial& t) { return deadline("0", t); }},
    {"deadline(?:_cancel_margin_|[ _]margin>=)([0-9.]+)S",
     [](Found m, const Trial& t) { return deadline(m[1], t); }},
    {"lifo|LIFO", [](Found, const Trial&) { return Sets{server("discipline", "lifo")}; }},
    {"fb_codel_adaptive_lifo_([0-9.]+)ms_([0-9.]+)ms",
     [](Found m, const Trial&) { return codel(m, 1, "ms", "adaptive_lifo"); }},
    {"FB CoDel\\+adaptive LIFO",
     [](Found, const Trial&) {
       return Sets{server("discipline", "adaptive_lifo"), server("queue_delay", "{}")};
     }},
    {"codel_fifo_([0-9.]+)ms_([0-9.]+)ms",
     [](Found m, const Trial&) { return codel(m, 1, "ms", "fifo"); }},
    {"CoDel FIFO ([0-9.]+)/([0-9.]+)",
     [](Found m, const Trial&) { return codel(m, 1, "s", "fifo"); }},
    {"(?:circuit_breaker_.*wait|breaker )([0-9]+)s.*",
     [](Found m, const Trial&) {
       return Sets{"spec.clients[0].breaker.policy=resilience4j",
                   "spec.clients[0].breaker.wait_open=" + std::string(m[1]) + "s"};
     }},
};

}  // namespace

std::optional<Sets> policy_sets(const std::string& text, const Trial& trial) {
  for (const Known& known : kKnown) {
    std::smatch m;
    if (std::regex_match(text, m, std::regex(known.pattern))) return known.sets(m, trial);
  }
  return std::nullopt;
}

}  // namespace stampede::test
