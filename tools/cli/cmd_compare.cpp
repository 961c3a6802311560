// stampede compare: a scenario as it is and with each policy, under common random numbers.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "tools/cli/budget.h"
#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/compare_progress.h"
#include "tools/cli/python.h"
#include "tools/experiments/compare_output.h"
#include "tools/experiments/compare_policies.h"
#include "tools/experiments/decide.h"
#include "tools/experiments/other_builds.h"
#include "tools/experiments/set_search.h"
#include "tools/experiments/shown.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

struct CompareOptions {
  std::string file, out, format = "table", precision;
  std::string collapse_after = "10min", budget;
  std::vector<std::string> sets, policies, allow;
  std::optional<i64> seed;
  std::optional<i64> asked_replications, asked_limit;
  std::string asked_measure;  // --precision-of
  i64 search = 0;
  int jobs = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  bool keep_other_builds = false, quiet = false;
  i64 replications() const { return asked_replications.value_or(10); }
  i64 limit() const { return asked_limit.value_or(std::max<i64>(100, replications())); }
  std::string precision_of() const {
    return asked_measure.empty() ? "lost_request_minutes" : asked_measure;
  }
};

// Without what decides neither the runs nor the figures.
std::string base_command(const CompareOptions& o, const char* verb) {
  std::string command = std::string("stampede ") + verb + " " + shell_quoted(o.file);
  for (const std::string& set : o.sets) command += " --set " + shell_quoted(set);
  return command + allow_path_words(o.allow);
}

std::string full_command(const CompareOptions& o, i64 first_seed) {
  std::string command = base_command(o, "compare");
  for (const std::string& policy : o.policies) command += " --with " + shell_quoted(policy);
  if (o.budget.empty()) command += fmt::format(" --replications {}", o.replications());
  command += fmt::format(" --seed {}", first_seed);
  if (!o.precision.empty())
    command += fmt::format(" --precision {} --precision-of {} --max-replications {}", o.precision,
                           o.precision_of(), o.limit());
  if (!o.budget.empty())
    command += fmt::format(" --budget {} --max-replications {}", o.budget, o.limit());
  if (o.search > 0) command += fmt::format(" --search {}", o.search);
  if (o.collapse_after != "10min") command += " --collapse-after " + o.collapse_after;
  return command;
}

// Values of the command line in the scenario language's own notation.
template <class T>
T value_of(const char* option, const std::string& text,
           std::string (*parse)(const std::string&, T&)) {
  T value{};
  if (const std::string wrong = parse(text, value); !wrong.empty())
    throw InputError({{std::string(option) + " " + text, 0, 0, "", wrong, ""}});
  return value;
}

void draw_picture(const std::string& directory) {
  const std::string there = std::filesystem::absolute(directory).string();
  if (const int code = run_python_module("stampede.compare", {there}); code != 0)
    narrate(code < 0 ? "no picture: it wants matplotlib and pandas for /usr/bin/python3\n"
            : code == kInterrupted ? "no picture: interrupted\n"
                                   : "no picture: see above\n");
}

ComparePlan plan_of(const CompareOptions& o, const ScenarioPolicies& scenario) {
  ComparePlan plan;
  plan.policies = scenario.policies().size();
  plan.first_seed = scenario.seed();
  plan.replications = static_cast<std::size_t>(o.replications());
  plan.jobs = o.jobs;
  plan.limit = static_cast<std::size_t>(o.limit());
  if (o.precision.empty()) return plan;
  plan.precision = value_of("--precision", o.precision, parse_share).value;
  if (!(*plan.precision > 0 && *plan.precision < 1))
    throw InputError({{"--precision " + o.precision, 0, 0, "", "0 to 100 % is expected", ""}});
  std::vector<std::string> names;
  for (const CompareMeasure& m : scenario.measures()) names.push_back(m.name);
  const auto at = std::find(names.begin(), names.end(), o.precision_of());
  if (at == names.end())
    throw InputError({{"--precision-of " + o.precision_of(), 0, 0, "",
                       "no measure has this name" + suggestion(o.precision_of(), names), ""}});
  plan.measure = static_cast<std::size_t>(at - names.begin());
  return plan;
}

