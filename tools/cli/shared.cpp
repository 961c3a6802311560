// What the subcommands share: output, a run with its progress.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "sim/check.h"
#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"
#include "tools/files/printable.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

bool write_all(int file, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<std::size_t>(wrote);
  }
  return true;
}

std::string hours(double seconds) {
  const auto minutes = static_cast<i64>(seconds / 60);
  return fmt::format("{}h{:02}m", minutes / 60, minutes % 60);
}

// A bar on a terminal, a line a minute otherwise.
class Progress {
 public:
  Progress(double duration_seconds, bool quiet)
      : duration_(duration_seconds), quiet_(quiet), begun_(Clock::now()), shown_(begun_) {
    const char* terminal = std::getenv("TERM");
    bar_ = ::isatty(2) && !(terminal && std::strcmp(terminal, "dumb") == 0);
    const char* no_color = std::getenv("NO_COLOR");
    color_ = bar_ && !(no_color && *no_color);
  }
  ~Progress() {
    if (drawn_) draw("\r\033[K");
  }
  void show(double simulated_seconds) {
    if (quiet_) return;
    const auto now = Clock::now();
    const auto period = bar_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(60'000);
    if (now - shown_ < period) return;
    shown_ = now;
    const double share = duration_ > 0 ? std::min(1.0, simulated_seconds / duration_) : 1;
    const double wall = std::chrono::duration<double>(now - begun_).count();
    const std::string state = fmt::format("{} of {} simulated, {:.0f} s", hours(simulated_seconds),
                                          hours(duration_), wall);
    if (!bar_) return narrate(fmt::format("{:.0f} %: {}\n", 100 * share, state));
    const auto filled = static_cast<std::size_t>(share * 30);
    draw(fmt::format("\r{}{}{}{} {:3.0f} % {}\033[K", color_ ? "\033[36m" : "",
                     std::string(filled, '#'), std::string(30 - filled, '.'),
                     color_ ? "\033[0m" : "", 100 * share, state));
    drawn_ = true;
  }

 private:
  double duration_;
  bool quiet_, bar_ = false, color_ = false, drawn_ = false;
  Clock::time_point begun_, shown_;
};

InputError placed(const Loaded& loaded, const ScenarioError& error) {
  return InputError({loaded.provenance.locate(error.path, error.what())});
}

}  // namespace

void print_result(const std::string& text) {
  if (write_all(1, printable_lines(text))) return;
  if (errno == EPIPE) throw ClosedPipe{};
  throw FileError(fmt::format("standard output: cannot be written: {}", std::strerror(errno)));
}

void narrate(const std::string& text) { write_all(2, printable_lines(text)); }
void draw(const std::string& bar) { write_all(2, bar); }

void add_allow_path(Command& command, std::vector<std::string>& directories) {
  command
      .option("--allow-path", directories,
              "files that the scenario names may lie below DIR too; can be repeated")
      .type_name("DIR");
}

std::string allow_path_words(const std::vector<std::string>& directories) {
  std::string words;
  for (const std::string& directory : directories)
    words += " --allow-path " + shell_quoted(directory);
  return words;
}

std::vector<std::string> split_names(const std::vector<std::string>& lists) {
  std::vector<std::string> names;
  for (const std::string& list : lists) {
    std::istringstream stream(list);
    for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  }
  return names;
}

void warn(const Loaded& loaded) {
  for (const Diagnostic& d : loaded.warnings) narrate("warning: " + to_text(d));
}

TimedRun run_with_progress(const Loaded& loaded, const std::string& replay, bool quiet,
                           RequestLog* log, Exported exported) {
  const auto begun = Clock::now();
  Progress progress(loaded.scenario.spec.duration.seconds(), quiet);
  double reached = 0;
  TimedRun run;
  try {
    const auto told = [&](double simulated_seconds) {
      reached = simulated_seconds;
      progress.show(simulated_seconds);
      return !interrupted();
    };
    run.results = run_simulation(loaded.scenario, told, log, exported);
  } catch (const ScenarioError& error) {
    throw placed(loaded, error);
  } catch (const InvariantError& error) {
    throw BrokenRun{error.what(), replay, reached, loaded.scenario.spec.seed};
  }
  if (interrupted()) throw Interrupted{};
  run.wall_clock_seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  return run;
}

void check_world(const Loaded& loaded) {
  try {
    const RunResults built = run_simulation(loaded.scenario, [](double) { return false; });
    for (const Finding& u : built.unknown_names)
      narrate("warning: " + to_text(loaded.provenance.locate(u.path, u.message)));
  } catch (const ScenarioError& error) {
    throw placed(loaded, error);
  }
}

}  // namespace stampede
