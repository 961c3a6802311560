// stampede sweep: many runs of one scenario, on this machine or by a batch engine.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <thread>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/cli/sweep_progress.h"
#include "tools/experiments/other_builds.h"
#include "tools/experiments/plan_file.h"
#include "tools/experiments/run_file.h"
#include "tools/experiments/slurm.h"
#include "tools/experiments/sweep_run.h"
#include "tools/experiments/sweep_table.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

constexpr std::size_t kMostTasks = 1000;  // Slurm's MaxArraySize is 1001 unless a site changes it
constexpr int kSubmissions = 3;           // of runs that a job array did not bring

struct SweepOptions {
  std::string file, out, plan, run_index, shard, engine, program;
  std::vector<std::string> allow;
  int jobs = 0;
  bool resume = false, merge = false, retry_failed = false, quiet = false;
  bool keep_other_builds = false;
  std::string runs_directory() const { return out + ".runs"; }
  std::string plan_path() const { return runs_directory() + "/plan"; }
};

[[noreturn]] void usage(const std::string& option, const std::string& message) {
  throw InputError({{option, 0, 0, "", message, ""}});
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::map<std::string, RunStatus> statuses_anywhere(const SweepOptions& o) {
  std::map<std::string, RunStatus> found = RunFiles(o.out).statuses();
  if (!exists(o.out)) return found;
  for (const auto& [id, status] : Store(o.out).statuses())
    if (status == RunStatus::kDone || !found.contains(id)) found[id] = status;
  return found;
}

// The plan as far as it is known: with the rounds that results so far asked for.
Plan known_plan(const SweepOptions& o, const Sweep& sweep) {
  if (auto plan = read_plan(o.plan_path(), sweep)) return std::move(*plan);
  return first_round(sweep, o.jobs);
}

std::vector<std::size_t> missing(const SweepOptions& o, const Plan& plan,
                                 const std::map<std::string, RunStatus>& there) {
  std::vector<std::size_t> indices;
  for (const PlannedRun& run : plan.runs) {
    const auto it = there.find(run.id);
    if (it == there.end() || (o.retry_failed && it->second == RunStatus::kFailed))
      indices.push_back(run.index);
  }
  return indices;
}

// Looks for runs of other builds and says how many there are, unless there are `known` ones.
OtherBuilds look_for_other_builds(const SweepOptions& o, const Sweep& sweep, Plan& plan,
                                  Store& store, std::size_t known = 0) {
  OtherBuilds found = other_builds(plan, store, sweep.build(), o.keep_other_builds);
  std::map<std::string, std::size_t> counts;
  for (const auto& [run, build] : found) ++counts[build];
  if (found.size() != known) narrate(other_builds_text(counts, o.out, o.keep_other_builds));
  return found;
}

Store open_store(const SweepOptions& o) {
  Store store(o.out);
  if (store.without_build() > 0)
    narrate(
        fmt::format("stampede: {} was written before builds were recorded: its {} runs count "
                    "as those of another build, and cannot be kept for runs of this one\n",
                    o.out, store.without_build()));
  return store;
}

int print_plan(const SweepOptions& o, const Sweep& sweep) {
  Plan plan = known_plan(o, sweep);
  OtherBuilds others;
  if (exists(o.out)) {
    Store store = open_store(o);
    others = look_for_other_builds(o, sweep, plan, store);
  }
  const auto there = statuses_anywhere(o);
  std::string text;
  if (o.plan == "table") text = plan_table(plan, there, others);
  if (o.plan == "ids")
    for (const PlannedRun& run : plan.runs) text += run.own_id + "\n";
  if (o.plan == "missing")
    for (const std::size_t index : missing(o, plan, there)) text += std::to_string(index) + "\n";
  print_result(text);
  if (plan.repeated > 0 && !o.quiet)
    narrate(fmt::format("{} runs are the same as earlier ones and are made once\n", plan.repeated));
  return kFine;
}

[[noreturn]] void stop_at_interrupt(const SweepOptions& o) {
  if (!o.quiet)
    narrate("stampede: interrupted; what has ended is kept, the same command goes on from there\n");
  throw Interrupted{true};
}

// Runs with these indices, each to a file of its own.
int run_to_files(const SweepOptions& o, const Sweep& sweep, Plan plan,
                 std::vector<std::size_t> indices, int jobs) {
  RunFiles files(o.out);
  if (o.keep_other_builds && exists(o.out)) {
    Store store = open_store(o);
    look_for_other_builds(o, sweep, plan, store);
    std::erase_if(indices, [&](std::size_t index) { return plan.runs[index].kept(); });
  }
  SweepProgress progress(o.quiet);
  progress.plan(indices.size(), 0);
  std::size_t failed = 0;
  SweepWatch watch;
  watch.retry_failed = o.retry_failed;
  watch.go_on = [] { return !interrupted(); };
  watch.ended = [&](bool run_failed) {
    failed += run_failed;
    progress.ended(run_failed);
  };
  if (!make_runs(sweep, plan, indices, files, nullptr, jobs, watch)) stop_at_interrupt(o);
  if (failed > 0) narrate(fmt::format("stampede: {} runs failed\n", failed));
  return failed > 0 ? kRunsFailed : kFine;
}

int run_index(const SweepOptions& o, const Sweep& sweep) {
  auto plan = read_plan(o.plan_path(), sweep);
  if (!plan) plan = first_round(sweep, o.jobs);
  std::size_t index = plan->runs.size();
  const char* end = o.run_index.data() + o.run_index.size();
  const auto [after, error] = std::from_chars(o.run_index.data(), end, index);
  if (error != std::errc() || after != end || o.run_index.size() == 16) {
    const auto run = std::find_if(plan->runs.begin(), plan->runs.end(),
                                  [&](const PlannedRun& r) { return r.own_id == o.run_index; });
    index = static_cast<std::size_t>(run - plan->runs.begin());
    if (index == plan->runs.size())
      usage("--run-index " + o.run_index, "no run of the plan has this index or id");
  }
  if (index >= plan->runs.size())
    usage("--run-index " + o.run_index,
          fmt::format("the plan has {} runs, the first is 0", plan->runs.size()));
  return run_to_files(o, sweep, *plan, {index}, 1);
}

int run_shard(const SweepOptions& o, const Sweep& sweep) {
  std::size_t shard = 0, shards = 0;
  const char* end = o.shard.data() + o.shard.size();
  const auto slash = std::from_chars(o.shard.data(), end, shard);
  const bool well_formed = slash.ec == std::errc() && slash.ptr != end && *slash.ptr == '/' &&
                           std::from_chars(slash.ptr + 1, end, shards).ptr == end;
  if (!well_formed || shard >= shards)
    usage("--shard " + o.shard, "I/N is wanted, I from 0 to N-1: 0/4, 1/4, 2/4, 3/4");
  const Plan plan = known_plan(o, sweep);
  std::vector<std::size_t> indices;
  for (std::size_t i = shard; i < plan.runs.size(); i += shards) indices.push_back(i);
  return run_to_files(o, sweep, plan, indices, o.jobs);
}

// Scalars that decide about rounds must exist, or a misspelt one would stop the sweep for good.
void check_scalars(const Sweep& sweep, Store& store) {
  const std::vector<std::string> names = store.scalar_names();
  if (names.empty()) return;
  const auto check = [&](const std::string& name, const char* place) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw sweep.fault(place, "no run has a scalar of this name" + suggestion(name, names));
  };
  if (sweep.spec().stop) check(sweep.spec().stop->scalar, "spec.stop.scalar");
  if (sweep.spec().refine) check(sweep.spec().refine->scalar, "spec.refine.scalar");
}

