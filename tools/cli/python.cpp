#include "tools/cli/python.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "tools/cli/commands.h"
#include "tools/results/output_directory.h"

extern char** environ;

namespace stampede {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPython = "/usr/bin/python3";
constexpr int kNotThere = 3;

// Isolated Python (-I) has neither the working directory nor PYTHONPATH nor the user's own packages
// on its path: the package's place is put there by this.
// An interrupt waits until there is somebody who ends quietly by it: while packages are imported at
// once, as an import that is cut short prints what it likes, and afterwards by an exception.
constexpr const char* kStart =
    "import os, signal, sys\n"
    "came = []\n"
    "def interrupt(*_):\n"
    "    came.append(True)\n"
    "    sys.unraisablehook = lambda _: None\n"
    "    raise KeyboardInterrupt\n"
    "signal.signal(signal.SIGINT, lambda *_: os._exit(130))\n"
    "signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])\n"
    "import importlib.util, runpy\n"
    "sys.path.insert(0, sys.argv.pop(1))\n"
    "if not all(importlib.util.find_spec(name) for name in ('matplotlib', 'pandas')):\n"
    "    sys.exit(3)\n"
    "import stampede\n"
    "signal.signal(signal.SIGINT, interrupt)\n"
    "try:\n"
    "    runpy.run_module(sys.argv.pop(1), run_name='__main__')\n"
    "except BaseException:\n"
    "    if came:\n"
    "        sys.exit(130)\n"
    "    raise\n";

bool has_package(const fs::path& directory) {
  std::error_code none;
  return fs::is_regular_file(directory / "stampede" / "__init__.py", none);
}

// In the child. It ends with its parent, however that ends: else it would write pictures into a
// directory that somebody else has by then. What it prints goes to `file`.
[[noreturn]] void begin(pid_t parent, const std::string& package, char* const* words, int file) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);  // an interrupt of the terminal reaches it once, from its parent
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  ::sigprocmask(SIG_BLOCK, &interrupt, nullptr);
  if (::getppid() == parent && ::dup2(file, 1) == 1 && ::chdir(package.c_str()) == 0)
    ::execve(kPython, words, environ);
  ::_exit(kNotThere);
}

// A signal that came to this process alone ends the child too.
void pass_on_interrupt(pid_t child) {
  if (interrupted()) ::kill(child, SIGINT);
}

std::string read_all(int file, pid_t child) {
  std::string text;
  std::array<char, 1 << 16> part;
  for (ssize_t got = 0; (got = ::read(file, part.data(), part.size())) != 0;) {
    if (got < 0 && errno != EINTR) break;
    if (got < 0) pass_on_interrupt(child);
    if (got > 0) text.append(part.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

std::string python_package_directory() {
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  // Only of a program in a directory of programs: what lies beside another is not known.
  if (program.parent_path().filename() == "bin") {
    const fs::path installed =
        program.parent_path().parent_path() / "share" / "stampede" / "python";
    if (has_package(installed)) return installed.string();
  }
  const std::string sources = python_sources();
  return !sources.empty() && has_package(sources) ? sources : "";
}

int run_python_module(const std::string& module, const std::vector<std::string>& arguments,
                      std::string* printed) {
  const std::string package = python_package_directory();
  if (package.empty()) return -1;
  std::vector<std::string> words{kPython, "-I", "-B", "-c", kStart, package, module};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  int ends[2] = {-1, 2};
  if (printed && ::pipe2(ends, O_CLOEXEC) != 0) return -1;
  const pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) begin(parent, package, pointers.data(), ends[1]);
  if (printed) {
    ::close(ends[1]);
    if (child > 0) *printed = read_all(ends[0], child);
    ::close(ends[0]);
  }
  if (child < 0) return -1;
  int status = 0;
  while (::waitpid(child, &status, 0) != child) {
    if (errno != EINTR) return -1;
    pass_on_interrupt(child);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) == kNotThere) return -1;
  return WEXITSTATUS(status);
}

void require_python(int code, const std::string& what) {
  if (code >= 0) return;
  throw InputError({{what, 0, 0, "",
                     "it wants matplotlib and pandas for /usr/bin/python3, which "
                     "`tools/install_packages plots` installs",
                     ""}});
}

int print_from_python(const std::string& module, const std::vector<std::string>& arguments) {
  std::string printed;
  const int code = run_python_module(module, arguments, &printed);
  if (interrupted()) throw Interrupted{};
  require_python(code, module);
  if (code != 0) return kInvalidInput;
  print_result(printed);
  return kFine;
}

void require_run(const std::string& directory, const std::string& made_by) {
  const OutputFiles& run = files_of_run();
  if (!begins_with(directory + "/" + run.mark, run.begins))
    throw InputError({{directory, 0, 0, "", "no directory that `" + made_by + "` wrote", ""}});
}

}  // namespace stampede
