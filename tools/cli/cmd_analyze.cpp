// stampede analyze: the loop of a scenario's clients and their server, without a run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/value_text.h"
#include "tools/cli/budget.h"
#include "tools/cli/chain_in_time.h"
#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/experiments/loop.h"
#include "tools/experiments/loop_chain.h"
#include "tools/experiments/loop_fluid.h"
#include "tools/experiments/shown.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

struct AnalyzeOptions {
  std::string file, use, standstill, format = "table", budget = "1min";
  std::vector<std::string> sets, allow;
  i64 refine = 8;
  bool quiet = false;
};

// A state for each combination; beyond that many the factors of a matrix fill gigabytes.
constexpr std::size_t kMostStates = 400'000;
constexpr double kForEver = 1e10;  // s: longer times are a matter of the arithmetic's last digits
constexpr double kGrowth = 6;      // twice as fine a chain takes so much longer, or less

struct Analysis {
  Loop loop;
  std::optional<double> standstill, backlog;
  std::optional<double> asked;  // --standstill [s]
  FluidRun after_asked;
  std::optional<ChainAnswer> chain, coarser;
  int refinement = 0, long_run_refinement = 0;  // of the way to collapse, and of the rest
  int not_reached = 0;                          // the refinement that was wanted next; 0: none
  std::string no_chain;                         // why it was not
  bool stable() const { return loop.rate < loop.hidden_capacity() || !loop.outlasts_patience(); }
  // Whether a line that has collapsed ever ends.
  bool comes_back() const { return stable() || loop.ends(); }
  bool overloaded() const { return loop.rate >= loop.capacity(); }
};

// Finer and finer, until the next one would take too long.
void solve_chains(Analysis& a, i64 most, const Budget& budget, bool quiet) {
  double last = 0;
  for (int refinement = 1; refinement <= most; refinement *= 2) {
    if (interrupted()) throw Interrupted{false};
    a.not_reached = refinement;
    const std::size_t states = chain_states(a.loop, refinement);
    if (states > kMostStates) {
      a.no_chain = fmt::format(
          "it would have {} states, {} at most are solved; --set spec.scale makes it smaller",
          states, kMostStates);
      return;
    }
    if (budget.over() || kGrowth * last > budget.left()) {
      a.no_chain = "the budget was over";
      return;
    }
    if (!quiet)
      narrate(fmt::format("chain of {} states, {:.0f} s of the budget left\n", states,
                          std::max(0.0, budget.left())));
    const double before = budget.used();
    auto answer = solve_in_time(a.loop, {refinement, kMostStates},
                                [&] { return !interrupted() && !budget.over(); });
    if (interrupted()) throw Interrupted{false};
    last = budget.used() - before;
    if (!answer) {
      a.no_chain = "the budget was over";
      return;
    }
    if (a.chain && answer && !answer->stationary) {  // too fine for all states: as it was before
      answer->back = a.chain->back;
      answer->stationary = a.chain->stationary;
    } else {
      a.long_run_refinement = refinement;
    }
    a.coarser = std::move(a.chain);
    a.chain = std::move(answer);
    a.refinement = refinement;
    a.not_reached = 0;
  }
}

std::string seconds(double s) {
  if (s > kForEver) return "more than 300 years";
  if (s >= 1e5) return fmt::format("{:.3g} days", s / 86'400);
  return fmt::format("{:.4g} s", s);
}

std::string state_of(const Analysis& a) {
  if (a.overloaded()) return "overloaded: more is asked than it can serve";
  if (!a.loop.outlasts_patience()) return "stable: its line ends before anybody's patience does";
  if (a.stable()) return "stable: a failure ends by itself when its cause is gone";
  return "vulnerable: well now, and a failure stays when its cause is gone";
}

using Rows = std::vector<std::vector<std::string>>;

std::string lines_of(const Rows& rows) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row[0].size());
  std::string text;
  for (const auto& row : rows) text += fmt::format("  {:<{}}  {}\n", row[0], width, row[1]);
  return text;
}

