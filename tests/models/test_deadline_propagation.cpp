// Servers that know when their client leaves: nothing is computed for nobody, under overload.
#include "models/ports/deadline_port.h"
#include "tests/models/mechanism_fixture.h"
#include "tests/models/region_fixture.h"

namespace stampede::test {
namespace test_deadline_propagation {

struct Outcomes {
  u64 succeeded = 0, doomed = 0, expired = 0, timeouts = 0;
};

// Three times what two pods can serve; nobody tells the server that they leave.
Outcomes overload(const ClientClassParams& params, bool propagated, const std::string& margin,
                  const std::vector<EngineRole>& roles = {EngineRole::kMixed}) {
  Mechanism<DeadlinePolicy> policy;
  Slots slots;
  if (propagated)
    slots.region = [&](World& world, Region::Wiring& wiring) {
      policy = make_mechanism<DeadlinePolicy>("deadline_propagation", {world, "here"},
                                              {{"margin", margin}});
      wiring.deadline = policy.object.get();
    };
  Service s(params, pools(roles), {}, 60, slots);
  s.run_out();
  return {s.ended(Outcome::kSucceeded), s.clients.counts().doomed, s.region.counts().expired,
          s.ended(Outcome::kTimeout)};
}

ClientClassParams impatient() {
  ClientClassParams p = Clients::single_turn();
  p.answer = {200, 0.5, 1, 2000};
  p.first_token_timeout = 10_s;
  p.cancel_on_timeout = {0};
  return p;
}

TEST(deadline_propagation, no_first_token_is_made_for_those_who_have_left) {
  for (const auto& roles :
       {std::vector{EngineRole::kMixed}, std::vector{EngineRole::kPrefill, EngineRole::kDecode}}) {
    const Outcomes without = overload(impatient(), false, "0s", roles);
    const Outcomes with = overload(impatient(), true, "0s", roles);
    EXPECT_GT(without.doomed, 500U);
    EXPECT_EQ(without.expired, 0U);
    EXPECT_EQ(with.doomed, 0U);
    EXPECT_EQ(with.expired, with.timeouts);
    // First come, first served: the head of the line is always about to expire. Where prefill is
    // all the work, it expires while it is computed, and nobody is better off.
    if (roles.size() == 1) {
      EXPECT_GT(with.succeeded, without.succeeded);
    } else {
      EXPECT_GE(with.succeeded, without.succeeded);
    }
  }
}

TEST(deadline_propagation, the_whole_answer_has_a_deadline_too) {
  ClientClassParams p = impatient();
  p.first_token_timeout = {};
  p.total_timeout = 20_s;
  const Outcomes with = overload(p, true, "0s");
  EXPECT_GT(overload(p, false, "0s").doomed, 500U);
  EXPECT_EQ(with.doomed, 0U);
  EXPECT_EQ(with.expired, with.timeouts);
}

TEST(deadline_propagation, a_margin_lets_some_work_be_done_for_nobody) {
  const Outcomes exact = overload(impatient(), true, "0s"),
                 late = overload(impatient(), true, "5s");
  EXPECT_GT(late.doomed, exact.doomed);
  EXPECT_GT(late.expired, 0U);
  EXPECT_LT(late.doomed, overload(impatient(), false, "0s").doomed);
}

TEST(deadline_propagation, patient_clients_have_none) {
  ClientClassParams p = impatient();
  p.first_token_timeout = {};
  const Outcomes with = overload(p, true, "0s");
  EXPECT_EQ(with.expired, 0U);
  EXPECT_EQ(with.succeeded, overload(p, false, "0s").succeeded);
}

}  // namespace test_deadline_propagation
}  // namespace stampede::test
