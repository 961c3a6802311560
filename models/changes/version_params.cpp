#include "models/changes/version_params.h"

namespace stampede {

void VersionSetParams::describe(Schema<VersionSetParams>& s) {
  s.field("path", &VersionSetParams::path)
      .required()
      .help("which live parameter, such as spec.gateway.max_queue");
  s.field("value", &VersionSetParams::value)
      .required()
      .help("what it is under this version, written as in the scenario");
}

void LeakParams::describe(Schema<LeakParams>& s) {
  s.field("per_request", &LeakParams::per_request)
      .at_least(0)
      .help("memory that each request leaves behind in its process");
  s.field("per_minute", &LeakParams::per_minute)
      .at_least(0)
      .help("memory that a process loses each minute");
  s.field("limit", &LeakParams::limit)
      .required()
      .at_least(1)
      .help(
          "memory of the process, with front_end.memory_idle, at which it is killed; it starts "
          "again with none lost");
}

void RefreshParams::describe(Schema<RefreshParams>& s) {
  s.field("period", &RefreshParams::period)
      .range(1, 864000)
      .help("time between two files, the first so long after the roll-out began")
      .source("Cloudflare 2025-11-18: a new file every five minutes");
  s.field("bad_probability", &RefreshParams::bad_probability)
      .range(0, 1)
      .help("chance that a new file is bad");
  s.field("grows_over", &RefreshParams::grows_over)
      .at_least(1)
      .help("time over which the chance grows to 1, from when the roll-out began; null: it stays");
  s.field("within", &RefreshParams::within)
      .at_least(0)
      .help("each process reads a new file at a time of its own within this");
}

void VersionParams::describe(Schema<VersionParams>& s) {
  s.field("name", &VersionParams::name).required().help("what a roll-out calls it");
  s.field("kind", &VersionParams::kind)
      .help(
          "binary: pods are restarted to run it; configuration and data: running processes take it "
          "up; routing: parameters only");
  s.field("set", &VersionParams::set).help("live parameters that it sets, path and value each");
  s.field("crash", &VersionParams::crash)
      .help(
          "when its processes die: `at start`, `after N requests` (of one process), `after 10min` "
          "(of running it), or `at the next refresh` (when one reads a bad file); empty: never");
  s.field("refuse", &VersionParams::refuse)
      .range(0, 1)
      .help("share of the attempts that its processes refuse with 503");
  s.field("wrong", &VersionParams::wrong)
      .range(0, 1)
      .help("share of the answers of its processes that are wrong")
      .source("Anthropic 2025-09: three bugs that degraded answers");
  s.field("leak", &VersionParams::leak).help("memory that its processes lose; null: none");
  s.field("slow", &VersionParams::slow)
      .range(1, 1000)
      .help("how many times as long each step of its engines takes");
  s.field("refresh", &VersionParams::refresh)
      .help("data: its file is made anew again and again, good or bad by chance; null: never");
  s.field("with", &VersionParams::with)
      .help(
          "its processes die, refuse, answer wrongly, lose memory or are slow only where they run "
          "this other version too; empty: by itself")
      .source("Google Cloud 2025-06-12: new code, and a policy that it could not read");
  s.field("empties", &VersionParams::empties)
      .help(
          "the use of a service whose cache nodes are replaced by empty ones as it reaches them; "
          "empty: none is")
      .source("Slack 2022: an agent's restart took cache nodes out, and empty spares came in");
}

bool has_traits(const VersionParams& v) {
  return !v.crash.empty() || v.refuse.value > 0 || v.wrong.value > 0 || v.leak || v.slow != 1 ||
         v.refresh;
}

}  // namespace stampede
