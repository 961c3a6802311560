// Statistics: models emit into plain members, World's table decides what is sampled and recorded.
// Statistics never feed behaviour.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

// A counter's series is its total so far; its name ends in `_total`, that of a gauge never does.
enum class StatKind : u8 { kCounter, kGauge };

struct StatInfo {
  std::string component, name, unit, help;
  StatKind kind = StatKind::kGauge;
  std::function<double()> read;
};

class StatsTable {
 public:
  void counter(std::string component, std::string name, std::string help, const u64* value) {
    rows_.push_back({std::move(component), std::move(name), "1", std::move(help),
                     StatKind::kCounter, [value] { return static_cast<double>(*value); }});
  }
  // A total that is kept in another form.
  void counter(std::string component, std::string name, std::string unit, std::string help,
               std::function<double()> read) {
    rows_.push_back({std::move(component), std::move(name), std::move(unit), std::move(help),
                     StatKind::kCounter, std::move(read)});
  }
  void gauge(std::string component, std::string name, std::string unit, std::string help,
             std::function<double()> read) {
    rows_.push_back({std::move(component), std::move(name), std::move(unit), std::move(help),
                     StatKind::kGauge, std::move(read)});
  }
  const std::vector<StatInfo>& rows() const { return rows_; }

 private:
  std::vector<StatInfo> rows_;
};

}  // namespace stampede