Replications play_planned(const ScenarioPolicies& scenario, const ComparePlan& plan,
                          CompareProgress& progress) {
  return replicate(plan, [&](std::size_t policy, i64 seed) {
    const auto played = scenario.play(policy, seed, [](double) { return !interrupted(); });
    progress.finished(played.reused);
    return played.run;
  });
}

// A run, or nothing when that time is up.
std::optional<CompareRun> play_in_time(const ScenarioPolicies& scenario, std::size_t policy,
                                       i64 seed, CompareProgress& progress,
                                       const std::function<bool()>& time_is_up) {
  if (time_is_up()) return std::nullopt;
  try {
    const auto played = scenario.play(policy, seed, [&](double simulated) {
      progress.reached(simulated / scenario.duration_seconds());
      return !interrupted() && !time_is_up();
    });
    progress.finished(played.reused);
    return played.run;
  } catch (const StoppedRun&) {
    if (interrupted()) throw;
    return std::nullopt;
  }
}

// Half of the budget looks for sets, the other half decides about those that are left.
std::vector<std::size_t> sets_worth_deciding(const CompareOptions& o, ScenarioPolicies& scenario,
                                             const ComparePlan& plan, const Budget& budget,
                                             CompareProgress& progress, CompareRuns& runs) {
  SetSearchPlan search;
  search.most_members = static_cast<std::size_t>(o.search);
  search.first_seed = plan.first_seed;
  search.jobs = plan.jobs;
  const auto add = [&](const std::vector<std::size_t>& members) -> std::optional<std::size_t> {
    Policy set;
    for (const std::size_t k : members) {
      const Policy& single = scenario.policies()[k];
      set.name += (set.name.empty() ? "" : "+") + single.name;
      for (const std::string& name : single.mitigations)
        if (std::find(set.mitigations.begin(), set.mitigations.end(), name) ==
            set.mitigations.end())
          set.mitigations.push_back(name);
    }
    const auto policy = scenario.add(std::move(set));
    if (policy) runs.emplace_back();
    return policy;
  };
  return search_sets(search, runs, add,
                     [&](std::size_t policy, i64 seed) {
                       return play_in_time(scenario, policy, seed, progress,
                                           [&] { return budget.left() <= budget.used(); });
                     })
      .finalists;
}

Replications play_until_decided(const CompareOptions& o, ScenarioPolicies& scenario,
                                const ComparePlan& plan, const Budget& budget,
                                CompareProgress& progress) {
  Replications out;
  out.runs.resize(plan.policies);
  std::vector<std::size_t> open;
  for (std::size_t k = 1; k < plan.policies; ++k) open.push_back(k);
  if (o.search > 0) open = sets_worth_deciding(o, scenario, plan, budget, progress, out.runs);
  const DecidePlan deciding{plan.first_seed, plan.limit, plan.jobs, scenario.duration_seconds()};
  out.stopped_by = decide(deciding, out.runs, open, [&](std::size_t policy, i64 seed) {
    return play_in_time(scenario, policy, seed, progress, [&] { return budget.over(); });
  });
  return out;
}

// Of a search whose time was up amid the sets of one size.
void drop_unplayed(ScenarioPolicies& scenario, CompareRuns& runs, std::size_t first) {
  std::size_t dropped = 0;
  for (std::size_t k = runs.size(); k-- > first;)
    if (runs[k].empty()) {
      scenario.erase(k);
      runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(k));
      ++dropped;
    }
  if (dropped > 0)
    narrate(fmt::format("stampede: {} sets had no run within the budget\n", dropped));
}

