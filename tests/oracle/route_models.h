// Hits of a prefix cache of recorded blocks by routing rule, without any time but that of arrivals:
// caches are least-recently-used lists, a pod works its backlog off at a constant rate. Shares no
// code with the models.
// Source: written after a script that counts the same; test_routing.cpp has what it printed.
#pragma once
#include <algorithm>
#include <fstream>
#include <list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/units.h"

namespace stampede::test {

struct RecordedPrompt {
  double at = 0;  // [s]
  i64 tokens = 0;
  std::vector<i64> blocks;
};

// The first `most` rows of a recording in Mooncake's form.
inline std::vector<RecordedPrompt> recorded_prompts(const std::string& path, std::size_t most) {
  std::vector<RecordedPrompt> rows;
  std::ifstream file(path);
  for (std::string line; rows.size() < most && std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    rows.push_back({json.at("timestamp").get<double>() / 1000, json.at("input_length").get<i64>(),
                    json.at("hash_ids").get<std::vector<i64>>()});
  }
  return rows;
}

struct RouteRule {
  std::size_t pods = 8;
  std::size_t blocks = 951;           // of a pod's cache; 0: endless
  std::optional<double> load_weight;  // none: round robin
};

struct Routed {
  double hit_percent = 0;
  double busiest = 0;  // computed tokens of the busiest pod against the mean
};

class RecentBlocks {
 public:
  std::size_t found(const std::vector<i64>& blocks) const {
    std::size_t n = 0;
    while (n < blocks.size() && places_.count(blocks[n]) != 0) ++n;
    return n;
  }
  void use(const std::vector<i64>& blocks, std::size_t most) {
    for (std::size_t i = blocks.size(); i-- > 0;) {
      if (const auto place = places_.find(blocks[i]); place != places_.end())
        line_.erase(place->second);
      line_.push_back(blocks[i]);
      places_[blocks[i]] = std::prev(line_.end());
    }
    while (most > 0 && line_.size() > most) {
      places_.erase(line_.front());
      line_.pop_front();
    }
  }

 private:
  std::list<i64> line_;
  std::map<i64, std::list<i64>::iterator> places_;
};

inline Routed simulate_route(const std::vector<RecordedPrompt>& rows, const RouteRule& rule) {
  constexpr double kBlock = 512, kRate = 9000;  // tokens; tokens a second and pod
  std::vector<RecentBlocks> pods(rule.pods);
  std::vector<double> load(rule.pods), work(rule.pods);
  double hits = 0, asked = 0, last = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RecordedPrompt& row = rows[i];
    const auto tokens = static_cast<double>(row.tokens);
    double mean = 0;
    for (double& l : load) {
      l = std::max(0.0, l - (row.at - last) * kRate);
      mean += l / static_cast<double>(rule.pods);
    }
    last = row.at;
    std::size_t best = i % rule.pods;
    if (rule.load_weight) {
      double highest = 0;
      for (std::size_t j = 0; j < rule.pods; ++j) {
        const double score = static_cast<double>(pods[j].found(row.blocks)) * kBlock / tokens -
                             *rule.load_weight * (load[j] - mean) / std::max(1.0, mean);
        if (j > 0 && (score < highest || (score == highest && load[j] >= load[best]))) continue;
        best = j;
        highest = score;
      }
    }
    const double found = static_cast<double>(pods[best].found(row.blocks)) * kBlock;
    hits += std::min(found, tokens - 1);
    asked += tokens;
    load[best] += std::max(0.0, tokens - found);
    work[best] += std::max(0.0, tokens - found);
    pods[best].use(row.blocks, rule.blocks);
  }
  double all = 0;
  for (const double w : work) all += w;
  return {100 * hits / asked,
          *std::max_element(work.begin(), work.end()) / (all / static_cast<double>(rule.pods))};
}

}  // namespace stampede::test
