// stampede when: what it costs to take a step later, and from when on it is too late.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/value_text.h"
#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/trial_command.h"
#include "tools/experiments/evidence.h"
#include "tools/experiments/shown.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

struct WhenOptions : TrialOptions {
  std::string step, between;
  i64 points = 7, runs = 20;
};

struct Moment {
  std::string delay;
  double seconds = 0;
  std::vector<double> downtimes;
  std::size_t outages = 0;
  Interval share() const { return anytime_share(outages, downtimes.size()); }
};

std::string whole_minutes(double seconds) { return number(seconds, shown("s")); }

std::vector<Moment> moments_of(const WhenOptions& o, const Trials& trials,
                               const std::string& path) {
  const std::string option = "--between " + o.between;
  const auto comma = o.between.find(',');
  if (comma == std::string::npos)
    throw InputError({{option, 0, 0, "", "two delays are wanted, as in 0s,1h", ""}});
  Axis axis;
  axis.members.push_back(
      trials.range(path, o.between.substr(0, comma), o.between.substr(comma + 1), false, option));
  const AxisMember& m = axis.members.front();
  if (!(m.low < m.high))
    throw InputError({{option, 0, 0, "", "the shorter delay comes first", ""}});
  std::vector<Moment> moments;
  for (i64 k = 0; k < o.points; ++k) {
    const double at = static_cast<double>(k) / static_cast<double>(o.points - 1);
    moments.push_back({settings_at(axis, at).front().value, m.low + at * (m.high - m.low), {}, 0});
  }
  return moments;
}

// The last moment by which it is surely not too late, and the first at which it surely is.
std::string point_of_no_return(const std::vector<Moment>& moments) {
  const Moment* in_time = nullptr;
  const Moment* too_late = nullptr;
  for (const Moment& m : moments) {
    if (m.downtimes.empty()) continue;
    if (m.share().high < 0.5 && !too_late) in_time = &m;
    if (m.share().low > 0.5 && !too_late) too_late = &m;
  }
  const auto said = [](const Moment& m) { return whole_minutes(m.seconds) + " min"; };
  if (in_time && too_late)
    return fmt::format("point of no return between {} and {}", said(*in_time), said(*too_late));
  if (too_late) return fmt::format("too late already after {}", said(*too_late));
  if (in_time) return fmt::format("not yet too late after {}", said(*in_time));
  return "not known: no moment is surely in time and none surely too late";
}

void require_step(const WhenOptions& o, const Spec& spec) {
  std::vector<std::string> names;
  for (const auto& step : spec.operations.steps) names.push_back(step.name);
  if (std::find(names.begin(), names.end(), o.step) == names.end())
    throw InputError(
        {{"--step " + o.step, 0, 0, "spec.operations.steps",
          fmt::format("no step is named '{}'{}", o.step, suggestion(o.step, names)), ""}});
}

int when_command(const WhenOptions& o) {
  TrialSession session(o, "when");
  require_step(o, session.trials().scenario().spec);
  const std::string path = "spec.operations.steps." + o.step + ".delay";
  std::vector<Moment> moments = moments_of(o, session.trials(), path);
  for (i64 n = 0; n < o.runs && !session.budget().over(); ++n) {
    std::vector<TrialSession::Question> questions;
    for (const Moment& m : moments)
      questions.push_back({{{{path, m.delay, "--between"}}, {}}, session.trials().seed() + n});
    const auto answers = session.ask(questions);
    for (std::size_t k = 0; k < moments.size(); ++k) {
      if (!answers[k] || moments[k].downtimes.size() != static_cast<std::size_t>(n)) continue;
      moments[k].downtimes.push_back(answers[k]->downtime_seconds);
      moments[k].outages += answers[k]->outage;
    }
  }
  if (session.nothing_played()) return session.too_short("any delay had a run", moments.size());
  if (!o.quiet) narrate(session.spent() + "\n");
  std::vector<std::vector<std::string>> rows{
      {"delay [min]", "outages", "probability", "median downtime [min]", "interval"}};
  ordered_json json = ordered_json::array();
  for (const Moment& m : moments) {
    std::vector<std::string> row{whole_minutes(m.seconds),
                                 fmt::format("{} of {}", m.outages, m.downtimes.size()),
                                 percent(m.share()), "-", ""};
    ordered_json one = {{"delay_seconds", m.seconds}, {"runs", m.downtimes.size()},
                        {"outages", m.outages},       {"low", m.share().low},
                        {"high", m.share().high},     {"median_seconds", nullptr},
                        {"median_low", nullptr},      {"median_high", nullptr}};
    if (!m.downtimes.empty()) {
      const QuantileEstimate median = anytime_median(m.downtimes);
      row[3] = whole_minutes(median.value);
      one["median_seconds"] = median.value;
      if (median.interval) {
        row[4] = interval_text(*median.interval, shown("s"));
        one["median_low"] = median.interval->low;
        one["median_high"] = median.interval->high;
      }
    }
    rows.push_back(std::move(row));
    json.push_back(std::move(one));
  }
  const std::string name = session.trials().scenario().metadata.name;
  const std::string answer = o.step + ": " + point_of_no_return(moments);
  if (o.format == "json") {
    const ordered_json out = {
        {"schema", "stampede.when/1"},
        {"version", stampede_version()},
        {"build", stampede_build()},
        {"scenario", name},
        {"command",
         fmt::format("{} --step {} --between {} --points {} --runs {}", session.command(),
                     shell_quoted(o.step), shell_quoted(o.between), o.points, o.runs)},
        {"confidence", kConfidence},
        {"moments", json},
        {"answer", answer}};
    print_result(out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
    return kFine;
  }
  print_result(fmt::format("{}: the step {} taken later and later; an outage is {} or more\n\n",
                           name, o.step, o.outage_after) +
               aligned(rows) + "\n" + answer + "\n");
  return kFine;
}

}  // namespace

void add_when_command(CommandLine& line) {
  Command command =
      line.command("when",
                   "Say what it costs to take an operator's step later, and when it is too "
                   "late.",
                   {"stampede when fleet.yaml --step restore --between 0s,30min"});
  const auto o = std::make_shared<WhenOptions>();
  add_trial_options(command, *o);
  command.option("--step", o->step, "the step of spec.operations").required().type_name("NAME");
  command.option("--between", o->between, "its shortest and longest delay")
      .required()
      .type_name("A,B");
  command.option("--points", o->points, "delays that are played").between(2, 1000).type_name("N");
  command.option("--runs", o->runs, "seeds of each delay at most")
      .between(1, 100'000)
      .type_name("N");
  command.runs([o] { return when_command(*o); });
}

}  // namespace stampede
