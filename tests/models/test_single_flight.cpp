// Who asks again takes over what they left: by the table of what is under way, and in a region
// under overload, alone and together with deadlines.
#include "models/ports/deadline_port.h"
#include "models/ports/single_flight_port.h"
#include "tests/models/mechanism_fixture.h"
#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_single_flight {

TEST(single_flight, knows_what_is_under_way_by_region_session_and_turn) {
  World world{1};
  auto flights = make_mechanism<SingleFlight>("single_flight", {world, "x"});
  const Work work{0, 1, 77};
  EXPECT_EQ(flights->under_way(work), kNoSlot);
  flights->started(work, 5);
  EXPECT_EQ(flights->under_way(work), 5U);
  for (const Work& other : {Work{1, 1, 77}, Work{0, 2, 77}, Work{0, 1, 78}})
    EXPECT_EQ(flights->under_way(other), kNoSlot);
  flights->started(work, 6);  // the newest
  EXPECT_EQ(flights->under_way(work), 6U);
  flights->ended(work, 5);
  EXPECT_EQ(flights->under_way(work), 6U);
  flights->ended(work, 6);
  EXPECT_EQ(flights->under_way(work), kNoSlot);
}

struct Result {
  u64 succeeded = 0, doomed = 0, taken_over = 0, executions = 0, written = 0;
};

// People who leave after ten seconds and ask again, more of them than two pods can serve.
Result overload(bool shared, bool deadlines, double cancel, Duration again = 5_s) {
  ClientClassParams p = Clients::single_turn();
  p.answer = {200, 0.5, 1, 2000};
  p.first_token_timeout = 10_s;
  p.cancel_on_timeout = {cancel};
  p.resubmit = {{1}, 5, again};
  Mechanism<SingleFlight> flights;
  Mechanism<DeadlinePolicy> policy;
  Slots slots;
  if (shared)
    slots.clients = [&](World& world, Population::Wiring& wiring) {
      flights = make_mechanism<SingleFlight>("single_flight", {world, "x"});
      wiring.single_flight = flights.object.get();
    };
  if (deadlines)
    slots.region = [&](World& world, Region::Wiring& wiring) {
      policy = make_mechanism<DeadlinePolicy>("deadline_propagation", {world, "here"},
                                              {{"margin", "8s"}});
      wiring.deadline = policy.object.get();
    };
  Service s(p, pools({EngineRole::kMixed}), {}, 60, slots);
  s.run_out();
  return {s.ended(Outcome::kSucceeded), s.clients.counts().doomed, s.clients.counts().taken_over,
          s.clients.counts().attempts, s.kv.written};
}

TEST(single_flight, what_was_left_is_taken_over_instead_of_done_twice) {
  const Result without = overload(false, false, 0), with = overload(true, false, 0);
  EXPECT_EQ(without.taken_over, 0U);
  EXPECT_GT(with.taken_over, 500U);
  EXPECT_LT(with.executions, without.executions);
  EXPECT_LT(with.doomed, without.doomed / 2);
  EXPECT_GT(with.succeeded, without.succeeded);
  EXPECT_EQ(with.written, with.executions);  // each ran to its end
}

TEST(single_flight, what_the_server_stopped_cannot_be_taken_over) {
  EXPECT_EQ(overload(true, false, 1).taken_over, 0U);
}

// A deadline passes while somebody else waits already: theirs counts.
TEST(single_flight, an_execution_taken_over_has_the_new_clients_deadline) {
  const Result with = overload(true, true, 0, 2_s);
  EXPECT_GT(with.taken_over, 500U);
  EXPECT_GT(with.succeeded, overload(false, true, 0, 2_s).succeeded);
}

}  // namespace test_single_flight
}  // namespace stampede::test