// What is told when the time was over before each of the `policies` had a run; empty: each has one.
std::string too_short(const CompareOptions& o, const ScenarioPolicies& scenario,
                      std::size_t policies, const CompareRuns& runs,
                      const CompareProgress& progress) {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < policies; ++k)
    if (runs[k].empty()) names.push_back(scenario.policies()[k].name);
  if (names.empty()) return "";
  const double needed = progress.needed(policies, o.jobs) * (o.search > 0 ? 2 : 1);
  return fmt::format("stampede: the budget of {} was over before these had a run: {}\n{}\n",
                     o.budget, listed(names),
                     needed > 0
                         ? fmt::format("a run of each takes about {:.0f} s on this machine, a "
                                       "verdict ten times as long: --budget {:.0f}s",
                                       std::ceil(needed), std::ceil(10 * needed))
                         : "no run had begun; a run of each is the least that is wanted");
}

CompareTerms terms_of(const ScenarioPolicies& scenario, bool any_time) {
  CompareTerms terms;
  terms.any_time = any_time;
  for (const CompareMeasure& m : scenario.measures()) {
    terms.resolution.push_back(m.resolution);
    terms.most.push_back(m.most);
  }
  return terms;
}

// Options that the rule by which it ends has no use for.
void require_one_rule(const CompareOptions& o) {
  const auto refuse = [](const std::string& option, const std::string& why) {
    throw InputError({{option, 0, 0, "", why, ""}});
  };
  if (!o.budget.empty() && !o.precision.empty())
    refuse("--budget " + o.budget, "--precision stops by another rule; choose one of the two");
  if (!o.budget.empty() && o.asked_replications)
    refuse(fmt::format("--replications {}", *o.asked_replications),
           "with --budget seeds go to what is undecided; --max-replications says how many at most");
  if (o.budget.empty() && o.search > 0)
    refuse(fmt::format("--search {}", o.search),
           "a --budget is wanted, in which sets are looked for");
  if (!o.asked_measure.empty() && o.precision.empty())
    refuse("--precision-of " + o.asked_measure, "a --precision is wanted, which is about it");
  if (!o.asked_limit) return;
  const std::string limit = fmt::format("--max-replications {}", *o.asked_limit);
  if (o.budget.empty() && o.precision.empty())
    refuse(limit, "a --precision or a --budget is wanted, which it bounds");
  if (o.budget.empty() && *o.asked_limit < o.replications())
    refuse(limit,
           fmt::format("is below --replications {}, which are always played", o.replications()));
}

int compare_command(const CompareOptions& o) {
  const Budget budget("--budget", o.budget);
  require_one_rule(o);
  std::vector<Override> sets;
  for (const std::string& set : o.sets) sets.push_back(parse_set(set));
  if (o.seed) sets.push_back({"spec.seed", std::to_string(*o.seed), "--seed"});
  const auto collapse_after = value_of("--collapse-after", o.collapse_after, parse_duration);
  if (collapse_after.ns <= 0)
    throw InputError(
        {{"--collapse-after " + o.collapse_after, 0, 0, "", "must be above zero", ""}});
  ScenarioPolicies scenario({read_source(o.file), sets, around(o.file, o.allow)},
                            parse_policies(o.policies), base_command(o, "run"), o.out,
                            collapse_after, o.keep_other_builds);
  const ComparePlan plan = plan_of(o, scenario);
  std::optional<OutputDirectory> out;
  if (!o.out.empty()) out.emplace(o.out, files_of_comparison());
  if (out)  // before anything is played
    for (std::size_t policy = 0; policy < plan.policies; ++policy)
      for (std::size_t k = 0; k < plan.limit; ++k)
        require_ours(o.out + "/" + scenario.place_of(policy, plan.first_seed + static_cast<i64>(k)),
                     files_of_run());
  narrate(other_builds_text(
      scenario.other_builds(plan.precision || budget.limited() ? plan.limit : plan.replications),
      o.out, o.keep_other_builds));

  Replications replications;
  std::string short_of_time;
  {
    CompareProgress progress(plan.policies * plan.replications, budget, o.quiet);
    try {
      replications = budget.limited() ? play_until_decided(o, scenario, plan, budget, progress)
                                      : play_planned(scenario, plan, progress);
      short_of_time = too_short(o, scenario, plan.policies, replications.runs, progress);
    } catch (const StoppedRun&) {
      if (!out) throw Interrupted{};
      narrate(
          fmt::format("stampede: interrupted; {} finished runs are in {}, the same command "
                      "goes on from there\n",
                      progress.done(), o.out));
      return kInterrupted;
    } catch (const FailedRun& failed) {
      throw BrokenRun{failed.error, failed.command, 0, failed.seed};
    }
  }
  drop_unplayed(scenario, replications.runs, plan.policies);
  if (!short_of_time.empty()) {
    narrate(short_of_time);
    return kRunsFailed;
  }
  const Comparison comparison = compare(replications.runs, terms_of(scenario, budget.limited()));
  const std::vector<Ruling> rulings = rule(replications.runs, scenario.duration_seconds());
  const CompareReport report{scenario.scenario_name(),
                             full_command(o, plan.first_seed),
                             scenario.policies(),
                             scenario.left_out(),
                             scenario.measures(),
                             replications,
                             comparison,
                             plan.precision,
                             o.precision_of(),
                             collapse_after,
                             rulings,
                             budget.limited()};
  const std::string json = compare_json(report);
  if (out) {
    out->add("compare.json", json);
    out->commit({"report.html"});
    draw_picture(out->path());
  }
  print_result(o.format == "json" ? json : compare_table(report));
  return kFine;
}

}  // namespace

