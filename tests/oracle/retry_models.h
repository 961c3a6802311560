// The rows of queueing_oracles.csv about clients that time out and try again: the real clients
// before one first-come-first-served server that never hears of a cancellation.
#pragma once
#include <optional>

#include "tests/oracle/queueing_models.h"

namespace stampede::test {

// Empty if the row is not about retrying clients. `customers` grows by the attempts simulated.
std::optional<Estimate> simulate_retries(const OracleRow& row, u64 seed, double& customers);

}  // namespace stampede::test
