// Statistics: models emit into plain members, World's table decides what is sampled and recorded.
// Statistics never feed behaviour; who acts on a measured value reads what a monitor published of
// it.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/journal.h"
#include "sim/time.h"
#include "sim/units.h"

namespace stampede {

// A counter's series is its total so far; its name ends in `_total`, that of a gauge never does.
enum class StatKind : u8 { kCounter, kGauge };

struct StatInfo {
  std::string component, name, unit, help;
  StatKind kind = StatKind::kGauge;
  std::function<double()> read;
  std::optional<u32> region{};  // that it is about; none: the whole service
  // The open incidents that explain its value; null: who publishes it cannot say.
  std::function<std::vector<IncidentId>()> because{};
  // What real systems call it, and the pool that it is about: for exports.
  std::string metric{}, pool{};
  bool truth = false;  // only the simulation knows it: no real system exports such a figure
};

class StatsTable {
 public:
  // What is registered from now on is about this region, or about none.
  void about(std::optional<u32> region) { region_ = region; }
  // Each returns the new row, to say more of it at once.
  StatInfo& counter(std::string component, std::string name, std::string help, const u64* value) {
    return add({std::move(component), std::move(name), "1", std::move(help), StatKind::kCounter,
                [value] { return static_cast<double>(*value); }});
  }
  // A total that is kept in another form.
  StatInfo& counter(std::string component, std::string name, std::string unit, std::string help,
                    std::function<double()> read) {
    return add({std::move(component), std::move(name), std::move(unit), std::move(help),
                StatKind::kCounter, std::move(read)});
  }
  StatInfo& gauge(std::string component, std::string name, std::string unit, std::string help,
                  std::function<double()> read) {
    return add({std::move(component), std::move(name), std::move(unit), std::move(help),
                StatKind::kGauge, std::move(read)});
  }
  // What this component and those below it registered, and did not explain otherwise, is explained
  // by these incidents.
  void explain(const std::string& component, const std::function<std::vector<IncidentId>()>& by) {
    for (StatInfo& row : rows_) {
      const bool below =
          row.component.starts_with(component) &&
          (row.component.size() == component.size() || row.component[component.size()] == '.' ||
           row.component[component.size()] == '/');
      if (below && !row.because) row.because = by;
    }
  }
  const std::vector<StatInfo>& rows() const { return rows_; }

 private:
  StatInfo& add(StatInfo row) {
    row.region = region_;
    return rows_.emplace_back(std::move(row));
  }

  std::optional<u32> region_;
  std::vector<StatInfo> rows_;
};

}  // namespace stampede