std::string loop_text(const Analysis& a) {
  const Loop& l = a.loop;
  Rows rows{{"asked", fmt::format("{:.4g} requests/s", l.rate)},
            {"can serve", fmt::format("{:.4g} calls/s ({:.4g} at a time, {:.4g} s each)",
                                      l.capacity(), l.servers, l.service)}};
  for (const LoopClients& c : l.clients) {
    double delays = 0;
    for (const double d : c.delays) delays += d;
    rows.push_back({fmt::format("{:.3g} % of clients", 100 * c.share),
                    fmt::format("{:.0f} attempts, each left after {:.4g} s, {:.4g} s of delays",
                                c.attempts(), c.patience, delays)});
  }
  rows.push_back({"in failure", fmt::format("{:.4g} attempts a request, {:.4g} calls",
                                            l.attempts_in_failure(), l.calls_in_failure())});
  rows.push_back({"hidden capacity", l.calls_in_failure() > 0
                                         ? fmt::format("{:.4g} requests/s", l.hidden_capacity())
                                         : "all of it: the server drops the work of who left"});
  rows.push_back({"state", state_of(a)});
  return lines_of(rows);
}

std::string fluid_text(const Analysis& a) {
  const Loop& l = a.loop;
  Rows rows;
  if (!a.overloaded())
    rows.push_back(
        {"well", fmt::format("no line, {:.3g} of {:.4g} places busy, 1 attempt a request",
                             l.rate * l.service, l.servers)});
  if (!a.stable() || a.overloaded()) {
    const double grows = l.rate * l.calls_in_failure() - l.capacity();
    rows.push_back(
        {"collapsed",
         fmt::format("nobody answered, {:.4g} attempts a request, {}", l.attempts_in_failure(),
                     std::isfinite(l.places)
                         ? fmt::format("the line full with {:.4g} calls", l.places)
                         : fmt::format("the line grows by {:.4g} calls/s", grows))});
  }
  if (!a.overloaded() && !a.stable())
    rows.push_back(
        {"basin", a.standstill && a.backlog
                      ? fmt::format("well again after a standstill of {:.4g} s or a line of {:.4g} "
                                    "calls, not after more",
                                    *a.standstill, *a.backlog)
                      : "well again after anything that was tried"});
  if (a.asked)
    rows.push_back({fmt::format("{:.4g} s still", *a.asked),
                    a.after_asked.recovers
                        ? fmt::format("well again {:.4g} s later", a.after_asked.after)
                        : std::string("stays down")});
  return lines_of(rows);
}

std::string compared(const std::optional<double>& fine, const std::optional<double>& coarse) {
  return fine && coarse && *fine <= kForEver ? fmt::format(" ({} half as fine)", seconds(*coarse))
                                             : "";
}

std::string back_text(const Analysis& a) {
  if (a.chain->back) return "after " + seconds(*a.chain->back);
  return a.comes_back() ? "not solved: too many states, or the budget was over"
                        : "never: the line grows and grows";
}

std::string chain_text(const Analysis& a) {
  if (!a.chain) return "  not solved: " + a.no_chain + "\n";
  const ChainAnswer& c = *a.chain;
  const auto coarser = a.coarser ? a.coarser->to_collapse : std::nullopt;
  Rows rows{{"states", fmt::format("{}, {} parts a departure", c.states, a.refinement)}};
  if (a.not_reached > 0)
    rows.push_back(
        {"not reached", fmt::format("{} parts a departure: {}", a.not_reached, a.no_chain)});
  rows.push_back({"collapses by itself", c.to_collapse ? "after " + seconds(*c.to_collapse) +
                                                             compared(c.to_collapse, coarser)
                                                       : "never: no line gets so long"});
  if (c.to_collapse) rows.push_back({"is back", back_text(a)});
  if (c.stationary) {
    const auto& s = *c.stationary;
    rows.push_back({"in the long run",
                    fmt::format("collapsed {:.3g} % of the time, {:.4g} % of attempts answered in "
                                "time, {:.4g} calls there, {:.4g} attempts to come again",
                                100 * s.collapsed, 100 * s.in_time, s.calls, s.orbit)});
    rows.push_back(
        {"mixing time", fmt::format("{} (1 / spectral gap; long run: {} parts a departure)",
                                    seconds(s.relaxation), a.long_run_refinement)});
  } else {
    rows.push_back({"in the long run", a.comes_back()
                                           ? "not solved: too many states, or the budget was over"
                                           : "no stationary distribution"});
  }
  return lines_of(rows);
}

