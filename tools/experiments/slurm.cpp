#include "tools/experiments/slurm.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/language/diagnostics.h"
#include "tools/results/output_directory.h"
#include "tools/results/shell.h"

namespace stampede {
namespace {

struct Finished {
  int exit_code = 0;
  std::string output;  // of both streams
};

Finished run_command(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return {127, std::strerror(errno)};
  Finished finished;
  char buffer[1024];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    finished.output.append(buffer, n);
  const int status = ::pclose(pipe);
  finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  while (finished.output.ends_with('\n')) finished.output.pop_back();
  return finished;
}

constexpr const char* kScriptBegins = "#!/bin/bash\n#SBATCH --job-name=";

std::string directory_of(const SlurmArray& array) { return array.store + ".slurm"; }

}  // namespace

std::vector<std::vector<std::size_t>> tasks_of(const std::vector<std::size_t>& runs,
                                               std::size_t most) {
  std::vector<std::vector<std::size_t>> tasks(std::min(runs.size(), most));
  for (std::size_t i = 0; i < runs.size(); ++i)
    tasks[i * tasks.size() / runs.size()].push_back(runs[i]);
  return tasks;
}

std::string slurm_script(const SlurmArray& array) {
  const std::string directory = directory_of(array);
  std::string allow;
  for (const std::string& path : array.allow) allow += " --allow-path " + shell_quoted(path);
  return fmt::format(R"sh(#!/bin/bash
#SBATCH --job-name={}
#SBATCH --array=0-{}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={}/%a.log
# A task makes the runs in its line of the list. A run that is there already costs nothing, so a
# task that is requeued goes on where it was.
status=0
for run in $(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" {}/runs); do
  {} sweep {} --out {} --run-index "$run" --quiet{} || status=$?
done
exit "$status"
)sh",
                     shell_quoted("stampede-" + array.name), array.tasks.size() - 1,
                     shell_quoted(directory), shell_quoted(directory), shell_quoted(array.program),
                     shell_quoted(array.sweep_file), shell_quoted(array.store), allow);
}

std::string submit(const SlurmArray& array) {
  const std::string directory = directory_of(array);
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST)
    throw FileError(fmt::format("{}: cannot be made: {}", directory, std::strerror(errno)));
  std::string list;
  for (const std::vector<std::size_t>& runs : array.tasks)
    list += fmt::format("{}\n", fmt::join(runs, " "));
  write_file(directory + "/job.sh", slurm_script(array), kScriptBegins);
  write_file(directory + "/runs", list, "");  // it stands beside our script
  const Finished sbatch = run_command("sbatch --parsable " + shell_quoted(directory + "/job.sh"));
  if (sbatch.exit_code != 0)
    throw InputError({{"--engine slurm", 0, 0, "",
                       sbatch.exit_code == 127 ? "sbatch is not installed here"
                                               : "sbatch refused the job: " + sbatch.output,
                       ""}});
  return sbatch.output.substr(0, sbatch.output.find_first_of(";\n"));
}

bool in_queue(const std::string& job) {
  const Finished squeue = run_command("squeue --noheader --format=%i --jobs=" + shell_quoted(job));
  if (squeue.exit_code == 0) return !squeue.output.empty();
  return squeue.output.find("Invalid job id") == std::string::npos;
}

void cancel(const std::string& job) { run_command("scancel " + shell_quoted(job)); }

}  // namespace stampede
