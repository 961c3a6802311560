#include "tools/results/request_table.h"

#include <fmt/format.h>

#include <iterator>

#include "sim/random.h"
#include "tools/results/csv.h"

namespace stampede {
namespace {

// Files of versions with fewer columns begin so too.
constexpr const char* kBegins =
    "arrival_seconds,class,home,region,replica,prompt_tokens,output_tokens,ttft_seconds,"
    "e2e_seconds,outcome,attempts";
constexpr const char* kStages =
    ",admission_seconds,front_end_seconds,queue_seconds,prefill_seconds,transfer_seconds,"
    "decode_seconds,cached_tokens,preemptions,prefill_replica\n";
constexpr u64 kSampleSalt = 0x73616d706c65ULL;  // its hash is nobody else's

void add_seconds(std::string& row, i64 ns) {
  fmt::format_to(std::back_inserter(row), "{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
}

// Of the last attempt: until a pod had it, in its front end, in its line, until the prompt was
// complete, on the way to a decode pod, until the end.
void add_stages(std::string& row, const RequestRecord& r) {
  const StageTrail& s = r.stages;
  const auto add = [&](Duration d) {
    row += ',';
    if (d.ns >= 0) add_seconds(row, d.ns);
  };
  const bool split = s.came_to(Stage::kTakenUp);
  add(s.came_to(Stage::kAdmitted) ? s.at[0] - r.offered : Duration{-1});
  add(s.between(Stage::kAdmitted, Stage::kQueued));
  add(s.between(Stage::kQueued, Stage::kScheduled));
  add(s.between(Stage::kScheduled, Stage::kPrefilled));
  add(s.between(Stage::kPrefilled, Stage::kTakenUp));
  add(s.between(split ? Stage::kTakenUp : Stage::kPrefilled, Stage::kEnded));
  row += ',';
  if (s.came_to(Stage::kScheduled)) row += std::to_string(s.cached_tokens);
  row += ',';
  if (s.came_to(Stage::kScheduled)) row += std::to_string(s.preemptions);
  row += ',';
  if (s.prefilled_by != kNoSlot) row += std::to_string(s.prefilled_by);
}

}  // namespace

RequestTable::RequestTable(const std::string& path, Share sample, const Spec& spec)
    : file_(path, kBegins),
      below_(static_cast<u64>(sample.value * 0x1p63) * 2),
      all_(sample.value >= 1) {
  for (const ClientClassParams& c : spec.clients) classes_.push_back(csv_field(c.name));
  for (const RegionParams& r : spec.regions) regions_.push_back(csv_field(r.name));
  file_.append(kBegins);
  file_.append(kStages);
}

void RequestTable::ended(const RequestRecord& r) {
  if (!all_ && mix64(r.key ^ kSampleSalt) >= below_) return;
  std::string row;
  add_seconds(row, r.offered.ns);
  fmt::format_to(std::back_inserter(row), ",{},{},{},", classes_[r.class_id], regions_[r.home],
                 r.region == kNoRegion ? "" : regions_[r.region].c_str());
  if (r.replica != kNoSlot) row += std::to_string(r.replica);
  row += ',';
  if (r.prompt > 0) row += std::to_string(r.prompt);
  row += ',';
  if (r.output > 0) row += std::to_string(r.output);
  row += ',';
  if (r.ttft.ns >= 0) add_seconds(row, r.ttft.ns);
  row += ',';
  if (r.e2e.ns >= 0) add_seconds(row, r.e2e.ns);
  fmt::format_to(std::back_inserter(row), ",{},{}", r.open ? "in_flight" : name_of(r.outcome),
                 r.attempts);
  add_stages(row, r);
  row += '\n';
  file_.append(row);
}

void RequestTable::commit() { file_.commit(); }

}  // namespace stampede
