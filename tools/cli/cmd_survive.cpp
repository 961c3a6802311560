// stampede survive: which losses a fleet survives, one by one and in pairs.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/value_text.h"
#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/trial_command.h"
#include "tools/experiments/evidence.h"
#include "tools/experiments/headroom.h"
#include "tools/experiments/shown.h"
#include "tools/results/build.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

struct SurviveOptions : TrialOptions {
  std::string at;
  i64 runs = 8;
  bool cold = false, pairs = false;
};

struct Loss {
  std::string name;
  std::vector<std::string> faults;  // entries of a timeline without their time
  std::vector<Trial> trials;
};

// Each region, zone, pool and service of the scenario.
std::vector<Loss> single_losses(const Spec& spec) {
  std::vector<Loss> losses{{"nothing", {}, {}}};
  for (const RegionParams& r : spec.regions)
    losses.push_back({"region " + r.name,
                      {fmt::format("do: push_routing_policy, target: {{region: {}}}, policy: "
                                   "{{export: none}}",
                                   r.name)},
                      {}});
  for (std::size_t r = 0; r < spec.regions.size(); ++r) {
    const std::string& region = spec.regions[r].name;
    const i32 zones = spec.cluster_of(r).zones;
    for (i32 z = 0; zones > 1 && z < zones; ++z)
      losses.push_back({fmt::format("zone {} of {}", z, region),
                        {fmt::format("do: fail_zone, target: {{region: {}, zone: {}}}", region, z)},
                        {}});
    const auto& pools = spec.serving_of(r).pools;
    for (const PoolParams& pool : pools)
      losses.push_back(
          {fmt::format("pool {} of {}", pool.name, region),
           {fmt::format("do: hang_pods, target: {{region: {}, pool: {}}}", region, pool.name)},
           {}});
  }
  for (const ServiceParams& service : spec.services)
    losses.push_back({"service " + service.name,
                      {fmt::format("do: fail_service, service: {}", service.name)},
                      {}});
  return losses;
}

void add_pairs(std::vector<Loss>& losses) {
  const std::size_t singles = losses.size();
  for (std::size_t a = 1; a < singles; ++a)
    for (std::size_t b = a + 1; b < singles; ++b)
      losses.push_back({losses[a].name + ", " + losses[b].name,
                        {losses[a].faults.front(), losses[b].faults.front()},
                        {}});
}

std::string timeline_of(const Loss& loss, const SurviveOptions& o, const std::string& at) {
  std::vector<std::string> entries;
  for (const std::string& fault : loss.faults)
    entries.push_back(fmt::format("{{at: {}, {}}}", at, fault));
  if (o.cold && !loss.faults.empty())
    entries.push_back(fmt::format("{{at: {}, do: lose_cache}}", at));
  return fmt::format("[{}]", fmt::join(entries, ", "));
}

Variation variation_of(const Loss& loss, const SurviveOptions& o, const std::string& at) {
  return {{{"spec.timeline", timeline_of(loss, o, at), "survive"},
           {"spec.operations.steps", "[]", "survive"},
           {"spec.expect", "[]", "survive"}},
          {}};
}

std::size_t outages_of(const Loss& loss) {
  return static_cast<std::size_t>(std::count_if(loss.trials.begin(), loss.trials.end(),
                                                [](const Trial& t) { return t.outage; }));
}

double mean_availability(const Loss& loss) {
  std::vector<double> values;
  for (const Trial& t : loss.trials) values.push_back(t.availability);
  return values.empty() ? 0 : mean_estimate(values).mean;
}

const char* verdict_of(const Loss& loss) {
  const std::size_t outages = outages_of(loss);
  return loss.trials.empty()             ? "not played"
         : outages == 0                  ? "survives"
         : outages == loss.trials.size() ? "falls"
                                         : "sometimes";
}

// When it is lost, within the run. Throws InputError.
std::string time_of_loss(const SurviveOptions& o, const Spec& spec) {
  if (o.at.empty()) return fmt::format("{:.6g}s", spec.duration.seconds() / 6);
  Duration at{};
  std::string wrong = parse_duration(o.at, at);
  if (wrong.empty() && at.ns < 0) wrong = "the run begins at 0s";
  if (wrong.empty() && !(at < spec.duration))
    wrong = fmt::format("the run ends after {:.6g}s", spec.duration.seconds());
  if (!wrong.empty()) throw InputError({{"--at " + o.at, 0, 0, "", wrong, ""}});
  return o.at;
}

std::string own_words(const SurviveOptions& o) {
  return (o.at.empty() ? "" : " --at " + shell_quoted(o.at)) + (o.cold ? " --cold" : "") +
         (o.pairs ? " --pairs" : "") + fmt::format(" --runs {}", o.runs);
}

// Throws InputError where what is left of the run is shorter than an outage.
void require_time_for_an_outage(const SurviveOptions& o, const std::string& at, const Spec& spec) {
  Duration lost{}, outage{};
  parse_duration(at, lost);
  parse_duration(o.outage_after, outage);
  const double left = (spec.duration - lost).seconds();
  if (left < outage.seconds())
    throw InputError({{o.at.empty() ? "--outage-after " + o.outage_after : "--at " + o.at, 0, 0, "",
                       fmt::format("{:.6g}s of the run are left after the loss, too few to tell an "
                                   "outage of {}",
                                   left, o.outage_after),
                       ""}});
}