ordered_json or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json chain_json(const Analysis& a) {
  if (!a.chain) return {{"not_solved", a.no_chain}};
  const ChainAnswer& c = *a.chain;
  ordered_json out = {
      {"states", c.states},
      {"refinement", a.refinement},
      {"to_collapse_seconds", or_null(c.to_collapse)},
      {"back_seconds", or_null(c.back)},
      {"coarser_to_collapse_seconds", a.coarser ? or_null(a.coarser->to_collapse) : nullptr},
      {"long_run_refinement", a.long_run_refinement},
      {"not_reached", nullptr},
      {"stationary", nullptr}};
  if (a.not_reached > 0) out["not_reached"] = {{"refinement", a.not_reached}, {"why", a.no_chain}};
  if (c.stationary)
    out["stationary"] = {{"collapsed", c.stationary->collapsed},
                         {"in_time", c.stationary->in_time},
                         {"calls", c.stationary->calls},
                         {"orbit", c.stationary->orbit},
                         {"mixing_seconds", c.stationary->relaxation},
                         {"waiting", c.stationary->line}};
  return out;
}

ordered_json analysis_json(const Analysis& a) {
  const Loop& l = a.loop;
  ordered_json clients = ordered_json::array();
  for (const LoopClients& c : l.clients)
    clients.push_back({{"share", c.share},
                       {"patience_seconds", c.patience},
                       {"cancelled", c.cancelled},
                       {"delays_seconds", c.delays}});
  return {{"loop",
           {{"server", l.server},
            {"requests_per_second", l.rate},
            {"servers", l.servers},
            {"service_seconds", l.service},
            {"places", std::isfinite(l.places) ? ordered_json(l.places) : nullptr},
            {"clients", clients},
            {"attempts_in_failure", l.attempts_in_failure()},
            {"calls_in_failure", l.calls_in_failure()},
            {"hidden_capacity_per_second",
             l.calls_in_failure() > 0 ? ordered_json(l.hidden_capacity()) : nullptr},
            {"state", a.overloaded() ? "overloaded"
                      : a.stable()   ? "stable"
                                     : "vulnerable"},
            {"approximated", l.approximated}}},
          {"fluid",
           {{"longest_standstill_seconds", or_null(a.standstill)},
            {"longest_backlog_calls", or_null(a.backlog)},
            {"standstill_seconds", or_null(a.asked)},
            {"recovers_after_seconds",
             a.asked && a.after_asked.recovers ? ordered_json(a.after_asked.after) : nullptr}}},
          {"chain", chain_json(a)}};
}

// Throws InputError; absent without --standstill.
std::optional<double> standstill_of(const AnalyzeOptions& o) {
  if (o.standstill.empty()) return std::nullopt;
  Duration asked{};
  std::string wrong = parse_duration(o.standstill, asked);
  if (wrong.empty() && asked.ns <= 0) wrong = "a time above 0 is expected";
  if (!wrong.empty()) throw InputError({{"--standstill " + o.standstill, 0, 0, "", wrong, ""}});
  return asked.seconds();
}

void require_use(const AnalyzeOptions& o, const Spec& spec) {
  const std::vector<std::string> names = uses_for_each_request(spec);
  if (o.use.empty() || std::find(names.begin(), names.end(), o.use) != names.end()) return;
  throw InputError(
      {{"--use " + o.use, 0, 0, "spec.uses",
        names.empty()
            ? "no service is asked for each request; without --use the pods are the server"
            : fmt::format("no use that is asked for each request is named '{}'{}", o.use,
                          suggestion(o.use, names)),
        ""}});
}

