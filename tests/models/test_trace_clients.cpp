// Clients that play a recording, and the log of single requests.
#include "tests/models/client_fixture.h"

namespace stampede::test {
namespace test_trace_clients {

// Three requests, a second apart; the first and the last say the same.
struct Three final : TraceSource {
  u64 at = 0;
  bool next(TraceRow& row) override {
    if (at == 3) return false;
    row = {};
    row.number = at;
    row.at = from_seconds(static_cast<double>(at));
    row.prompt = 100;
    row.output = 20 + static_cast<u32>(at);
    row.has_text = true;
    row.text = at++ % 2;
    return true;
  }
  void rewind() override { at = 0; }
};

struct Kept final : RequestLog {
  std::vector<RequestRecord> rows;
  void ended(const RequestRecord& r) override { rows.push_back(r); }
};

struct Played {
  World world{1};
  AttemptPool attempts;
  HandPath network;
  HandBalancer balancer;
  CountingKv kv;
  HandServer server{world, attempts};
  ServiceLevel service{world, {}, 1, 24_h};
  Kept log;
  std::unique_ptr<Population> clients;

  explicit Played(Duration timeout = 300_s) {
    ClientClassParams p = Clients::single_turn();
    p.total_timeout = timeout;
    p.cancel_on_timeout = {1};
    p.trace.emplace();
    Population::Wiring wiring{&network, &balancer, {&server}, &kv, &attempts, &service};
    wiring.traces.push_back(std::make_shared<Three>());
    wiring.log = &log;
    clients = std::make_unique<Population>(world, std::vector{p}, Clients::demand(10), 1, wiring);
    server.clients = clients.get();
    clients->start();
  }
};

TEST(trace_clients, ask_what_was_recorded_when_it_was_recorded) {
  Played run;
  run.world.scheduler.run_until(Instant{} + 100_s);
  ASSERT_EQ(run.server.offers.size(), 3u);  // and nothing of the modelled demand
  for (u32 n = 0; n < 3; ++n) {
    EXPECT_EQ(run.server.offers[n].at, Instant{} + from_seconds(n));
    EXPECT_EQ(run.server.offers[n].attempt.prompt, 100u);
    EXPECT_EQ(run.server.offers[n].attempt.output, 20 + n);
  }
  EXPECT_EQ(run.kv.open, 0);
}

TEST(trace_clients, tell_which_prompts_are_alike) {
  Played run;
  run.world.scheduler.run_until(Instant{} + 2500_ms);  // all three are being answered
  ASSERT_EQ(run.server.offers.size(), 3u);
  std::vector<std::vector<TextRun>> text(3);
  for (std::size_t n = 0; n < 3; ++n)
    run.clients->text_runs(run.server.offers[n].attempt.session, 100, text[n]);
  ASSERT_EQ(text[0].size(), 1u);
  EXPECT_EQ(text[0][0].blocks, 6u);
  EXPECT_EQ(text[0], text[2]);
  EXPECT_NE(text[0], text[1]);
}

TEST(trace_clients, a_log_has_each_request_once_however_it_ended) {
  for (const bool fails : {false, true}) {
    Played run(fails ? 3_s : 300_s);  // the server answers after five
    run.world.scheduler.run_until(Instant{} + 4500_ms);
    const std::size_t over = run.log.rows.size();
    EXPECT_EQ(over, fails ? 2u : 0u);
    run.clients->log_open_requests();
    ASSERT_EQ(run.log.rows.size(), 3u);
    for (std::size_t n = 0; n < 3; ++n) {
      const RequestRecord& row = run.log.rows[n];
      EXPECT_EQ(row.open, n >= over);
      EXPECT_EQ(row.prompt, 100u);
      EXPECT_EQ(row.attempts, 1);
      EXPECT_EQ(row.ttft, 1_s) << n;
      if (row.open) continue;
      EXPECT_EQ(row.outcome, Outcome::kTimeout);
      EXPECT_EQ(row.e2e, 3_s);
    }
  }
  Played whole;
  whole.world.scheduler.run_until(Instant{} + 100_s);
  ASSERT_EQ(whole.log.rows.size(), 3u);
  for (const RequestRecord& row : whole.log.rows) {
    EXPECT_EQ(row.outcome, Outcome::kSucceeded);
    EXPECT_EQ(row.ttft, 1_s);
    EXPECT_EQ(row.e2e, 5_s);
  }
  whole.clients->log_open_requests();
  EXPECT_EQ(whole.log.rows.size(), 3u);
}

}  // namespace test_trace_clients
}  // namespace stampede::test
