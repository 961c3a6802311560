#include "models/network/bgp_params.h"

namespace stampede {

void BgpParams::describe(Schema<BgpParams>& s) {
  using P = BgpParams;
  s.name("Bgp");
  s.field("mrai", &P::mrai)
      .at_least(0)
      .help("minimum route advertisement interval between two updates to a peer")
      .source("RFC 4271 s10: 30 s for eBGP; FRR before 10.6 uses 0");
  s.field("mrai_jitter_low", &P::mrai_jitter_low)
      .range(0, 1)
      .help("each interval is the MRAI times U(this, 1)")
      .source("RFC 4271 s10: 0.75");
  s.field("mrai_scope", &P::mrai_scope)
      .help("one timer a peer, or one a peer and prefix")
      .source("network_and_kv 2; FRR measured: peer");
  s.field("wrate_fraction", &P::wrate_fraction)
      .range(0, 1)
      .help("share of ASes whose withdrawals wait for the MRAI as well")
      .source("network_and_kv 0: 0.75 gives a mean removal of 117 s (121 s measured in 2018)");
  s.field("withdrawals", &P::withdrawals)
      .help(
          "when the other ASes send a withdrawal: at_once, or when_idle (it waits if an "
          "announcement to that peer waits)")
      .source("RFC 4271; when_idle: FRR 8.4.4 measured");
  s.field("withdrawal_starts_mrai", &P::withdrawal_starts_mrai)
      .help("a withdrawal that did not wait starts the interval too")
      .source("FRR 8.4.4 measured: yes");
  s.field("whole_second_timer", &P::whole_second_timer)
      .help(
          "the interval is counted in whole seconds of the clock, from the decision that has to "
          "wait")
      .source("FRR 8.4.4 measured: yes, hence gaps of MRAI - 1 s to MRAI + 1 s and no jitter");
  s.field("processing_min", &P::processing_min)
      .at_least(0)
      .help("least time an update takes in the receiver's queue");
  s.field("processing_max", &P::processing_max)
      .at_least(0)
      .help("most time an update takes in the receiver's queue");
  s.field("decision_hold", &P::decision_hold)
      .at_least(0)
      .help("wait before one decision on all updates that came in meanwhile")
      .source("FRR measured: 50 ms; 0 decides after each update");
  s.field("propagation_min", &P::propagation_min)
      .at_least(0)
      .help("least one-way delay of a link that has none of its own")
      .source("network_and_kv 2: U(5,100) ms");
  s.field("propagation_max", &P::propagation_max)
      .at_least(0)
      .help("most one-way delay of a link that has none of its own")
      .source("network_and_kv 2: U(5,100) ms");
  s.field("fib_delay", &P::fib_delay)
      .at_least(0)
      .help("from the decision to the forwarding table")
      .source("FRR measured: 10 ms");
  s.field("hold_time", &P::hold_time)
      .at_least(0)
      .help("silence after which a session is down")
      .source("RFC 4271 s10: 90 s; Cisco 180 s");
  s.field("connect_retry", &P::connect_retry)
      .at_least(0)
      .help("until a lost session is set up again, times jitter")
      .source("RFC 4271 s10: 120 s");
  s.field("restart_time", &P::restart_time)
      .range(0, 4095)
      .help("graceful restart: routes of a lost session are kept so long; 0 = off")
      .source("RFC 4724; vendors default to 120 s");
  s.field("sender_loop_detection", &P::sender_loop_detection)
      .help("a route is not sent to an AS on its path")
      .source("FRR measured: off");
  s.field("split_horizon", &P::split_horizon)
      .help("a route is not sent back to where it came from")
      .source("FRR measured: off");
  s.field("flap_damping", &P::flap_damping).help("suppress flapping routes (RFC 2439)");
  s.field("damping_suppress", &P::damping_suppress)
      .at_least(0)
      .help("penalty above which a route is suppressed")
      .source("Cisco: 2000; RFC 7196 advises 6000 or more");
  s.field("damping_reuse", &P::damping_reuse)
      .at_least(1)
      .help("penalty below which it is used again")
      .source("Cisco: 750");
  s.field("damping_half_life", &P::damping_half_life)
      .at_least(1)
      .help("time in which a penalty halves")
      .source("Cisco: 15 min");
  s.field("damping_max", &P::damping_max)
      .at_least(1)
      .help("longest suppression")
      .source("Cisco: 60 min");
  s.field("update_cap", &P::update_cap)
      .range(100, 1000000)
      .help("updates a session and prefix after one cause, above which routing is divergent")
      .source("network_and_kv 2: 1000");
}

BgpParams BgpParams::frr() {
  BgpParams p;
  p.mrai = 0_s;
  p.mrai_jitter_low = {1};
  p.wrate_fraction = {0};
  p.withdrawals = WithdrawalRule::kWhenIdle;
  p.withdrawal_starts_mrai = p.whole_second_timer = true;
  p.processing_min = p.processing_max = 0_s;
  p.decision_hold = 50_ms;
  p.fib_delay = 10_ms;
  return p;
}

}  // namespace stampede
