// The edge of the program: signals, and each kind of error with its message and exit code.
#include <fmt/format.h>
#include <signal.h>

#include <new>

#include "tools/cli/commands.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

volatile sig_atomic_t interrupt_seen = 0;

void on_interrupt(int) { interrupt_seen = 1; }

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // The terminal is gone, unless that is to be survived (nohup).
  struct sigaction before {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  // A closed pipe or a full disk is an error of the write: what has begun is finished.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

bool interrupted() { return interrupt_seen != 0; }

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const InputError& error) {
    narrate(error.what());
    return kInvalidInput;
  } catch (const ForeignFile& error) {
    narrate(fmt::format("stampede: {}\n", error.what()));
    return kInvalidInput;
  } catch (const FileError& error) {
    narrate(fmt::format("stampede: {}\n", error.what()));
    return kFileSystem;
  } catch (const ClosedPipe&) {
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
    return 128 + SIGPIPE;  // it was blocked
  } catch (const Interrupted& interrupt) {
    if (!interrupt.resumable) narrate("stampede: interrupted; nothing was written\n");
    return kInterrupted;
  } catch (const BrokenRun& broken) {
    narrate(
        fmt::format("stampede: an invariant is broken: {}\n"
                    "  simulated time  {} s or later\n"
                    "  seed            {}\n"
                    "  replay          {}\n",
                    broken.what, broken.simulated_seconds, broken.seed, broken.replay));
    return kInvariantBroken;
  } catch (const std::bad_alloc&) {
    narrate("stampede: out of memory\n");
    return kInvariantBroken;
  } catch (const std::exception& error) {
    narrate(fmt::format("stampede: internal error: {}\n", error.what()));
    return kInvariantBroken;
  }
}

}  // namespace stampede
