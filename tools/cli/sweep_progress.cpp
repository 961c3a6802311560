#include "tools/cli/sweep_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tools/cli/commands.h"

namespace stampede {
namespace {

std::string rate_text(double per_second) {
  if (per_second >= 1) return fmt::format("{:.1f} runs/s", per_second);
  if (per_second * 60 >= 1) return fmt::format("{:.1f} runs/min", per_second * 60);
  return fmt::format("{:.1f} runs/h", per_second * 3600);
}

std::string time_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 7200) return fmt::format("{} min", (whole + 30) / 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

SweepProgress::SweepProgress(bool quiet) : quiet_(quiet), begun_(Clock::now()), shown_(begun_) {
  const char* terminal = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  bar_ = ::isatty(2) && !(terminal && std::strcmp(terminal, "dumb") == 0);
  color_ = bar_ && !(no_color && *no_color);
}

SweepProgress::~SweepProgress() {
  if (drawn_) draw("\r\033[K");
}

void SweepProgress::plan(std::size_t planned, std::size_t there) {
  planned_ = planned;
  before_ = there - std::min(there, done_);
}

void SweepProgress::ended(bool failed) {
  ++done_;
  failed_ += failed;
  show();
}

void SweepProgress::now_there(std::size_t there, std::size_t failed) {
  done_ = there - std::min(there, before_);
  failed_ = failed;
  show();
}

std::string SweepProgress::state() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  const std::size_t there = before_ + done_;
  std::string text = fmt::format("{} of {} runs, {} failed", there, planned_, failed_);
  if (done_ == 0) return text;
  const std::size_t left = planned_ - std::min(planned_, there);
  return text +
         fmt::format(", {}, {} left", rate_text(rate), time_text(static_cast<double>(left) / rate));
}

void SweepProgress::show(bool at_once) {
  if (quiet_) return;
  const auto now = Clock::now();
  const auto period = bar_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(60'000);
  if (!at_once && now - shown_ < period) return;
  shown_ = now;
  if (!bar_) return narrate(state() + "\n");
  const double share =
      planned_ > 0 ? static_cast<double>(before_ + done_) / static_cast<double>(planned_) : 1;
  const auto filled = static_cast<std::size_t>(std::min(1.0, share) * 30);
  draw(fmt::format("\r{}{}{}{} {}\033[K", color_ ? "\033[36m" : "", std::string(filled, '#'),
                   std::string(30 - filled, '.'), color_ ? "\033[0m" : "", state()));
  drawn_ = true;
}

}  // namespace stampede
