// stampede reopen: how fast what was closed may be opened again without a relapse.
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

struct ReopenOptions : TrialOptions {
  std::string at, closed = "5min", lengths;  // no lengths: those of kLengths that fit
  std::vector<std::string> steps;
  i64 runs = 8;
};

constexpr double kLengths[] = {0, 120, 300, 600, 1200};  // s

// One ramp of one place.
struct Ramp {
  Variation change;
  double planned = 0;  // s of closure and ramp
  std::size_t runs = 0, relapses = 0;
  Interval share() const { return anytime_share(relapses, runs); }
};

struct Place {
  std::string name;
  std::optional<std::size_t> region;  // absent: all of them
  bool cold = false;
  std::vector<Ramp> ramps;  // by length
};

double seconds_of(const char* option, const std::string& text) {
  Duration d{};
  std::string wrong = parse_duration(text, d);
  if (wrong.empty() && d.ns < 0) wrong = "must not be negative";
  if (!wrong.empty()) throw InputError({{std::string(option) + " " + text, 0, 0, "", wrong, ""}});
  return d.seconds();
}

std::vector<double> lengths_of(const ReopenOptions& o) {
  std::vector<double> lengths;
  for (std::size_t from = 0; from <= o.lengths.size();) {
    const std::size_t to = std::min(o.lengths.find(',', from), o.lengths.size());
    lengths.push_back(seconds_of("--lengths", o.lengths.substr(from, to - from)));
    from = to + 1;
  }
  for (std::size_t k = 1; k < lengths.size(); ++k)
    if (lengths[k] <= lengths[k - 1])
      throw InputError({{"--lengths " + o.lengths, 0, 0, "", "the shorter ramp comes first", ""}});
  return lengths;
}

// Shares that are let in, one step after another; those of the output checks' breaker if none are
// given.
std::vector<double> steps_of(const ReopenOptions& o, const Spec& spec) {
  std::vector<double> steps;
  for (const Share& s : spec.safety.ramp_steps)
    if (o.steps.empty() && s.value < 1) steps.push_back(s.value);
  for (const std::string& text : o.steps) {
    Share share{};
    std::string wrong = parse_share(text, share);
    if (wrong.empty() && !(share.value > (steps.empty() ? 0 : steps.back()) && share.value < 1))
      wrong = "each step lets in more than the one before, and less than all";
    if (!wrong.empty()) throw InputError({{"--step " + text, 0, 0, "", wrong, ""}});
    steps.push_back(share.value);
  }
  if (steps.empty())
    throw InputError({{"spec.safety.ramp_steps", 0, 0, "", "has no step below 100 %", "--step"}});
  return steps;
}

struct Opening {
  double at, closed;
  std::vector<double> steps, lengths;
};

// What is stored of conversations, and what callers of services keep.
std::vector<std::string> cold_entries(double at, const std::string& target, const Spec& spec) {
  std::vector<std::string> entries{fmt::format("{{at: {:.6g}s, {}do: lose_cache}}", at, target)};
  for (const ServiceUseParams& use : spec.uses)
    if (use.cache.size > 0)
      entries.push_back(
          fmt::format("{{at: {:.6g}s, {}do: lose_cache, use: {}}}", at, target, use.name));
  return entries;
}

Variation variation_of(const Place& place, double length, const Opening& opening,
                       const Spec& spec) {
  const std::string target =
      place.region ? fmt::format("target: {{region: {}}}, ", spec.regions[*place.region].name) : "";
  std::vector<std::string> entries;
  if (place.cold) entries = cold_entries(opening.at, target, spec);
  const auto shed = [&](double at, double share, double during) {
    entries.push_back(fmt::format("{{at: {:.6g}s, {}do: shed, share: {:.6g}%, for: {:.6g}s}}", at,
                                  target, 100 * share, during));
  };
  if (opening.closed > 0) shed(opening.at, 1, opening.closed);
  const double each = length / static_cast<double>(opening.steps.size());
  for (std::size_t k = 0; length > 0 && k < opening.steps.size(); ++k)
    shed(opening.at + opening.closed + static_cast<double>(k) * each, 1 - opening.steps[k], each);
  return {{{"spec.timeline", fmt::format("[{}]", fmt::join(entries, ", ")), "reopen"},
           {"spec.operations.steps", "[]", "reopen"},
           {"spec.expect", "[]", "reopen"}},
          {}};
}

