// stampede tipping-point: where on the range of a parameter an outage becomes as likely as not.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/tipping_command.h"
#include "tools/experiments/shown.h"
#include "tools/results/build.h"

namespace stampede {

using nlohmann::ordered_json;

Axis tipping_axis(const TippingOptions& o, std::size_t k, const Trials& trials) {
  const std::string &between = o.betweens[k],
                    option = "--param " + o.params[k] + " --between " + between;
  const auto comma = between.find(',');
  if (comma == std::string::npos || between.find(',', comma + 1) != std::string::npos)
    throw InputError({{option, 0, 0, "", "two values are wanted, as in 1GiB,2GiB", ""}});
  Axis axis;
  axis.members.push_back(trials.range(o.params[k], between.substr(0, comma),
                                      between.substr(comma + 1), o.log, option));
  return axis;
}

TippingPlan tipping_plan(const TippingOptions& o) {
  TippingPlan plan;
  plan.per_point = static_cast<std::size_t>(o.per_point);
  plan.jobs = o.jobs;
  Share within{};
  std::string wrong = parse_share(o.within, within);
  if (wrong.empty() && !(within.value > 0 && within.value < 1))
    wrong = "more than 0 and less than 100 % is expected";
  if (!wrong.empty()) throw InputError({{"--within " + o.within, 0, 0, "", wrong, ""}});
  plan.within = within.value;
  return plan;
}

std::string text_at(const Axis& axis, double at) { return settings_at(axis, at).front().value; }

std::string tipping_words(const TippingOptions& o) {
  std::string words;
  for (std::size_t k = 0; k < o.params.size(); ++k)
    words += " --param " + shell_quoted(o.params[k]) + " --between " + shell_quoted(o.betweens[k]);
  for (const std::string& policy : o.policies) words += " --with " + shell_quoted(policy);
  if (o.log) words += " --log";
  if (o.params.size() == 2) words += fmt::format(" --points {}", o.rows());
  return words +
         fmt::format(" --within {} --runs-per-point {}", shell_quoted(o.within), o.per_point);
}

namespace {

// What the open values say, and how to learn more.
std::string open_values(const TippingOptions& o, const Axis& axis, const Tipping& t) {
  std::vector<std::string> open;
  for (const TestedPoint& p : t.points)
    if (p.side == Side::kOpen)
      open.push_back(fmt::format("{} of {} runs at {}", p.outages, p.runs, text_at(axis, p.at)));
  return fmt::format(
      "{} had an outage, which is not surely above or below one half; more runs at a value may "
      "tell: --runs-per-point {}",
      listed(open), 4 * o.per_point);
}

std::string what_is_said(const TippingOptions& o, const Axis& axis, const Tipping& t) {
  const std::string low = text_at(axis, t.between.low), high = text_at(axis, t.between.high);
  const std::string where = fmt::format(
      "between {} and {} ({:.0f} % sure, if the probability of an outage only {} in "
      "between)",
      low, high, 100 * kConfidence, t.rises ? "rises" : "falls");
  switch (t.end) {
    case TippingEnd::kFound:
      return fmt::format("{} tips {}", o.params[0], where);
    case TippingEnd::kTooClose:
      return fmt::format("{} tips {}; in between, {}", o.params[0], where, open_values(o, axis, t));
    case TippingEnd::kBudget:
      if (t.points.size() < 3) return "the budget was over before both ends were known";
      return fmt::format("{} tips {}; the budget was over before it was known better", o.params[0],
                         where);
    case TippingEnd::kNoCrossing:
      return fmt::format("no tipping point: an outage is {} likely than not at both ends",
                         t.points.front().side == Side::kAbove ? "more" : "less");
    case TippingEnd::kOpenEnd:
      break;
  }
  return "not known: " + open_values(o, axis, t);
}

std::string tipping_table(const TippingOptions& o, const Axis& axis, const Tipping& t,
                          const std::string& scenario) {
  std::vector<std::vector<std::string>> rows{{o.params[0], "outages", "probability", ""}};
  for (const TestedPoint& p : t.points)
    rows.push_back({text_at(axis, p.at), fmt::format("{} of {}", p.outages, p.runs),
                    percent(p.share),
                    p.side == Side::kOpen    ? "open"
                    : p.side == Side::kAbove ? "above one half"
                                             : "below one half"});
  return fmt::format("{}: probability of an outage of {} or more\n\n", scenario, o.outage_after) +
         aligned(rows) + "\n" + what_is_said(o, axis, t) + "\n";
}

std::string tipping_json(const TippingOptions& o, const Axis& axis, const Tipping& t,
                         const std::string& scenario, const std::string& command) {
  ordered_json points = ordered_json::array();
  for (const TestedPoint& p : t.points)
    points.push_back({{"value", text_at(axis, p.at)},
                      {"runs", p.runs},
                      {"outages", p.outages},
                      {"low", p.share.low},
                      {"high", p.share.high},
                      {"side", name_of(p.side)}});
  const bool known = t.end == TippingEnd::kFound || t.end == TippingEnd::kTooClose ||
                     (t.end == TippingEnd::kBudget && t.points.size() > 2);
  const ordered_json out = {
      {"schema", "stampede.tipping_point/1"},
      {"version", stampede_version()},
      {"build", stampede_build()},
      {"scenario", scenario},
      {"command", command},
      {"param", o.params[0]},
      {"confidence", kConfidence},
      {"ended", name_of(t.end)},
      {"low", known ? ordered_json(text_at(axis, t.between.low)) : ordered_json(nullptr)},
      {"high", known ? ordered_json(text_at(axis, t.between.high)) : ordered_json(nullptr)},
      {"rises", t.rises},
      {"points", points},
      {"answer", what_is_said(o, axis, t)}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

int tipping_command(const TippingOptions& o) {
  if (o.params.size() != o.betweens.size() || o.params.size() > 2)
    throw InputError({{"--param " + o.params.back(), 0, 0, "",
                       "one or two parameters are wanted, each with its --between", ""}});
  if (o.params.size() == 2 && o.params[0] == o.params[1])
    throw InputError({{"--param " + o.params[1], 0, 0, "", "a map is of two parameters", ""}});
  if (o.points && o.params.size() == 1)
    throw InputError({{fmt::format("--points {}", *o.points), 0, 0, "",
                       "is of a map: give a second --param with its --between", ""}});
  const TippingPlan plan = tipping_plan(o);
  TrialSession session(o, "tipping-point");
  if (const auto fault = session.trials().fault({{}, o.policies})) throw InputError(*fault);
  if (o.params.size() == 2) return tipping_map(o, session);
  const Axis axis = tipping_axis(o, 0, session.trials());
  const Tipping tipping = find_tipping(plan, [&](double at, std::size_t n) -> std::optional<bool> {
    const Variation change{{{o.params[0], text_at(axis, at), "--between"}}, o.policies};
    const auto trial = session.play(change, session.trials().seed() + static_cast<i64>(n));
    return trial ? std::optional(trial->outage) : std::nullopt;
  });
  if (session.nothing_played()) return session.too_short("either end had a run", 2);
  const std::string name = session.trials().scenario().metadata.name;
  if (!o.quiet) narrate(session.spent() + "\n");
  const std::string command = session.command() + tipping_words(o);
  print_result(o.format == "json" ? tipping_json(o, axis, tipping, name, command)
                                  : tipping_table(o, axis, tipping, name));
  return kFine;
}

}  // namespace

void add_tipping_point_command(CommandLine& line) {
  Command command = line.command(
      "tipping-point", "Find the value of a parameter at which an outage becomes as likely as not.",
      {"stampede tipping-point fleet.yaml --param spec.demand.rate --between 6/s,60/s",
       "stampede tipping-point fleet.yaml --param spec.demand.rate --between 6/s,60/s --log "
       "--out tip.db",
       "stampede tipping-point fleet.yaml --param spec.demand.rate --between 6/s,60/s --param "
       "spec.gateway.max_queue --between 10,200 --points 5"});
  const auto o = std::make_shared<TippingOptions>();
  add_trial_options(command, *o);
  command.option("--param", o->params, "the parameter, as --set names it; twice for a map of two")
      .required()
      .type_name("PATH");
  command
      .option("--between", o->betweens,
              "two values with an outage at one and none at the other; once for each --param")
      .required()
      .type_name("A,B");
  command.flag("--log", o->log, "halve ratios instead of differences");
  command.option("--with", o->policies, "mitigations in all runs, A or A,B; can be repeated")
      .type_name("NAME");
  command.option("--within", o->within, "share of the range that is narrow enough")
      .type_name("SHARE");
  command.option("--points", o->points, "of a map: values of the second parameter")
      .between(2, 1000)
      .type_name("N");
  command.option("--runs-per-point", o->per_point, "runs at one value at most")
      .between(5, 100'000)
      .type_name("N");
  command.runs([o] {
    o->policies = split_names(o->policies);
    return tipping_command(*o);
  });
}

}  // namespace stampede