std::vector<Store::Place> places(const Plan& plan) {
  std::vector<Store::Place> found;
  for (const PlannedRun& run : plan.runs)
    found.push_back({run.id, static_cast<i64>(run.index), static_cast<i64>(run.point)});
  return found;
}

// Makes the missing runs of a round, and says whether all of them came about.
using MakeRound = std::function<bool(const Plan& plan, const std::vector<std::size_t>& indices)>;

// Round after round until the plan is complete, then prints the table.
int all_rounds(const SweepOptions& o, const Sweep& sweep, Plan plan, Store& store,
               SweepProgress& progress, const MakeRound& make_round) {
  const std::string& name = sweep.file().metadata.name;
  bool complete = true;
  std::size_t others = 0;
  do {
    others = look_for_other_builds(o, sweep, plan, store, others).size();
    store.place(name, sweep.build(), places(plan), false);
    const auto there = store.statuses();
    const auto indices = missing(o, plan, there);
    progress.plan(plan.runs.size(), plan.runs.size() - indices.size());
    complete = indices.empty() || make_round(plan, indices);
    check_scalars(sweep, store);
  } while (complete && add_round(sweep, plan, run_values(store), o.jobs));
  store.place(name, sweep.build(), places(plan), complete);
  if (!o.quiet) progress.show(true);
  print_result(sweep_table(sweep, plan, store));
  if (!complete)
    narrate(
        fmt::format("stampede: runs are missing; `stampede sweep {} --out {} --plan=missing` "
                    "lists them\n",
                    shell_quoted(o.file), shell_quoted(o.out)));
  return complete && store.failures(name).empty() ? kFine : kRunsFailed;
}