Analysis analysis_of(const AnalyzeOptions& o, const Loaded& loaded, const Budget& budget) try {
  Analysis a;
  a.asked = standstill_of(o);
  require_use(o, loaded.scenario.spec);
  a.loop = loop_of(loaded.scenario.spec, o.use);
  if (a.asked) a.after_asked = fluid_run(a.loop, *a.asked);
  if (!a.overloaded() && !a.stable()) {
    const auto look = [&] {
      if (interrupted()) throw Interrupted{false};
      if (budget.over())
        throw InputError({{"--budget " + o.budget, 0, 0, "",
                           "over before the fluid of this loop was solved; --set spec.scale makes "
                           "the loop smaller",
                           ""}});
    };
    a.standstill = longest_standstill(a.loop, look);
    a.backlog = longest_backlog(a.loop, look);
  }
  solve_chains(a, o.refine, budget, o.quiet);
  return a;
} catch (const ScenarioError& error) {
  throw InputError({loaded.provenance.locate(error.path, error.what())});
}

int analyze_command(const AnalyzeOptions& o) {
  const Budget budget("--budget", o.budget);
  std::vector<Override> sets;
  std::string words = "stampede analyze " + shell_quoted(o.file);
  for (const std::string& set : o.sets) {
    sets.push_back(parse_set(set));
    words += " --set " + shell_quoted(set);
  }
  words += allow_path_words(o.allow);
  if (!o.use.empty()) words += " --use " + shell_quoted(o.use);
  if (!o.standstill.empty()) words += " --standstill " + o.standstill;
  if (o.budget != "1min") words += " --budget " + o.budget;
  if (o.refine != 8) words += fmt::format(" --refine {}", o.refine);
  const Loaded loaded = load_scenario(o.file, sets, {}, o.allow);
  check_world(loaded);
  const Analysis a = analysis_of(o, loaded, budget);
  const std::string name = loaded.scenario.metadata.name;
  if (!o.quiet) narrate(fmt::format("{:.1f} s of {}\n", budget.used(), o.budget));
  if (o.format == "json") {
    ordered_json out = {{"schema", "stampede.analyze/1"},
                        {"version", stampede_version()},
                        {"build", stampede_build()},
                        {"scenario", name},
                        {"command", words}};
    out.update(analysis_json(a));
    print_result(out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
    return kFine;
  }
  std::string text =
      fmt::format("{}: clients before the {}\n\n{}\nfluid limit\n{}\nMarkov chain\n{}", name,
                  a.loop.server, loop_text(a), fluid_text(a), chain_text(a));
  text += "\napproximated:\n";
  for (const std::string& line : a.loop.approximated) text += "  - " + line + "\n";
  text += "  - of the chain: who is late comes again after an exponential time with that mean\n";
  print_result(text);
  return kFine;
}

}  // namespace

void add_analyze_command(CommandLine& line) {
  Command command = line.command(
      "analyze",
      "Solve the loop of the clients and their server: when it collapses, what it survives.",
      {"stampede analyze fleet.yaml", "stampede analyze fleet.yaml --standstill 30s",
       "stampede analyze fleet.yaml --use sessions --format json"});
  const auto o = std::make_shared<AnalyzeOptions>();
  command.option("file", o->file, "scenario (YAML or JSON)").required().type_name("FILE");
  command.option("--set", o->sets, "change one value; can be repeated").type_name("PATH=VALUE");
  command.option("--use", o->use, "the service that is asked, by its use, where there are several")
      .type_name("NAME");
  command
      .option("--standstill", o->standstill, "say what follows if the server stands still for it")
      .type_name("DURATION");
  command.option("--budget", o->budget, "wall time that may be used").type_name("DURATION");
  command.option("--refine", o->refine, "parts of a departure in the chain at most")
      .between(1, 64)
      .type_name("N");
  add_allow_path(command, o->allow);
  command.option("--format", o->format, "table or json").one_of({"table", "json"});
  command.flag("-q,--quiet", o->quiet, "no progress");
  command.runs([o] { return analyze_command(*o); });
}

}  // namespace stampede
