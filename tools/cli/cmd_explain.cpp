// stampede explain: on what the outage of a scenario rests. The questions are in explain_*.cpp.
#include <fmt/format.h>

#include <memory>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/explain.h"
#include "tools/experiments/assumptions.h"
#include "tools/experiments/evidence.h"
#include "tools/experiments/shown.h"
#include "tools/results/build.h"

namespace stampede {

using nlohmann::ordered_json;

Paired paired(const std::vector<double>& differences, double duration_seconds) {
  Paired p;
  p.runs = differences.size();
  p.interval = anytime_mean(differences, -duration_seconds, duration_seconds);
  if (!differences.empty()) p.mean = mean_estimate(differences).mean;
  return p;
}

std::string minutes_text(double seconds, bool sign) { return number(seconds, shown("s"), sign); }
std::string minutes_text(const Interval& seconds) {
  return interval_text(seconds, shown("s"), true);
}

ordered_json json_of(const Paired& p) {
  return {{"mean_seconds", p.mean},
          {"low", p.interval.low},
          {"high", p.interval.high},
          {"runs", p.runs}};
}

std::vector<Axis> assumed_axes(const Trials& trials, std::vector<std::string>& left_out) {
  std::vector<Axis> axes;
  for (const Assumption& a : assumptions()) {
    std::string path = a.path;
    for (std::size_t at; (at = path.find("[]")) != std::string::npos;) path.replace(at, 2, "[*]");
    try {
      Axis axis;
      if (*a.choices) {
        AxisMember member{path, a.path, {}, "", ""};
        std::string choices = a.choices;
        for (std::size_t from = 0, to; from < choices.size(); from = to + 2) {
          to = std::min(choices.find(", ", from), choices.size());
          member.values.push_back(choices.substr(from, to - from));
          if (const auto fault = trials.fault({{{path, member.values.back(), a.path}}, {}}))
            throw InputError(*fault);
        }
        axis.levels = member.values.size();
        axis.members.push_back(std::move(member));
      } else {
        axis.members.push_back(trials.range(path, a.low, a.high, false, a.path));
        AxisMember& m = axis.members.front();
        m.log = m.low > 0 && m.high / m.low >= 10;
      }
      axes.push_back(std::move(axis));
    } catch (const InputError&) {
      left_out.push_back(a.path);
    }
  }
  return axes;
}

Variation change_at(const std::vector<Axis>& axes, const std::vector<double>& at) {
  Variation change;
  for (std::size_t a = 0; a < axes.size(); ++a)
    for (const Setting& s : settings_at(axes[a], at[a]))
      change.sets.push_back({s.path, s.value, "docs/assumptions.md"});
  return change;
}

namespace {

// What does not belong to the question would be left aside without a word.
void require_own_options(const ExplainOptions& o) {
  const auto refuse = [&](const std::string& option, const std::string& of) {
    throw InputError(
        {{option, 0, 0, "", fmt::format("is not of --of {}, but of {}", o.of, of), ""}});
  };
  if (!o.policies.empty() && o.of != "links" && o.of != "worlds")
    refuse("--with " + o.policies.front(), "--of links and --of worlds");
  if (o.leaders && o.of != "links" && o.of != "assumptions")
    refuse(fmt::format("--leaders {}", *o.leaders), "--of links and --of assumptions");
  if (o.sets_of && o.of != "links") refuse(fmt::format("--sets-of {}", *o.sets_of), "--of links");
}

std::string own_words(const ExplainOptions& o) {
  std::string words = " --of " + o.of;
  for (const std::string& policy : o.policies) words += " --with " + shell_quoted(policy);
  words += fmt::format(" --runs {}", o.runs);
  if (o.of == "links" || o.of == "assumptions")
    words += fmt::format(" --leaders {}", o.most_leaders());
  if (o.of == "links") words += fmt::format(" --sets-of {}", o.most_levers());
  return words;
}

int explain_command(const ExplainOptions& o) {
  require_own_options(o);
  TrialSession session(o, "explain");
  const Explained found = o.of == "delays"        ? explain_delays(o, session)
                          : o.of == "links"       ? explain_links(o, session)
                          : o.of == "assumptions" ? explain_assumptions(o, session)
                                                  : explain_worlds(o, session);
  if (!found.over_before.empty()) return session.too_short(found.over_before, found.least_runs);
  if (!o.quiet) narrate(session.spent() + "\n");
  if (o.format == "table") {
    print_result(session.trials().scenario().metadata.name + ": " + found.table);
    return kFine;
  }
  const ordered_json out = {{"schema", "stampede.explain/1"},
                            {"version", stampede_version()},
                            {"build", stampede_build()},
                            {"scenario", session.trials().scenario().metadata.name},
                            {"command", session.command() + own_words(o)},
                            {"of", o.of},
                            {"confidence", kConfidence},
                            {"runs", session.trials().played() + session.trials().reused()},
                            {"not_valid", session.impossible()},
                            {"result", found.json}};
  print_result(out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
  return kFine;
}

}  // namespace

void add_explain_command(CommandLine& line) {
  Command command = line.command(
      "explain", "Say on what an outage rests: links, people's delays, assumed parameters.",
      {"stampede explain fleet.yaml --of delays",
       "stampede explain fleet.yaml --of links --with retry_budget --with queue_limit",
       "stampede explain fleet.yaml --of assumptions --budget 1h --out explain.db",
       "stampede explain fleet.yaml --of worlds --with queue_limit"});
  const auto o = std::make_shared<ExplainOptions>();
  add_trial_options(command, *o);
  command.option("--of", o->of, "the question")
      .required()
      .one_of({"links", "delays", "assumptions", "worlds"});
  command
      .option("--with", o->policies,
              "of links: a lever, A or A,B together; of worlds: the mitigation that is judged")
      .type_name("CANDIDATE");
  command.option("--runs", o->runs, "seeds, paths or worlds at most")
      .between(2, 100'000)
      .type_name("N");
  command.option("--leaders", o->leaders, "parameters or levers that are looked at more closely")
      .between(1, 60)
      .type_name("N");
  command.option("--sets-of", o->sets_of, "of links: levers in a set at most")
      .between(1, 4)
      .type_name("K");
  command.runs([o] { return explain_command(*o); });
}

}  // namespace stampede
