// stampede tipping-point: where on the range of a parameter an outage becomes as likely as not.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/trial_command.h"
#include "tools/experiments/shown.h"
#include "tools/experiments/tipping.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

struct TippingOptions : TrialOptions {
  std::string param, between, within = "1%";
  std::vector<std::string> policies;
  i64 per_point = 40;
  bool log = false;
};

AxisMember range_of(const TippingOptions& o, const Trials& trials) {
  const std::string option = "--between " + o.between;
  const auto comma = o.between.find(',');
  if (comma == std::string::npos || o.between.find(',', comma + 1) != std::string::npos)
    throw InputError({{option, 0, 0, "", "two values are wanted, as in 1GiB,2GiB", ""}});
  return trials.range(o.param, o.between.substr(0, comma), o.between.substr(comma + 1), o.log,
                      option);
}

std::string text_at(const Axis& axis, double at) { return settings_at(axis, at).front().value; }

std::string what_is_said(const TippingOptions& o, const Axis& axis, const Tipping& t) {
  const std::string low = text_at(axis, t.between.low), high = text_at(axis, t.between.high);
  const std::string where = fmt::format(
      "between {} and {} ({:.0f} % sure, if the probability of an outage only {} in "
      "between)",
      low, high, 100 * kConfidence, t.rises ? "rises" : "falls");
  switch (t.end) {
    case TippingEnd::kFound:
      return fmt::format("{} tips {}", o.param, where);
    case TippingEnd::kTooClose:
      return fmt::format(
          "{} tips {}; nearer, an outage is about as likely as not at each of the "
          "points that were tried",
          o.param, where);
    case TippingEnd::kBudget:
      if (t.points.size() < 3) return "the budget was over before both ends were known";
      return fmt::format("{} tips {}; the budget was over before it was known better", o.param,
                         where);
    case TippingEnd::kNoCrossing:
      return fmt::format("no tipping point: an outage is {} likely than not at both ends",
                         t.points.front().side == Side::kAbove ? "more" : "less");
    case TippingEnd::kOpenEnd:
      break;
  }
  return fmt::format("not known: at {} an outage is about as likely as not",
                     text_at(axis, t.points.back().at));
}

std::string tipping_table(const TippingOptions& o, const Axis& axis, const Tipping& t,
                          const std::string& scenario) {
  std::vector<std::vector<std::string>> rows{{o.param, "outages", "probability", ""}};
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
      {"param", o.param},
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
  TrialSession session(o, "tipping-point");
  if (const auto fault = session.trials().fault({{}, o.policies})) throw InputError(*fault);
  Axis axis;
  axis.members.push_back(range_of(o, session.trials()));
  TippingPlan plan;
  plan.per_point = static_cast<std::size_t>(o.per_point);
  plan.jobs = o.jobs;
  Share within{};
  std::string wrong = parse_share(o.within, within);
  if (wrong.empty() && !(within.value > 0 && within.value < 1))
    wrong = "more than 0 and less than 100 % is expected";
  if (!wrong.empty()) throw InputError({{"--within " + o.within, 0, 0, "", wrong, ""}});
  plan.within = within.value;
  const Tipping tipping = find_tipping(plan, [&](double at, std::size_t n) -> std::optional<bool> {
    const Variation change{{{o.param, text_at(axis, at), "--between"}}, o.policies};
    const auto trial = session.play(change, session.trials().seed() + static_cast<i64>(n));
    return trial ? std::optional(trial->outage) : std::nullopt;
  });
  const std::string name = session.trials().scenario().metadata.name;
  if (!o.quiet) narrate(session.spent() + "\n");
  std::string command = session.command() + " --param " + shell_quoted(o.param) + " --between " +
                        shell_quoted(o.between);
  for (const std::string& policy : o.policies) command += " --with " + policy;
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
       "--out tip.db"});
  const auto o = std::make_shared<TippingOptions>();
  add_trial_options(command, *o);
  command.option("--param", o->param, "the parameter, as --set names it")
      .required()
      .type_name("PATH");
  command.option("--between", o->between, "two values with an outage at one and none at the other")
      .required()
      .type_name("A,B");
  command.flag("--log", o->log, "halve ratios instead of differences");
  command.option("--with", o->policies, "a mitigation in all runs; can be repeated")
      .type_name("NAME");
  command.option("--within", o->within, "share of the range that is narrow enough")
      .type_name("SHARE");
  command.option("--runs-per-point", o->per_point, "runs at one value at most")
      .between(5, 100'000)
      .type_name("N");
  command.runs([o] { return tipping_command(*o); });
}

}  // namespace stampede