std::vector<Place> places_of(const Spec& spec, const Opening& opening) {
  std::vector<Place> places;
  for (const bool cold : {false, true}) {
    for (std::size_t r = 0; spec.regions.size() > 1 && r < spec.regions.size(); ++r)
      places.push_back({"region " + spec.regions[r].name, r, cold, {}});
    places.push_back({"everything", std::nullopt, cold, {}});
  }
  for (Place& place : places)
    for (const double length : opening.lengths) {
      place.ramps.emplace_back();
      place.ramps.back().change = variation_of(place, length, opening, spec);
      place.ramps.back().planned = opening.closed + length;
    }
  return places;
}

// A relapse: down for longer than the closure and the ramp by an outage.
bool relapsed(const Place& place, const Ramp& ramp, const Trial& trial, double outage) {
  const double down = place.region ? trial.region_downtime[*place.region] : trial.downtime_seconds;
  return down >= ramp.planned + outage;
}

// The shortest ramp that, as all longer ones, had no relapse; absent: none or not played.
std::optional<std::size_t> fastest(const Place& place) {
  std::optional<std::size_t> found;
  for (std::size_t k = place.ramps.size(); k-- > 0;) {
    if (place.ramps[k].runs == 0 || place.ramps[k].relapses > 0) break;
    found = k;
  }
  return found;
}

std::string length_text(double seconds) {
  return seconds == 0 ? "at once" : number(seconds, shown("s")) + " min";
}

std::string fastest_text(const Place& place, const Opening& opening) {
  const auto k = fastest(place);
  if (!k) return place.ramps.back().runs == 0 ? "not played" : "none of these";
  return length_text(opening.lengths[*k]) + " " + percent(place.ramps[*k].share());
}

ordered_json json_of(const Place& place, const Opening& opening) {
  ordered_json ramps = ordered_json::array();
  for (std::size_t k = 0; k < place.ramps.size(); ++k) {
    const Ramp& ramp = place.ramps[k];
    ramps.push_back({{"length_seconds", opening.lengths[k]},
                     {"runs", ramp.runs},
                     {"relapses", ramp.relapses},
                     {"low", ramp.share().low},
                     {"high", ramp.share().high},
                     {"timeline", ramp.change.sets.front().value}});
  }
  const auto k = fastest(place);
  return {{"place", place.name},
          {"cold", place.cold},
          {"fastest_seconds", k ? ordered_json(opening.lengths[*k]) : ordered_json(nullptr)},
          {"ramps", ramps}};
}

std::string table_of(const std::vector<Place>& places, const Opening& opening) {
  std::vector<std::vector<std::string>> rows{{"opened again", "caches"}};
  for (const double length : opening.lengths) rows[0].push_back(length_text(length));
  rows[0].push_back("fastest without a relapse");
  for (const Place& place : places) {
    std::vector<std::string> row{place.name, place.cold ? "cold" : "warm"};
    for (const Ramp& ramp : place.ramps)
      row.push_back(fmt::format("{} of {}", ramp.relapses, ramp.runs));
    row.push_back(fastest_text(place, opening));
    rows.push_back(std::move(row));
  }
  return aligned(rows);
}

// `least`: when a relapse after no ramp at all is seen [s].
void require_time_for_a_relapse(const ReopenOptions& o, const Spec& spec, double least,
                                const std::vector<double>& lengths) {
  const double end = spec.duration.seconds(),
               needed = least + (lengths.empty() ? 0 : lengths.back());
  if (needed <= end && !lengths.empty()) return;
  const std::string longer = fmt::format("--set spec.duration={:.6g}s", needed);
  throw InputError(
      {{lengths.empty() ? "--closed " + o.closed : "--lengths " + o.lengths, 0, 0, "",
        fmt::format("a relapse after {} would be seen {:.6g}s after the start, the run ends after "
                    "{:.6g}s; {} or {}",
                    lengths.empty() ? "no ramp at all" : "the longest ramp", needed, end,
                    least <= end ? fmt::format("ramps of up to {:.6g}s fit, or a smaller --at, "
                                               "--closed or --outage-after,",
                                               end - least)
                                 : "give a smaller --at, --closed or --outage-after,",
                    longer),
        ""}});
}

std::string lengths_text(const Opening& opening) {
  std::vector<std::string> lengths;
  for (const double length : opening.lengths) lengths.push_back(fmt::format("{:.6g}s", length));
  return fmt::format("{}", fmt::join(lengths, ","));
}

