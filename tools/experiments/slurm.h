// Runs of a sweep as a job array of Slurm. Knows nothing of a run but its index: a task does what
// `stampede sweep FILE --run-index N` does, and leaves a file (run_file.h) in a shared directory.
// **Source**: sbatch(1), squeue(1), scancel(1) of Slurm 22.05.
#pragma once
#include <string>
#include <vector>

namespace stampede {

struct SlurmArray {
  std::string program;     // path of `stampede` on the nodes
  std::string sweep_file;  // as seen from the working directory, which the nodes share
  std::string store;       // results.db; scripts and logs go to results.db.slurm/
  std::string name;        // of the job
  std::vector<std::vector<std::size_t>> tasks;  // indices of the runs of each task
  std::vector<std::string> allow{};             // directories of --allow-path
};

// Divides runs among at most `most` tasks, each as many or one more.
std::vector<std::vector<std::size_t>> tasks_of(const std::vector<std::size_t>& runs,
                                               std::size_t most);

// The script that sbatch takes. Options of a site (partition, time limit, memory) come from
// Slurm's own environment variables: SBATCH_PARTITION, SBATCH_TIMELIMIT, ...
std::string slurm_script(const SlurmArray& array);

// Writes script and list of runs, submits them, gives the job's id. Throws InputError when there is
// no Slurm or it refuses the job, FileError.
std::string submit(const SlurmArray& array);
// Whether tasks of the job wait or run. While the controller does not answer: true.
bool in_queue(const std::string& job);
void cancel(const std::string& job);

}  // namespace stampede
