#include "tools/cli/trial_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "sim/value_text.h"
#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/experiments/run_record.h"

namespace stampede {

TrialOptions::TrialOptions()
    : jobs(static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))) {}

void add_trial_options(Command& command, TrialOptions& o) {
  command.option("file", o.file, "scenario (YAML or JSON)").required().type_name("FILE");
  command.option("--set", o.sets, "change one value in all runs; can be repeated")
      .type_name("PATH=VALUE");
  command.option("--budget", o.budget, "wall time that may be used").type_name("DURATION");
  command.option("--outage-after", o.outage_after, "downtime that counts as an outage")
      .type_name("DURATION");
  command.option("--seed", o.seed, "the first seed").type_name("N");
  add_allow_path(command, o.allow);
  command.option("--jobs", o.jobs, "runs at a time").between(1, 4096).type_name("N");
  command.option("--out", o.out, "keep the runs in this SQLite file; goes on from it")
      .type_name("DB");
  command.option("--format", o.format, "table or json").one_of({"table", "json"});
  command.flag("-q,--quiet", o.quiet, "no progress");
}

namespace {

std::string words(const TrialOptions& o, const std::string& verb) {
  std::string command = "stampede " + verb + " " + shell_quoted(o.file);
  for (const std::string& set : o.sets) command += " --set " + shell_quoted(set);
  return command + allow_path_words(o.allow);
}

Duration outage_after(const TrialOptions& o) {
  Duration duration{};
  if (const std::string wrong = parse_duration(o.outage_after, duration); !wrong.empty())
    throw InputError({{"--outage-after " + o.outage_after, 0, 0, "", wrong, ""}});
  if (duration.ns <= 0)
    throw InputError({{"--outage-after " + o.outage_after, 0, 0, "", "must be above zero", ""}});
  return duration;
}

}  // namespace

TrialSession::TrialSession(const TrialOptions& o, const std::string& question)
    : options_(o), question_(question), budget_("--budget", o.budget), terminal_(::isatty(2)) {
  std::vector<Override> sets;
  for (const std::string& set : o.sets) sets.push_back(parse_set(set));
  if (o.seed) sets.push_back({"spec.seed", std::to_string(*o.seed), "--seed"});
  trials_ = std::make_unique<Trials>(PolicyBase{read_source(o.file), sets, around(o.file, o.allow)},
                                     question, o.out, words(o, "run"), outage_after(o));
  const Duration run = trials_->scenario().spec.duration;
  if (outage_after(o) > run)
    throw InputError(
        {{"--outage-after " + o.outage_after, 0, 0, "",
          fmt::format("no outage is as long: the run ends after {:.6g}s", run.seconds()), ""}});
}

TrialSession::~TrialSession() {
  if (drawn_) draw("\r\033[K");
}

std::string TrialSession::command() const {
  std::string command = words(options_, question_);
  if (options_.outage_after != "10min") command += " --outage-after " + options_.outage_after;
  if (options_.budget != "10min") command += " --budget " + options_.budget;
  return command + fmt::format(" --seed {}", trials_->seed());
}

void TrialSession::stop() {
  const std::lock_guard lock(mutex_);
  if (!options_.out.empty() && !told_) {
    told_ = true;
    narrate(
        fmt::format("stampede: interrupted; {} finished runs are in {}, the same command goes "
                    "on from there\n",
                    trials_->played() + trials_->reused(), options_.out));
  }
  throw Interrupted{!options_.out.empty()};
}

std::optional<Trial> TrialSession::play(const Variation& change, i64 seed) {
  if (budget_.over()) return std::nullopt;
  try {
    const auto trial = trials_->play(change, seed, [&](double simulated) {
      reached(simulated);
      return !interrupted() && !budget_.over();
    });
    if (interrupted()) stop();
    if (trial) show();
    return trial;
  } catch (const FailedRun& failed) {
    throw BrokenRun{failed.error, failed.command, 0, failed.seed};
  }
}

std::vector<std::optional<Trial>> TrialSession::ask(const std::vector<Question>& questions) {
  std::vector<std::optional<Trial>> answers(questions.size());
  for_each_parallel(questions.size(), options_.jobs, [&](std::size_t k) {
    try {
      answers[k] = play(questions[k].change, questions[k].seed);
    } catch (const InputError&) {
      const std::lock_guard lock(mutex_);
      ++impossible_;
    }
  });
  return answers;
}

void TrialSession::reached(double simulated_seconds) {
  const std::lock_guard lock(mutex_);
  furthest_ = std::max(furthest_, simulated_seconds / trials_->scenario().spec.duration.seconds());
}

int TrialSession::too_short(const std::string& before, std::size_t runs) const {
  const double needed = budget_.needed(runs, options_.jobs, trials_->played(), furthest_);
  const std::string least = runs == 1 ? "a run" : fmt::format("{} runs", runs);
  narrate(fmt::format(
      "stampede: the budget of {} was over before {}\n{}\n", options_.budget, before,
      needed > 0 ? fmt::format("{} take{} about {:.0f} s on this machine: --budget "
                               "{:.0f}s is the least",
                               least, runs == 1 ? "s" : "", std::ceil(needed), std::ceil(needed))
                 : fmt::format("no run had begun; {} {} the least that is wanted", least,
                               runs == 1 ? "is" : "are")));
  return kRunsFailed;
}

std::string TrialSession::spent() const {
  std::string text = fmt::format("{} runs", trials_->played());
  if (trials_->reused() > 0) text += fmt::format(" and {} from before", trials_->reused());
  return text + fmt::format(", {:.0f} s of {}", budget_.used(), options_.budget);
}

void TrialSession::show() {
  if (options_.quiet) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  const auto period =
      terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(60'000);
  if (now - shown_ < period) return;
  shown_ = now;
  const std::string text = fmt::format("{} runs, {:.0f} s of the budget left", trials_->played(),
                                       std::max(0.0, budget_.left()));
  if (!terminal_) return narrate(text + "\n");
  draw("\r" + text + "\033[K");
  drawn_ = true;
}

}  // namespace stampede