Opening opening_of(const ReopenOptions& o, const Spec& spec) {
  Opening opening;
  opening.at = o.at.empty() ? spec.duration.seconds() / 6 : seconds_of("--at", o.at);
  opening.closed = seconds_of("--closed", o.closed);
  if (opening.at >= spec.duration.seconds())
    throw InputError({{"--at " + o.at, 0, 0, "",
                       fmt::format("the run ends after {:.6g}s", spec.duration.seconds()), ""}});
  opening.steps = steps_of(o, spec);
  const double least = opening.at + opening.closed + seconds_of("--outage-after", o.outage_after);
  if (o.lengths.empty()) {
    for (const double length : kLengths)
      if (least + length <= spec.duration.seconds()) opening.lengths.push_back(length);
  } else {
    opening.lengths = lengths_of(o);
  }
  require_time_for_a_relapse(o, spec, least, opening.lengths);
  return opening;
}

void play(const ReopenOptions& o, TrialSession& session, std::vector<Place>& places) {
  const double outage = seconds_of("--outage-after", o.outage_after);
  for (i64 n = 0; n < o.runs && !session.budget().over(); ++n) {
    std::vector<TrialSession::Question> questions;
    for (const Place& place : places)
      for (const Ramp& ramp : place.ramps)
        questions.push_back({ramp.change, session.trials().seed() + n});
    const auto answers = session.ask(questions);
    auto answer = answers.begin();
    for (Place& place : places)
      for (Ramp& ramp : place.ramps) {
        if (*answer && ramp.runs == static_cast<std::size_t>(n)) {
          ++ramp.runs;
          ramp.relapses += relapsed(place, ramp, **answer, outage);
        }
        ++answer;
      }
  }
}

std::string own_words(const ReopenOptions& o, const Opening& opening) {
  std::string words = (o.at.empty() ? "" : " --at " + shell_quoted(o.at)) + " --closed " +
                      shell_quoted(o.closed) + " --lengths " +
                      shell_quoted(o.lengths.empty() ? lengths_text(opening) : o.lengths);
  for (const std::string& step : o.steps) words += " --step " + shell_quoted(step);
  return words + fmt::format(" --runs {}", o.runs);
}

int reopen_command(const ReopenOptions& o) {
  TrialSession session(o, "reopen");
  const Spec& spec = session.trials().scenario().spec;
  const Opening opening = opening_of(o, spec);
  std::vector<Place> places = places_of(spec, opening);
  for (const Place& place : places)  // before anything is played
    if (const auto fault = session.trials().fault(place.ramps.back().change))
      throw InputError(*fault);
  play(o, session, places);
  if (session.nothing_played())
    return session.too_short("any ramp was played", places.size() * opening.lengths.size());
  if (!o.quiet) narrate(session.spent() + "\n");
  const std::string name = session.trials().scenario().metadata.name;
  std::vector<std::string> steps;
  for (const double s : opening.steps) steps.push_back(fmt::format("{:.3g} %", 100 * s));
  if (o.format == "json") {
    ordered_json rows = ordered_json::array();
    for (const Place& place : places) rows.push_back(json_of(place, opening));
    const ordered_json out = {{"schema", "stampede.reopen/1"},
                              {"version", stampede_version()},
                              {"build", stampede_build()},
                              {"scenario", name},
                              {"command", session.command() + own_words(o, opening)},
                              {"confidence", kConfidence},
                              {"closed_seconds", opening.closed},
                              {"steps", opening.steps},
                              {"places", rows}};
    print_result(out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
    return kFine;
  }
  print_result(
      fmt::format("{}: closed {:.6g}s after the start for {:.6g}s, then a ramp by {}; nobody "
                  "acts;\nruns that are down for {} longer than that, by the ramp's length\n\n",
                  name, opening.at, opening.closed, listed(steps), o.outage_after) +
      table_of(places, opening));
  return kFine;
}

}  // namespace

void add_reopen_command(CommandLine& line) {
  Command command = line.command(
      "reopen", "Find the fastest ramp by which a closed region, or all of them, does not relapse.",
      {"stampede reopen fleet.yaml",
       "stampede reopen fleet.yaml --closed 15min --lengths 0s,10min,1h"});
  const auto o = std::make_shared<ReopenOptions>();
  add_trial_options(command, *o);
  command.option("--at", o->at, "when it is closed; a sixth of the duration without it")
      .type_name("DURATION");
  command.option("--closed", o->closed, "for how long nobody is let in").type_name("DURATION");
  command
      .option(
          "--lengths", o->lengths,
          "lengths of the ramp, the shortest first; without it those of 0s, 2min, 5min, 10min and "
          "20min that fit into the run")
      .type_name("D,D,...");
  command
      .option(
          "--step", o->steps,
          "share that a step lets in; can be repeated; those of spec.safety.ramp_steps without it")
      .type_name("SHARE");
  command.option("--runs", o->runs, "seeds of each ramp at most")
      .between(1, 100'000)
      .type_name("N");
  command.runs([o] { return reopen_command(*o); });
}

}  // namespace stampede