void add_compare_command(CommandLine& line) {
  Command command = line.command(
      "compare", "Play a scenario with and without mitigations, with the same seeds.",
      {"stampede compare fleet.yaml --with queue_limit --with retry_budget,adaptive_lifo",
       "stampede compare fleet.yaml --with gentle=retry_budget,full_jitter_backoff --jobs 8",
       "stampede compare fleet.yaml --with queue_limit --precision 5% --out out/compare",
       "stampede compare fleet.yaml --with queue_limit --budget 10min   # until it is decided",
       "stampede compare fleet.yaml --with queue_limit --with retry_budget --budget 10min --search "
       "2"});
  const auto o = std::make_shared<CompareOptions>();
  command.option("file", o->file, "scenario (YAML or JSON)").required().type_name("FILE");
  command.option("--with", o->policies, "a candidate: A, A,B together, or NAME=A,B")
      .required()
      .type_name("CANDIDATE");
  command.option("--set", o->sets, "change one value in all runs; can be repeated")
      .type_name("PATH=VALUE");
  command
      .option("--replications", o->asked_replications, "seeds that each candidate is played with")
      .between(2, 100'000)
      .type_name("N");
  command.option("--precision", o->precision, "add seeds until the relative error is this small")
      .type_name("SHARE");
  command.option("--precision-of", o->asked_measure, "the measure that --precision is about")
      .type_name("MEASURE");
  command
      .option("--budget", o->budget,
              "add seeds until each row is better or worse, for at most this time")
      .type_name("DURATION");
  command
      .option("--search", o->search,
              "with --budget: sets of up to K candidates as well, the promising ones")
      .between(1, 6)
      .type_name("K");
  command
      .option("--max-replications", o->asked_limit,
              "most seeds that --precision or --budget may use")
      .between(2, 100'000)
      .type_name("N");
  command.option("--collapse-after", o->collapse_after, "downtime that counts as a collapse")
      .type_name("DURATION");
  command.option("--seed", o->seed, "the first seed").type_name("N");
  add_allow_path(command, o->allow);
  command.option("--jobs", o->jobs, "runs at a time; changes no result")
      .between(1, 4096)
      .type_name("N");
  command.option("--out", o->out, "keep compare.json and all runs in DIR; resumes from it")
      .type_name("DIR");
  command.flag("--keep-other-builds", o->keep_other_builds,
               "take runs in DIR that another build of the program made as they are");
  command.option("--format", o->format, "table or json").one_of({"table", "json"});
  command.flag("-q,--quiet", o->quiet, "no progress");
  command.runs([o] { return compare_command(*o); });
}

}  // namespace stampede
