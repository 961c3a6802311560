// Mitigations that take each other's place are found, whichever they are; those that do not are
// not.
#include "tools/world/replaced.h"

#include <gtest/gtest.h>

#include "tests/directories.h"
#include "tools/world/load_scenario.h"

namespace stampede {
namespace test_replaced {

Loaded fleet(const std::vector<std::string>& with) {
  return load_scenario(source_directory() + "/scenarios/templates/init.yaml", {}, with);
}
std::string why(const std::vector<std::string>& with) {
  return no_set(fleet(with).scenario.spec, 0).value_or("");
}

TEST(replaced, two_that_set_one_parameter_otherwise) {
  EXPECT_EQ(why({"fixed_retry_delay", "grpc_backoff"}),
            "'fixed_retry_delay' is partly replaced by 'grpc_backoff': both set "
            "spec.clients[*].retry.base and 3 more, and the later one stands");
  EXPECT_EQ(why({"retry_budget", "finagle_retry_budget"}),
            "'retry_budget' is partly replaced by 'finagle_retry_budget': both set "
            "spec.clients[*].retry.budget and 1 more, and the later one stands");
  EXPECT_NE(why({"hystrix_breaker", "polly_breaker"}), "");
  // [*] and a class by its number; a list and an element of it.
  EXPECT_NE(why({"full_jitter_backoff", "fixed_retry_delay"}), "");
  EXPECT_NE(why({"fixed_retry_delay", "full_jitter_backoff"}), "");
}

TEST(replaced, what_stands_instead_of_parameters_whatever_the_order) {
  const std::string said =
      "'least_connections' is replaced by 'peak_ewma', which stands instead of spec.replica_choice";
  EXPECT_EQ(why({"least_connections", "peak_ewma"}), said);
  EXPECT_EQ(why({"peak_ewma", "least_connections"}), said);
}

TEST(replaced, others_stand_beside_each_other) {
  EXPECT_EQ(why({"retry_budget", "full_jitter_backoff"}), "");
  EXPECT_EQ(why({"queue_limit", "codel"}), "");
  EXPECT_EQ(why({"outlier_ejection", "peak_ewma"}), "");
  EXPECT_EQ(why({"bgp_canary", "bgp_commit_confirmed"}), "");
  EXPECT_EQ(why({"fixed_retry_delay", "retry_budget"}), "");
  // The later one multiplies what the earlier one says.
  EXPECT_EQ(why({"automated_runbook", "playbook"}), "");
  EXPECT_NE(why({"playbook", "automated_runbook"}), "");
}

// A candidate in place of what the scenario has is what a comparison is for.
TEST(replaced, those_of_the_scenario_are_not_looked_at) {
  const Spec spec = fleet({"fixed_retry_delay", "grpc_backoff"}).scenario.spec;
  EXPECT_EQ(no_set(spec, 1), std::nullopt);
  EXPECT_NE(no_set(spec, 0), std::nullopt);
}

TEST(replaced, a_run_warns) {
  const Loaded warned = fleet({"hystrix_breaker", "polly_breaker"});
  ASSERT_EQ(warned.warnings.size(), 1U);
  EXPECT_EQ(warned.warnings[0].path, "spec.mitigations[0]");
}

TEST(replaced, one_that_is_named_twice_is_refused) {
  for (const char* name : {"queue_limit", "codel"}) {
    try {
      fleet({name, name});
      FAIL() << name;
    } catch (const InputError& error) {
      EXPECT_EQ(error.diagnostics.front().message,
                "'" + std::string(name) + "' stands there already");
    }
  }
}

}  // namespace test_replaced
}  // namespace stampede