int run_here(const SweepOptions& o, const Sweep& sweep) {
  Plan plan = first_round(sweep, o.jobs);
  if (!plan.runs.empty())
    check_world(sweep.scenario(plan.points[plan.runs[0].point], plan.runs[0].seed));
  Store store = open_store(o);
  Claims claims(o.out + ".lock");
  SweepProgress progress(o.quiet);
  SweepWatch watch;
  watch.retry_failed = o.retry_failed;
  watch.go_on = [] { return !interrupted(); };
  watch.ended = [&](bool failed) { progress.ended(failed); };
  return all_rounds(o, sweep, std::move(plan), store, progress,
                    [&](const Plan& now, const std::vector<std::size_t>& indices) {
                      if (!make_runs(sweep, now, indices, store, &claims, o.jobs, watch))
                        stop_at_interrupt(o);
                      return true;
                    });
}

int merge(const SweepOptions& o, const Sweep& sweep) {
  Plan plan = known_plan(o, sweep);
  RunFiles files(o.out);
  Store store = open_store(o);
  const std::size_t merged = files.merge(store);
  SweepProgress progress(true);
  const int code = all_rounds(o, sweep, std::move(plan), store, progress,
                              [&](const Plan& now, const std::vector<std::size_t>&) {
                                // For the tasks that are to make what is missing, a new round
                                // perhaps.
                                if (exists(files.directory()))
                                  write_plan(o.plan_path(), sweep, now);
                                return false;
                              });
  if (!o.quiet) narrate(fmt::format("{} runs merged\n", merged));
  return code;
}

