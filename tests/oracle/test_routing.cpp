// Routing against what recorded blocks allow: hits on eight pods by rule, on Mooncake's
// conversation trace. Skipped where the trace is not there.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/oracle/route_models.h"
#include "tests/support.h"
#include "tools/world/load_scenario.h"
#include "tools/world/simulation.h"

namespace stampede::test {
namespace test_routing {

std::string trace() {
  return (shared_dir() / "reference/traces/mooncake/conversation_trace.jsonl").string();
}
bool is_here() { return std::filesystem::exists(trace()); }

bool full_tier() {
  const char* tier = std::getenv("STAMPEDE_TIER");
  return tier != nullptr && std::string(tier) == "full";
}
// The first half hour, or all of it.
std::size_t rows() { return full_tier() ? 1'000'000 : 6'000; }

const std::vector<RecordedPrompt>& prompts() {
  static const std::vector<RecordedPrompt> all = recorded_prompts(trace(), rows());
  return all;
}

// Eight pods with memory for 951 blocks of 512 tokens.
constexpr const char* kFleet = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: routing, summary: recorded prompts on eight pods}
spec:
  duration: 90min
  clients:
    - name: recorded
      trace: {file: rows.jsonl, format: mooncake}
      retry: {policy: none}
      total_timeout: 3600s
  serving:
    pools:
      - name: replicas
        profile: llama-3.1-70b-h100-tp4
        engine: {prefix_caching: true, max_num_seqs: 256, max_num_batched_tokens: 8192}
  replica_choice: {policy: round_robin}
  regions:
    - {name: server, nodes: 8, pools: [{replicas: 8}]}
  network:
    bgp: {propagation_min: 0s, propagation_max: 0s}
    intra_region_one_way: 0s
    inter_region_one_way: 0s
  gateway: {sessions: {hold: 0s}}
  kv_cache: {initial_bytes: 0B, initial_sessions: 0}
)";
// Engines that are never late: what is left are the caches and the rule.
const std::vector<std::string> kAtOnce = {
    "spec.serving.pools[0].engine.step_base=1ms",
    "spec.serving.pools[0].engine.step_per_sequence=0s",
    "spec.serving.pools[0].engine.step_per_prompt_token=10ns",
    "spec.serving.pools[0].engine.step_per_million_pairs=0s",
    "spec.serving.pools[0].engine.step_per_thousand_context_tokens=0s",
    "spec.serving.pools[0].engine.max_num_batched_tokens=262144",
    "spec.serving.pools[0].engine.max_num_seqs=1024",
    "spec.serving.pools[0].front_end.cpu_per_request=0s"};
std::vector<std::string> with(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
std::vector<std::string> memory(std::size_t blocks) {
  const std::size_t fine = blocks == 0 ? 20'000'000 : blocks * 32;
  return {"spec.serving.pools[0].engine.kv_memory=null",
          "spec.serving.pools[0].engine.kv_blocks=" + std::to_string(fine)};
}
std::vector<std::string> rule(const std::string& text) {
  return {"spec.mitigations=[" + text + "]"};
}
std::string less_load(double weight, const std::string& more = "") {
  std::ostringstream text;
  text << "{use: prefix_less_load, load_weight: " << weight << more << "}";
  return text.str();
}

struct Work final : RequestLog {
  std::vector<double> computed;  // [pod] prompt tokens
  double ttft = 0, answered = 0, offered = 0;
  void ended(const RequestRecord& r) override {
    ++offered;
    if (r.ttft.ns >= 0) {
      ttft += r.ttft.seconds();
      ++answered;
    }
    if (r.replica == kNoSlot) return;
    if (r.replica >= computed.size()) computed.resize(r.replica + 1);
    computed[r.replica] += r.prompt - r.stages.cached_tokens;
  }
};
struct Played {
  double hit_percent = 0, busiest = 0, mean_ttft = 0;
  std::string digest;
};

Played play(const std::vector<std::string>& sets) {
  const auto directory =
      std::filesystem::temp_directory_path() / ("stampede_routing_" + std::to_string(::getpid()));
  std::filesystem::create_directories(directory);
  {
    std::ifstream from(trace());
    std::ofstream to(directory / "rows.jsonl");
    std::size_t n = 0;
    for (std::string line; n < rows() && std::getline(from, line); ++n) to << line << "\n";
    std::ofstream(directory / "fleet.yaml") << kFleet;
  }
  std::vector<Override> overrides;
  for (const std::string& set : sets) overrides.push_back(parse_set(set));
  Work work;
  const RunResults run = run_simulation(
      load_scenario((directory / "fleet.yaml").string(), overrides, {}).scenario, {}, &work);
  std::filesystem::remove_all(directory);
  Played played;
  played.digest = run.results_digest;
  played.hit_percent =
      100 * nlohmann::json::parse(run.summary_json).at("kv_cache").at("hit_ratio").get<double>();
  double all = 0;
  for (const double tokens : work.computed) all += tokens;
  played.busiest = *std::max_element(work.computed.begin(), work.computed.end()) / (all / 8);
  played.mean_ttft = work.ttft / work.answered;
  return played;
}

// What the script printed of the whole recording: memory of a pod, weight (-1: round robin), hits
// [%], busiest pod against the mean.
struct Printed {
  std::size_t blocks;
  double weight, hits, busiest;
};
const std::vector<Printed> kPrinted = {
    {951, -1, 6.15, 1.04}, {951, 0, 4.52, 8.0}, {951, 0.05, 17.41, 1.1}, {951, 0.2, 16.75, 1.06},
    {951, 1, 13.64, 1.08}, {0, -1, 13.9, 1.04}, {0, 0, 37.36, 8.0},      {0, 0.05, 37.28, 1.15},
    {0, 0.2, 35.04, 1.13}, {0, 1, 29.82, 1.1},
};
RouteRule rule_of(const Printed& p) {
  RouteRule rule;
  rule.blocks = p.blocks;
  if (p.weight >= 0) rule.load_weight = p.weight;
  return rule;
}

TEST(routing, the_oracle_counts_what_the_script_printed) {
  if (!is_here()) GTEST_SKIP() << "no " << trace();
  const auto all = recorded_prompts(trace(), 1'000'000);
  for (const Printed& p : kPrinted) {
    const Routed now = simulate_route(all, rule_of(p));
    EXPECT_NEAR(now.hit_percent, p.hits, 0.0051) << p.blocks << " " << p.weight;
    EXPECT_NEAR(now.busiest, p.busiest, 0.0051) << p.blocks << " " << p.weight;
  }
}

// Hits within a point of the oracle for each rule and both memories, by an exact index and by the
// router's own of what it sent.
TEST(routing, hits_are_those_of_the_oracle_for_each_rule) {
  if (!is_here()) GTEST_SKIP() << "no " << trace();
  for (const Printed& p : kPrinted) {
    const Routed oracle = simulate_route(prompts(), rule_of(p));
    std::vector<std::string> rules = {""};
    if (p.weight >= 0) {
      const std::string blocks = std::to_string(p.blocks == 0 ? 20'000'000 : p.blocks * 32);
      rules = {less_load(p.weight),
               less_load(p.weight, ", prefix: {index: approximate, blocks: " + blocks + "}")};
    }
    for (const std::string& text : rules) {
      const Played now = play(with(with(kAtOnce, memory(p.blocks)), rule(text)));
      EXPECT_NEAR(now.hit_percent, oracle.hit_percent, 1) << p.blocks << " " << text;
      EXPECT_NEAR(now.busiest, oracle.busiest, 0.1) << p.blocks << " " << text;
    }
  }
}

// Short prompts go to one pool of four pods, long ones to another with more memory: each pool has a
// router of its own, and finds what four pods find of those prompts.
TEST(routing, pools_by_length_have_a_router_each) {
  if (!is_here()) GTEST_SKIP() << "no " << trace();
  constexpr i64 kShort = 8000;
  std::vector<RecordedPrompt> parts[2];
  for (const RecordedPrompt& row : prompts()) parts[row.tokens > kShort].push_back(row);
  ASSERT_GT(parts[0].size(), 1000U);
  ASSERT_GT(parts[1].size(), 1000U);
  const std::size_t blocks[2] = {300, 1200};
  double hits = 0, tokens = 0;
  for (int k = 0; k < 2; ++k) {
    RouteRule of_pool;
    of_pool.pods = 4;
    of_pool.blocks = blocks[k];
    of_pool.load_weight = 0.05;
    double asked = 0;
    for (const RecordedPrompt& row : parts[k]) asked += static_cast<double>(row.tokens);
    hits += simulate_route(parts[k], of_pool).hit_percent * asked;
    tokens += asked;
  }
  const auto engine = [](std::size_t memory) {
    return "engine: {prefix_caching: true, step_base: 1ms, step_per_sequence: 0s, "
           "step_per_prompt_token: 10ns, max_num_batched_tokens: 262144, max_num_seqs: 1024, "
           "kv_blocks: " +
           std::to_string(memory * 32) + "}, front_end: {cpu_per_request: 0s}";
  };
  const Played now =
      play(with({"spec.serving.pools=[{name: short, max_prompt: " + std::to_string(kShort) + ", " +
                     engine(blocks[0]) + "}, {name: long, " + engine(blocks[1]) + "}]",
                 "spec.regions=[{name: server, nodes: 8, pools: [{replicas: 4}, {replicas: 4}]}]"},
                rule(less_load(0.05))));
  EXPECT_NEAR(now.hit_percent, hits / tokens, 1);
}

// Engines with the time that theirs takes: what is in use is not evicted, what is in line is not
// there yet, and hits are those of the oracle to a point still, where no pod is given more than it
// can do.
TEST(routing, engines_with_their_own_time_find_what_the_oracle_finds) {
  if (!is_here()) GTEST_SKIP() << "no " << trace();
  for (const Printed& p : kPrinted) {
    if (p.blocks == 0 || p.weight == 0) continue;
    const Routed oracle = simulate_route(prompts(), rule_of(p));
    const std::string text = p.weight < 0 ? "" : less_load(p.weight);
    const Played now = play(with(memory(p.blocks), rule(text)));
    EXPECT_NEAR(now.hit_percent, oracle.hit_percent, 1) << text;
    EXPECT_NEAR(now.busiest, oracle.busiest, 0.1) << text;
  }
}

// All prompts share a first block, so that pure affinity sends all of them to one of eight pods,
// which cannot do the work of all.
TEST(routing, pure_affinity_herds_everything_onto_one_pod) {
  if (!is_here()) GTEST_SKIP() << "no " << trace();
  const Played herd = play(with(memory(951), rule(less_load(0))));
  const Played even = play(with(memory(951), rule("")));
  EXPECT_DOUBLE_EQ(herd.busiest, 8);
  EXPECT_NEAR(herd.hit_percent, simulate_route(prompts(), rule_of(kPrinted[1])).hit_percent, 1);
  EXPECT_GT(herd.mean_ttft, 10 * even.mean_ttft);
}

// Between two scrapes everything goes to one pod. That is worse than to take turns, and what makes
// it so is the age of the metrics: fresh ones, or a count of what was sent, are better than turns.
TEST(routing, stale_metrics_herd) {
  if (!is_here()) GTEST_SKIP() << "no " << trace();
  const auto scraped = [](const std::string& more) {
    return play(with(memory(951), rule("{use: scraped_load, " + more + "}"))).mean_ttft;
  };
  const double turns = play(with(memory(951), rule(""))).mean_ttft;
  EXPECT_GT(scraped("period: 10s, count_sent: false"), turns);
  EXPECT_LT(scraped("period: 0s, count_sent: false"), turns);
  EXPECT_LT(scraped("period: 10s, count_sent: true"), scraped("period: 10s, count_sent: false"));
}

// Events of many steps at once are those of single steps, with the same times.
TEST(routing, macro_steps_tell_what_single_steps_tell) {
  if (!is_here()) GTEST_SKIP() << "no " << trace();
  for (const char* delay : {"0s", "300ms"})
    for (const char* load : {"estimate", "scraped"}) {
      const auto sets = with(memory(300), rule(std::string("{use: prefix_less_load, load: ") +
                                               load + ", prefix: {event_delay: " + delay + "}}"));
      const std::vector<std::string> some = with(sets, {"spec.duration=10min"});
      EXPECT_EQ(play(some).digest, play(with(some, {"spec.serving.exact_steps=true"})).digest)
          << delay << " " << load;
    }
}

}  // namespace test_routing
}  // namespace stampede::test
