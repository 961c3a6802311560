// Spikes of demand: how much more is asked, that nothing else moves, and who is to blame.
#include <utility>

#include "tests/models/client_fixture.h"

namespace stampede::test {
namespace test_spikes {

using Times = std::vector<std::pair<i64, u64>>;

// When attempts were offered that carry `cause`, and of which sessions.
Times offered_for(const Clients& c, IncidentId cause) {
  Times times;
  for (const HandServer::Offer& o : c.server.offers)
    if (o.attempt.incident == cause) times.emplace_back(o.at.ns, o.attempt.session_key);
  return times;
}

// Spikes of these factors from 20 s to 60 s; the ends are not planned.
struct Spiked {
  Clients clients{Clients::single_turn()};
  std::vector<IncidentId> roots;
  explicit Spiked(const std::vector<double>& factors) {
    clients.run(20_s);
    std::vector<u32> started;
    for (const double factor : factors) {
      roots.push_back(clients.world.incident("spike", "test", {}, ""));
      started.push_back(clients.population.start_spike({"some", 0, factor}, roots.back()));
    }
    clients.run(40_s);
    for (const u32 k : started) clients.population.end_spike(k);
    clients.run(140_s);
  }
};

TEST(spikes, add_their_multiple_while_they_last_and_move_nobody_else) {
  const Times calm = offered_for(Spiked({}).clients, kNoIncident);
  const Spiked one({3}), two({3, 2});
  for (const Spiked* s : {&one, &two}) {
    EXPECT_EQ(offered_for(s->clients, kNoIncident), calm);  // to the nanosecond
    for (std::size_t k = 0; k < s->roots.size(); ++k) {
      const Times more = offered_for(s->clients, s->roots[k]);
      const double mean = k == 0 ? 800 : 400;  // 10 a second for 40 s, twice or once
      EXPECT_NEAR(static_cast<double>(more.size()), mean, 5 * 30) << k;
      EXPECT_GE(more.front().first, (20_s).ns);
      EXPECT_LT(more.back().first, (60_s).ns);
    }
  }
  // A second spike leaves the first one's arrivals alone, and its own are others.
  EXPECT_EQ(offered_for(one.clients, one.roots[0]), offered_for(two.clients, two.roots[0]));
  EXPECT_NE(offered_for(two.clients, two.roots[0])[0], offered_for(two.clients, two.roots[1])[0]);
}

// A spike of the day's curve is a root too: what it brings carries it, in its time only.
TEST(spikes, of_the_curve_name_themselves) {
  DemandParams demand;
  demand.rate = {10};
  demand.spikes = {{20_s, 40_s, 3}};
  World world{7};
  AttemptPool attempts;
  HandPath network;
  HandBalancer balancer;
  CountingKv kv;
  HandServer server{world, attempts};
  ServiceLevel service(world, {}, 1, 24_h);
  Population population(world, {Clients::single_turn()}, Demand(demand, UtcTime{0}, {1.0}, {{}}), 1,
                        {&network, &balancer, {&server}, &kv, &attempts, &service});
  server.clients = &population;
  population.start();
  world.scheduler.run_until(Instant{} + 100_s);
  ASSERT_EQ(world.journal.all().size(), 1U);
  const Incident& root = world.journal.all()[0];
  EXPECT_EQ(root.kind, "demand_spike");
  EXPECT_TRUE(root.causes.empty());
  EXPECT_EQ(root.at, Instant{} + 20_s);
  for (const HandServer::Offer& o : server.offers) {
    const bool inside = o.at >= Instant{} + 20_s && o.at < Instant{} + 60_s;
    ASSERT_EQ(o.attempt.incident, inside ? root.id : kNoIncident) << o.at.seconds();
  }
}

// Refused without a word, a request that a spike brought is the spike's.
TEST(spikes, are_shown_by_the_alarm_of_those_who_fail_in_them) {
  Clients c(Clients::single_turn());
  c.server.verdict = [](const Attempt& a) {
    return a.incident != kNoIncident ? Verdict{Outcome::kRejected503, {}, 0} : Verdict{};
  };
  c.run(20_s);
  const IncidentId root = c.world.incident("spike", "test", {}, "");
  c.population.start_spike({"some", 0, 5}, root);
  for (int tick = 0; tick < 8; ++tick) {
    c.run(5_s);
    c.service.sample();
  }
  const Alarm alarm = c.service.success_below(0.9);
  EXPECT_TRUE(alarm.holds);
  EXPECT_EQ(alarm.shown_by, std::vector<IncidentId>{root});
}

}  // namespace test_spikes
}  // namespace stampede::test
