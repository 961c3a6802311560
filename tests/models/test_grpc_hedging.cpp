// A second attempt after half a second without a first token, whoever answers first (gRFC A6).
#include <gtest/gtest.h>

#include "models/ports/hedging_port.h"
#include "tests/models/client_fixture.h"
#include "tests/models/mechanism_fixture.h"

namespace stampede::test {
namespace test_grpc_hedging {

bool second(const Attempt& a) { return (a.number & 0x80) != 0; }

struct Hedging {
  Mechanism<HedgingPolicy> policy;
  Clients clients;
  explicit Hedging(Duration first)
      : clients(Clients::single_turn(), 10, [this](World& world, Population::Wiring& wiring) {
          policy = make_mechanism<HedgingPolicy>("grpc_hedging", {world, "clients/some"});
          wiring.hedging = {policy.object.get()};
        }) {
    clients.server.first = first;
  }
};

TEST(grpc_hedging, sends_a_second_attempt_after_exactly_half_a_second) {
  Hedging h(1_s);
  h.clients.run(300_s);
  EXPECT_EQ(h.clients.counts().hedges, h.clients.offered());
  std::map<u64, Instant> sent;
  for (const auto& offer : h.clients.server.offers) {
    if (!second(offer.attempt))
      sent[offer.attempt.session_key] = offer.at;
    else
      EXPECT_EQ(offer.at - sent.at(offer.attempt.session_key), 500_ms);
  }
  EXPECT_EQ(h.clients.ended(Outcome::kSucceeded), h.clients.offered());
}

TEST(grpc_hedging, leaves_those_alone_that_are_answered_before) {
  Hedging h(400_ms);
  h.clients.run(300_s);
  EXPECT_EQ(h.clients.counts().hedges, 0U);
}

}  // namespace test_grpc_hedging
}  // namespace stampede::test