// Waits until the job has left the queue; false when the sweep was interrupted meanwhile.
bool wait_for(const std::string& job, const Plan& plan, RunFiles& files, SweepProgress& progress) {
  for (int poll = 0;; ++poll) {
    if (interrupted()) return false;
    if (poll % 10 == 0) {
      const auto there = files.statuses();
      std::size_t done = 0, failed = 0;
      for (const PlannedRun& run : plan.runs)
        if (const auto it = there.find(run.id); it != there.end()) {
          ++done;
          failed += it->second == RunStatus::kFailed;
        }
      progress.now_there(done, failed);
      if (done == plan.runs.size() || !in_queue(job)) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

int run_by_slurm(const SweepOptions& o, const Sweep& sweep) {
  Plan plan = known_plan(o, sweep);
  if (!plan.runs.empty())
    check_world(sweep.scenario(plan.points[plan.runs[0].point], plan.runs[0].seed));
  RunFiles files(o.out);
  Store store = open_store(o);
  files.merge(store);
  SweepProgress progress(o.quiet);
  const std::string program =
      o.program.empty() ? std::filesystem::read_symlink("/proc/self/exe").string() : o.program;
  const MakeRound round = [&](const Plan& now, std::vector<std::size_t> indices) {
    write_plan(o.plan_path(), sweep, now);  // tries whether the directory can be written
    for (int k = 0; k < kSubmissions && !indices.empty(); ++k) {
      const SlurmArray array{
          program, o.file, o.out, sweep.file().metadata.name, tasks_of(indices, kMostTasks),
          o.allow};
      const std::string job = submit(array);
      if (!o.quiet)
        narrate(
            fmt::format("job {}: {} runs in {} tasks\n", job, indices.size(), array.tasks.size()));
      if (!wait_for(job, now, files, progress)) {
        cancel(job);
        stop_at_interrupt(o);
      }
      files.merge(store);
      indices = missing(o, now, store.statuses());
    }
    return indices.empty();
  };
  return all_rounds(o, sweep, std::move(plan), store, progress, round);
}

int sweep_command(SweepOptions& o) {
  const int ways =
      !o.plan.empty() + !o.run_index.empty() + !o.shard.empty() + !o.engine.empty() + o.merge;
  if (ways > 1) usage("sweep", "choose one of --plan, --run-index, --shard, --merge and --engine");
  if (o.out.empty()) o.out = std::filesystem::path(o.file).stem().string() + ".db";
  if (o.jobs == 0) o.jobs = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const Sweep sweep(o.file, o.allow);
  if (o.resume && !exists(o.out) && !exists(o.runs_directory()))
    usage("--resume", fmt::format("there is no {} to go on with", o.out));
  if (!o.plan.empty()) return print_plan(o, sweep);
  if (!o.run_index.empty()) return run_index(o, sweep);
  if (!o.shard.empty()) return run_shard(o, sweep);
  if (o.merge) return merge(o, sweep);
  return o.engine == "slurm" ? run_by_slurm(o, sweep) : run_here(o, sweep);
}

}  // namespace

void add_sweep_command(CommandLine& line) {
  Command command = line.command(
      "sweep", "Make the runs of a sweep file and keep their results in one SQLite file.",
      {"stampede sweep retries.yaml --out retries.db   # all cores; again: only what is missing",
       "stampede sweep retries.yaml --plan             # what would be run",
       "stampede sweep retries.yaml --engine slurm     # as a job array of Slurm",
       "stampede sweep retries.yaml --run-index 7      # one run, to a file: any other engine",
       "stampede sweep retries.yaml --merge            # bring such files together"});
  const auto o = std::make_shared<SweepOptions>();
  command.option("file", o->file, "sweep file (YAML)").required().type_name("FILE");
  command.option("--out", o->out, "SQLite file of the results; the sweep file's name with .db")
      .type_name("DB");
  add_allow_path(command, o->allow);
  command.option("--jobs", o->jobs, "runs at a time; all cores without it")
      .between(1, 4096)
      .type_name("N");
  command.flag("--resume", o->resume, "go on with a store, which must be there");
  command.flag("--retry-failed", o->retry_failed, "make runs again that failed");
  command.flag("--keep-other-builds", o->keep_other_builds,
               "take runs that another build of the program made as they are");
  command
      .flag("--plan{table}", o->plan,
            "print the runs; --plan=ids: their ids; --plan=missing: indices of those to do")
      .one_of({"table", "ids", "missing"});
  command.option("--run-index", o->run_index, "make one run, by index or id, to a file")
      .type_name("N");
  command.option("--shard", o->shard, "make every N-th run from the I-th on, to files")
      .type_name("I/N");
  command.flag("--merge", o->merge, "bring files of runs into the store");
  command.option("--engine", o->engine, "where runs are made: local or slurm")
      .one_of({"local", "slurm"});
  command.option("--program", o->program, "with --engine: path of stampede on the nodes")
      .type_name("PATH");
  command.flag("-q,--quiet", o->quiet, "no progress");
  command.runs([o] { return sweep_command(*o); });
}

}  // namespace stampede
