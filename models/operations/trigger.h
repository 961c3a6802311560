// A condition of operators in a built world: what it reads and since when it holds.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "models/operations/monitor.h"
#include "models/ports/condition_params.h"
#include "models/ports/scene.h"
#include "sim/world.h"

namespace stampede {

// In this order: of conditions that must all hold the least counts, of others the most.
enum class Seen : u8 {
  kNo,
  kAbsent,  // there is nothing to see of it, and nothing says what that means
  kYes
};

// What people see of a condition.
struct Reading {
  Seen now = Seen::kNo, sustained = Seen::kNo;  // as it is; for as long as it must have held
  std::vector<IncidentId> shown_by;             // of what holds now
};

class Trigger {
 public:
  // `below`: of success_below where the condition does not say it. `scene` must outlive this.
  // Throws InvariantError for a signal that is not there (the loader checks first).
  Trigger(const ConditionParams& params, Share below, World& world, Monitor& monitor,
          const Scene& scene);
  // Called every few seconds: `for` runs while it is read.
  Reading read();
  const std::string& text() const { return text_; }

 private:
  struct Row {
    u32 watched = 0;
    std::optional<u32> divisor;
  };
  struct Term {
    TermParams params;
    std::vector<Row> rows;  // of a signal; else it is a named condition
    std::optional<double> above, below;
    Instant since = kNever;
  };
  struct Group {  // of which all hold, or one does
    bool all = true;
    std::vector<Term> terms;
  };

  Term term(const TermParams& params);
  Group group(const GroupParams& params);
  Reading read(Term& term);
  Alarm named(const Term& term) const;
  Reading measured(const Term& term) const;
  std::vector<Sighting> values(const Term& term) const;

  const double below_;
  World& world_;
  Monitor& monitor_;
  const Scene& scene_;
  bool all_ = true;
  std::vector<Group> groups_;
  std::string text_;
};

}  // namespace stampede
