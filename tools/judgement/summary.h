// summary.json of a run (schema stampede.summary/1) and the facts that expectations judge.
#pragma once
#include <string>

#include "tools/judgement/expectations.h"
#include "tools/judgement/measures.h"

namespace stampede {

struct Digests {
  std::string all, results;  // results: see results_digest.h
};

Facts facts_of(const Observed& seen, const Measures& measures);
std::string summary_of(const Scenario& scenario, const Observed& seen, const Measures& measures,
                       const Digests& digests);

}  // namespace stampede
