#include "tools/results/request_table.h"

#include <fmt/format.h>

#include <iterator>

#include "sim/random.h"
#include "tools/results/csv.h"

namespace stampede {
namespace {

constexpr const char* kHeader =
    "arrival_seconds,class,home,region,replica,prompt_tokens,output_tokens,ttft_seconds,"
    "e2e_seconds,outcome,attempts\n";
constexpr u64 kSampleSalt = 0x73616d706c65ULL;  // its hash is nobody else's

void add_seconds(std::string& row, i64 ns) {
  fmt::format_to(std::back_inserter(row), "{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
}

}  // namespace

RequestTable::RequestTable(const std::string& path, Share sample, const Spec& spec)
    : file_(path, kHeader),
      below_(static_cast<u64>(sample.value * 0x1p63) * 2),
      all_(sample.value >= 1) {
  for (const ClientClassParams& c : spec.clients) classes_.push_back(csv_field(c.name));
  for (const RegionParams& r : spec.regions) regions_.push_back(csv_field(r.name));
  file_.append(kHeader);
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
  fmt::format_to(std::back_inserter(row), ",{},{}\n", r.open ? "in_flight" : name_of(r.outcome),
                 r.attempts);
  file_.append(row);
}

void RequestTable::commit() { file_.commit(); }

}  // namespace stampede
