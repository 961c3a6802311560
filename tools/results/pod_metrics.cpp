#include "tools/results/pod_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "sim/value_text.h"

namespace stampede {
namespace {

struct PodFamily {
  const char *name, *type, *help, *suffix, *job, *more;  // more: labels beside those of all
  bool answers;                                          // only while the process answers a scrape
  double (*value)(const PodScrape&);
};

constexpr const char* kPhase = "1 for the phase that the pod's object has";
constexpr std::array<PodFamily, 7> kFamilies{{
    {"vllm:num_requests_running", "gauge", "sequences that the engine runs", "", "vllm", "", true,
     [](const PodScrape& s) { return s.running_requests; }},
    {"vllm:num_requests_waiting", "gauge", "requests that wait in the engine", "", "vllm", "", true,
     [](const PodScrape& s) { return s.waiting; }},
    {"vllm:kv_cache_usage_perc", "gauge", "share of the KV blocks in use", "", "vllm", "", true,
     [](const PodScrape& s) { return s.kv_use; }},
    {"vllm:prompt_tokens", "counter", "prompt tokens computed since the process started", "_total",
     "vllm", "", true, [](const PodScrape& s) { return static_cast<double>(s.prompt_tokens); }},
    {"vllm:generation_tokens", "counter", "tokens generated since the process started", "_total",
     "vllm", "", true, [](const PodScrape& s) { return static_cast<double>(s.output_tokens); }},
    {"kube_pod_status_phase", "gauge", kPhase, "", "kube-state-metrics",
     ",namespace=\"default\",phase=\"Pending\"", false,
     [](const PodScrape& s) { return s.running ? 0.0 : 1.0; }},
    {"kube_pod_status_phase", "gauge", kPhase, "", "kube-state-metrics",
     ",namespace=\"default\",phase=\"Running\"", false,
     [](const PodScrape& s) { return s.running ? 1.0 : 0.0; }},
}};

void add_family(std::string& text, const PodFamily& family, const RunResults& results,
                UtcTime start) {
  for (const PodHistory& pod : results.pods) {
    const std::string region = label_value(pod.region);
    const std::string name =
        fmt::format("{}{}{{region=\"{}\",cluster=\"{}\",job=\"{}\",pool=\"{}\",pod=\"{}\"{}}} ",
                    family.name, family.suffix, region, region, family.job, label_value(pod.pool),
                    label_value(pod.pod), family.more);
    for (const PodScrape& scrape : pod.scrapes)
      if (scrape.answers || !family.answers)
        add_sample(text, name, family.value(scrape), start, results.series_times[scrape.sample]);
  }
}

}  // namespace

bool told_by_pods(const RunResults& results, const std::string& family) {
  return !results.pods.empty() &&
         std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](const PodFamily& own) { return family == own.name; });
}

std::string pod_metrics(const RunResults& results, UtcTime start) {
  if (results.pods.empty()) return "";
  std::string text;
  const char* last = "";
  for (const PodFamily& family : kFamilies) {
    if (std::string_view(last) != family.name)
      text += fmt::format("# TYPE {} {}\n# HELP {} {}\n", family.name, family.type, family.name,
                          family.help);
    last = family.name;
    add_family(text, family, results, start);
  }
  return text;
}

std::string label_value(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

void add_sample(std::string& text, const std::string& series, double value, UtcTime start,
                double seconds) {
  fmt::format_to(std::back_inserter(text), "{}{} {:.3f}\n", series, print_number(value),
                 static_cast<double>(start.unix_seconds) + seconds);
}

}  // namespace stampede