std::string headroom_text(const std::vector<Headroom>& rows) {
  if (rows.empty()) return "";
  std::vector<std::vector<std::string>> cells{
      {"to go on without", "asked [1/s]", "others serve [1/s]", "more GPUs", "of", "GPU-h a day"}};
  for (const Headroom& h : rows)
    cells.push_back({"region " + h.lost, fmt::format("{:.4g}", h.asked),
                     fmt::format("{:.4g}", h.left), fmt::format("{:.0f}", h.more_gpus),
                     fmt::format("{:.0f}", h.gpus), fmt::format("{:.0f}", h.more_a_day())});
  return "\n" + aligned(cells) +
         "  at spec.demand.rate, every pod at what it is told to take; cold caches and retries "
         "come on "
         "top\n";
}

ordered_json headroom_json(const std::vector<Headroom>& rows) {
  ordered_json out = ordered_json::array();
  for (const Headroom& h : rows)
    out.push_back({{"lost", h.lost},
                   {"asked_per_second", h.asked},
                   {"others_per_second", h.left},
                   {"gpus", h.gpus},
                   {"more_gpus", h.more_gpus},
                   {"gpu_hours_a_day", h.more_a_day()}});
  return out;
}

// Losses that the scenario cannot have are taken out; returns their names. Throws InputError where
// the scenario without a loss is none.
std::vector<std::string> leave_out_impossible(std::vector<Loss>& losses, const Trials& trials,
                                              const SurviveOptions& o, const std::string& at) {
  std::vector<std::string> left_out;
  for (std::size_t k = 0; k < losses.size();)
    if (const auto fault = trials.fault(variation_of(losses[k], o, at))) {
      if (k == 0) throw InputError(*fault);
      left_out.push_back(losses[k].name);
      losses.erase(losses.begin() + static_cast<std::ptrdiff_t>(k));
    } else {
      ++k;
    }
  return left_out;
}

int survive_command(const SurviveOptions& o) {
  TrialSession session(o, "survive");
  const Spec& spec = session.trials().scenario().spec;
  const std::string at = time_of_loss(o, spec);
  require_time_for_an_outage(o, at, spec);
  std::vector<Loss> losses = single_losses(spec);
  const std::vector<std::string> left_out = leave_out_impossible(losses, session.trials(), o, at);
  if (o.pairs) add_pairs(losses);
  for (i64 n = 0; n < o.runs && !session.budget().over(); ++n) {
    std::vector<TrialSession::Question> questions;
    for (const Loss& loss : losses)
      questions.push_back({variation_of(loss, o, at), session.trials().seed() + n});
    const auto answers = session.ask(questions);
    for (std::size_t k = 0; k < losses.size(); ++k)
      if (answers[k] && losses[k].trials.size() == static_cast<std::size_t>(n))
        losses[k].trials.push_back(*answers[k]);
  }
  if (session.nothing_played()) return session.too_short("any loss was played", losses.size());
  if (!o.quiet) narrate(session.spent() + "\n");
  std::vector<std::vector<std::string>> rows{
      {"lost", "verdict", "outages", "probability", "availability"}};
  ordered_json json = ordered_json::array();
  for (const Loss& loss : losses) {
    const Interval share = anytime_share(outages_of(loss), loss.trials.size());
    rows.push_back(
        {loss.name, verdict_of(loss), fmt::format("{} of {}", outages_of(loss), loss.trials.size()),
         percent(share),
         loss.trials.empty() ? "-" : number(mean_availability(loss), shown("ratio")) + " %"});
    json.push_back({{"lost", loss.name},
                    {"verdict", verdict_of(loss)},
                    {"runs", loss.trials.size()},
                    {"outages", outages_of(loss)},
                    {"low", share.low},
                    {"high", share.high},
                    {"availability_ratio",
                     loss.trials.empty() ? ordered_json() : ordered_json(mean_availability(loss))},
                    {"timeline", timeline_of(loss, o, at)}});
  }
  const std::string name = session.trials().scenario().metadata.name;
  if (o.format == "json") {
    const ordered_json out = {{"schema", "stampede.survive/1"},
                              {"version", stampede_version()},
                              {"build", stampede_build()},
                              {"scenario", name},
                              {"command", session.command() + own_words(o)},
                              {"confidence", kConfidence},
                              {"left_out", left_out},
                              {"losses", json},
                              {"headroom", headroom_json(headroom(spec))}};
    print_result(out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
    return kFine;
  }
  std::string text =
      fmt::format(
          "{}: lost {} after the start{}, for good; nobody acts; an outage is {} or more\n\n", name,
          at, o.cold ? ", with all caches" : "", o.outage_after) +
      aligned(rows);
  if (!left_out.empty()) text += "not played: " + listed(left_out) + "\n";
  print_result(text + headroom_text(headroom(spec)));
  return kFine;
}

}  // namespace

void add_survive_command(CommandLine& line) {
  Command command = line.command(
      "survive", "Play the loss of each region, zone, pool and service, and of pairs.",
      {"stampede survive fleet.yaml", "stampede survive fleet.yaml --cold --pairs --budget 30min"});
  const auto o = std::make_shared<SurviveOptions>();
  add_trial_options(command, *o);
  command.option("--at", o->at, "when it is lost; a sixth of the duration without it")
      .type_name("DURATION");
  command.flag("--cold", o->cold, "all caches are lost at the same time");
  command.flag("--pairs", o->pairs, "two losses at once as well");
  command.option("--runs", o->runs, "seeds of each loss at most")
      .between(1, 100'000)
      .type_name("N");
  command.runs([o] { return survive_command(*o); });
}

}  // namespace stampede
