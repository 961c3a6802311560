// Whether a recording is what its format says: units of times and sizes of blocks, seen in its
// rows.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tools/traces/row_format.h"

namespace stampede {

class TraceChecks {
 public:
  explicit TraceChecks(const TraceParams& params);
  void see(const TraceRow& row, const RowRemarks& remarks);
  // What is to be refused, with the option that answers it; empty: nothing.
  std::string fault() const;
  // What is to be told, a sentence each.
  std::vector<std::string> notes() const;
  void state_duration(double seconds) { duration_ = seconds; }

 private:
  static constexpr std::array<u32, 9> kSizes{8, 16, 32, 64, 128, 256, 512, 1024, 2048};
  std::string fault_of_times() const;
  std::string fault_of_blocks() const;

  const TraceParams& params_;
  u32 block_tokens_;
  u64 rows_ = 0, with_blocks_ = 0, fitting_ = 0;
  std::array<u64, 9> fitting_size_{};
  u64 fractional_ = 0, numeric_ = 0, off_step_ = 0, sure_ = 0;
  u64 ties_ = 0, other_total_ = 0;
  i64 step_ = 0;  // [ns] of which all times are multiples
  TimeUnit unit_ = TimeUnit::kS;
  double duration_ = 0;  // [s] that the file states
  double fraction_ = 0;  // an example
  std::optional<Duration> first_;
  Duration last_{};
};

}  // namespace stampede
