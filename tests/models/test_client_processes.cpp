#include <gtest/gtest.h>

#include <set>

#include "models/clients/client_processes.h"
#include "tests/models/client_fixture.h"

namespace stampede {
namespace test_client_processes {

ClientClassParams named(const std::string& name, double share, u32 processes = 0) {
  ClientClassParams p;
  p.name = name;
  p.share = {share};
  p.processes = processes;
  p.retry.budget = BudgetKind::kTokenBucket;
  return p;
}

struct Processes {
  World world{1};
  std::vector<ClientClassParams> classes;
  ClientProcesses all;
  Processes(std::vector<ClientClassParams> c, double rate, std::vector<double> shares = {1})
      : classes(std::move(c)), all(world, {rate}, std::move(shares)) {
    std::vector<const ClientClassParams*> pointers;
    for (const ClientClassParams& p : classes) pointers.push_back(&p);
    all.settle(pointers);
  }
};

TEST(client_processes, one_class_or_a_hundred_have_the_same_ones) {
  Processes one({named("w", 1)}, 200);
  std::vector<ClientClassParams> parts;
  for (int k = 0; k < 100; ++k) parts.push_back(named("w" + std::to_string(k), 0.01));
  Processes many(parts, 200);
  EXPECT_EQ(one.all.processes(0), 20u);
  for (u16 k = 0; k < 100; ++k) {
    EXPECT_EQ(many.all.processes(k), 20u);
    EXPECT_EQ(&many.all.pool_of(k), &many.all.pool_of(0));
  }
  for (u64 session = 0; session < 1000; ++session)
    EXPECT_EQ(one.all.process_of(0, 0, session),
              many.all.process_of(static_cast<u16>(session % 100), 0, session));
}

TEST(client_processes, a_stated_number_is_the_class_own) {
  Processes p({named("a", 0.5, 7), named("b", 0.5, 7), named("c", 0.0)}, 1000);
  EXPECT_EQ(p.all.processes(0), 7u);
  EXPECT_NE(&p.all.pool_of(0), &p.all.pool_of(1));
  EXPECT_EQ(p.all.processes(2), 1u) << "at least one";
}

TEST(client_processes, classes_of_one_application_share_theirs) {
  std::vector<ClientClassParams> classes{named("chat", 0.5, 2), named("embed", 0.5, 3),
                                         named("other", 0)};
  classes[0].application = classes[1].application = "shop";
  Processes p(classes, 1000);
  EXPECT_EQ(p.all.processes(0), 5u);
  EXPECT_EQ(&p.all.pool_of(0), &p.all.pool_of(1));
  EXPECT_NE(&p.all.pool_of(0), &p.all.pool_of(2));
}

TEST(client_processes, other_budgets_or_breakers_are_other_processes) {
  std::vector<ClientClassParams> classes{named("a", 0.4), named("b", 0.4), named("c", 0.2)};
  classes[1].retry.budget_cap = 9;
  classes[2].breaker.policy = ClientBreakerKind::kHystrix;
  Processes p(classes, 100);
  EXPECT_NE(&p.all.pool_of(0), &p.all.pool_of(1));
  EXPECT_NE(&p.all.pool_of(0), &p.all.pool_of(2));
  EXPECT_EQ(p.all.processes(0), 4u);
}

TEST(client_processes, home_regions_have_their_parts_of_a_pool) {
  Processes p({named("a", 1, 10)}, 100, {0.25, 0.75});
  std::set<u32> east, west;
  for (u64 session = 0; session < 2000; ++session) {
    east.insert(p.all.process_of(0, 0, session));
    west.insert(p.all.process_of(0, 1, session));
  }
  EXPECT_EQ(east, (std::set<u32>{0, 1, 2}));
  EXPECT_EQ(west, (std::set<u32>{2, 3, 4, 5, 6, 7, 8, 9})) << "the third is shared";
  Processes alone({named("a", 1, 1)}, 100, {0.25, 0.75});
  EXPECT_EQ(alone.all.process_of(0, 0, 5), 0u);
  EXPECT_EQ(alone.all.process_of(0, 1, 5), 0u);
}

TEST(client_processes, a_changed_budget_leaves_that_of_others_as_it_is) {
  Processes p({named("a", 0.5), named("b", 0.5)}, 10);
  RetryBudgets& budgets = p.all.pool_of(0).budgets;
  for (int k = 0; k < 5; ++k)
    EXPECT_TRUE(budgets.attempt(0, p.world.now(), true, RetryCause::kTransport, 0));
  p.world.scheduler.run_until(Instant{} + 5_s);
  p.classes[1].retry.budget_cap = 50;
  p.all.changed(1, p.classes[1]);
  EXPECT_FALSE(p.all.pool_of(0).budgets.attempt(0, p.world.now(), true, RetryCause::kTransport, 0));
  int spent = 0;
  while (p.all.pool_of(1).budgets.attempt(0, p.world.now(), true, RetryCause::kTransport, 0))
    ++spent;
  EXPECT_EQ(spent, 50);
}

// ---- in the way of a request --------------------------------------------------------------------
using test::Clients;

TEST(client_processes, each_process_spends_its_own_tokens) {
  for (const u32 processes : {1u, 10u}) {
    ClientClassParams p = Clients::single_turn();
    p.processes = processes;
    p.retry.policy = RetryKind::kImmediate;
    p.retry.max_attempts = 2;
    p.retry.budget = BudgetKind::kTokenBucket;
    p.retry.budget_cap = 5;
    Clients c(p);
    c.server.verdict = [](const Attempt&) { return Verdict{Outcome::kRejected503, {}, 0}; };
    c.run(200_s);
    EXPECT_EQ(c.counts().retries, 5 * processes);
  }
}

TEST(client_processes, sessions_come_on_the_connections_of_their_process) {
  for (const auto& [processes, connections] : {std::pair{1u, 1u}, {3u, 2u}, {4u, 0u}}) {
    ClientClassParams p = Clients::single_turn();
    p.processes = processes;
    p.connections = connections;
    Clients c(p);
    std::set<u64> seen;
    u64 sessions = 0;
    c.server.verdict = [&](const Attempt& a) {
      seen.insert(c.population.connection(a));
      ++sessions;
      return Verdict{};
    };
    c.run(100_s);
    EXPECT_EQ(seen.size(), connections == 0 ? sessions : processes * connections);
  }
}

TEST(client_breaker, an_open_one_sends_nothing_and_probes_after_its_wait) {
  ClientClassParams p = Clients::single_turn();
  p.processes = 1;
  p.breaker.policy = ClientBreakerKind::kHystrix;
  Clients c(p);
  c.server.verdict = [](const Attempt&) { return Verdict{Outcome::kRejected503, {}, 0}; };
  c.run(90_s);
  // Twenty failures open it within some 2 s; then one probe each 5 s.
  EXPECT_GE(c.counts().attempts, 20u + 15);
  EXPECT_LE(c.counts().attempts, 25u + 18);
  EXPECT_EQ(c.counts().attempts + c.counts().unsent, c.offered());
  EXPECT_EQ(c.ended(Outcome::kBreaker), c.counts().unsent);
  EXPECT_GE(c.counts().breakers_opened, 16u);
}

TEST(client_breaker, a_good_probe_closes_it) {
  ClientClassParams p = Clients::single_turn();
  p.processes = 1;
  p.breaker.policy = ClientBreakerKind::kHystrix;
  Clients c(p);
  bool down = true;
  c.server.verdict = [&](const Attempt&) {
    return down ? Verdict{Outcome::kRejected503, {}, 0} : Verdict{};
  };
  c.run(20_s);
  down = false;
  c.run(20_s);
  const u64 held_back = c.counts().unsent;
  c.run(50_s);
  EXPECT_EQ(c.counts().unsent, held_back);
}

TEST(client_breaker, ten_calls_half_open_as_resilience4j_has_it) {
  ClientClassParams p = Clients::single_turn();
  p.processes = 1;
  p.breaker.policy = ClientBreakerKind::kResilience4j;
  Clients c(p);
  c.server.verdict = [](const Attempt&) { return Verdict{Outcome::kRejected503, {}, 0}; };
  c.run(100_s);
  EXPECT_EQ(c.counts().attempts, 100u + 10) << "a window, and after 60 s ten";
  EXPECT_EQ(c.counts().breakers_opened, 2u);
}

TEST(client_breaker, without_one_nothing_is_held_back) {
  Clients c(Clients::single_turn());
  c.server.verdict = [](const Attempt&) { return Verdict{Outcome::kRejected503, {}, 0}; };
  c.run(90_s);
  EXPECT_EQ(c.counts().attempts, c.offered());
  EXPECT_EQ(c.counts().unsent, 0u);
}

}  // namespace test_client_processes
}  // namespace stampede
