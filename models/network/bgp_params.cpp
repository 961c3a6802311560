#include "models/network/bgp_params.h"

namespace stampede {

void BgpParams::describe(Schema<BgpParams>& s) {
  using P = BgpParams;
  s.name("Bgp");
  s.field("profile", &P::profile)
      .fixed("it stands for values that are shown")
      .help(
          "a daemon that was measured, whose timers and habits hold where the scenario says "
          "nothing "
          "else: frr_8 (FRRouting before 10.6), frr_10_6 (its withdrawals wait as well), bird_2")
      .source("FRR measured: 8.4.4 and BIRD 2.0.12");
  s.field("mrai", &P::mrai)
      .live()
      .at_least(0)
      .help("minimum route advertisement interval between two updates to a peer")
      .source("RFC 4271 s10: 30 s for eBGP; FRR measured: 0 before release 10.6");
  s.field("mrai_jitter_low", &P::mrai_jitter_low)
      .live()
      .range(0, 1)
      .help("each interval is the MRAI times U(this, 1)")
      .source("RFC 4271 s10: 0.75");
  s.field("mrai_scope", &P::mrai_scope)
      .fixed("timers are made at the start")
      .help("whether there is one MRAI timer for each peer, or one for each peer and prefix")
      .source("FRR measured: one for each peer");
  s.field("wrate_fraction", &P::wrate_fraction)
      .fixed("routers are drawn at the start")
      .range(0, 1)
      .help("share of ASes whose withdrawals wait for the MRAI as well")
      .source("BGP graphs: 0.75 gives a mean removal of 117 s; Garcia-Martinez 2018: 121 s");
  s.field("rov_fraction", &P::rov_fraction)
      .fixed("routers are drawn at the start")
      .range(0, 1)
      .help(
          "share of ASes that drop routes whose origin is not the one that the prefix's owner has "
          "authorised (see network.roas)")
      .source("RFC 6811: origin validation");
  s.field("otc_fraction", &P::otc_fraction)
      .fixed("routers are drawn at the start")
      .range(0, 1)
      .help(
          "share of ASes that mark what they send to customers and peers, and drop what comes back "
          "up with that mark: leaks")
      .source("RFC 9234: Only-To-Customer");
  s.field("withdrawals", &P::withdrawals)
      .live()
      .help(
          "when the other ASes send a withdrawal: at_once, or when_idle (it waits if an "
          "announcement to that peer is waiting)")
      .source("RFC 4271; FRR measured: when_idle");
  s.field("withdrawal_starts_mrai", &P::withdrawal_starts_mrai)
      .live()
      .help("whether a withdrawal that did not wait starts the interval as well")
      .source("FRR measured: yes");
  s.field("whole_second_timer", &P::whole_second_timer)
      .live()
      .help(
          "whether the interval is counted in whole seconds of the clock, from the decision that "
          "has to wait")
      .source("FRR measured: yes, so gaps lie between MRAI - 1 s and MRAI + 1 s, without jitter");
  s.field("processing_min", &P::processing_min)
      .live()
      .at_least(0)
      .help("shortest time that a router needs to process an update");
  s.field("processing_max", &P::processing_max)
      .live()
      .at_least(0)
      .help("longest time that a router needs to process an update");
  s.field("decision_hold", &P::decision_hold)
      .live()
      .at_least(0)
      .help("time for which updates are collected before one decision about all of them")
      .source("FRR measured: 50 ms (0 decides after each update)");
  s.field("propagation_min", &P::propagation_min)
      .fixed("the network is laid out at the start")
      .at_least(0)
      .help("shortest one-way delay of a link without a delay of its own")
      .source("BGP graphs: U(5, 100) ms");
  s.field("propagation_max", &P::propagation_max)
      .fixed("the network is laid out at the start")
      .at_least(0)
      .help("longest one-way delay of a link without a delay of its own")
      .source("BGP graphs: U(5, 100) ms");
  s.field("fib_delay", &P::fib_delay)
      .live()
      .at_least(0)
      .help("time from a decision until the forwarding table changes")
      .source("FRR measured: 10 ms");
  s.field("hold_time", &P::hold_time)
      .live()
      .at_least(0)
      .help("time without a message after which a session is down")
      .source("RFC 4271 s10: 90 s; Cisco timers: 180 s");
  s.field("connect_retry", &P::connect_retry)
      .live()
      .at_least(0)
      .help("time until a lost session is set up again, multiplied by jitter")
      .source("RFC 4271 s10: 120 s");
  s.field("restart_time", &P::restart_time)
      .live()
      .range(0, 4095)
      .help("graceful restart: how long the routes of a lost session are kept; 0: off")
      .source("RFC 4724");
  s.field("max_prefix", &P::max_prefix)
      .live()
      .range(0, 1000)
      .help(
          "how many prefixes a customer may announce on a session, as a multiple of those at the "
          "start; with more it is shut down; 0: any number")
      .source("RFC 7454: maximum prefixes on a peering");
  s.field("max_prefix_restart", &P::max_prefix_restart)
      .live()
      .at_least(0)
      .help("time until a session that was shut down so is tried again; 0: not before it is reset");
  s.field("sender_loop_detection", &P::sender_loop_detection)
      .fixed("the routes of the start were sent by it")
      .help("whether a router avoids sending a route to an AS that is on its path")
      .source("FRR measured: off");
  s.field("split_horizon", &P::split_horizon)
      .fixed("the routes of the start were sent by it")
      .help("whether a router avoids sending a route back to where it came from")
      .source("FRR measured: off");
  s.field("stuck_withdrawals", &P::stuck_withdrawals)
      .live()
      .range(0, 1)
      .help(
          "probability that a router loses a withdrawal and keeps the route until the session is "
          "reset or the prefix is announced again")
      .source("Fontugne 2019: a peer misses 1.8 % of the withdrawals of an IPv4 beacon");
  s.field("flap_damping", &P::flap_damping)
      .fixed("penalties are counted from the start or not at all")
      .help("whether routes that change too often are suppressed (RFC 2439)");
  s.field("damping_suppress", &P::damping_suppress)
      .live()
      .at_least(0)
      .help("penalty above which a route is suppressed")
      .source("Cisco damping: 2000; RFC 7196: advises 6000 or more");
  s.field("damping_reuse", &P::damping_reuse)
      .live()
      .at_least(1)
      .help("penalty below which a suppressed route is used again")
      .source("Cisco damping: 750");
  s.field("damping_half_life", &P::damping_half_life)
      .live()
      .at_least(1)
      .help("time in which a penalty halves")
      .source("Cisco damping: 15 min");
  s.field("damping_max", &P::damping_max)
      .at_least(1)
      .help("longest time for which a route is suppressed")
      .source("Cisco damping: 60 min");
  s.field("update_cap", &P::update_cap)
      .range(100, 1000000)
      .help(
          "number of updates for one session and prefix after one cause, above which routing "
          "counts as divergent")
      .source("BGP graphs: 1000, far above the 16 of the worst run that converged");
}

BgpParams BgpParams::of(BgpProfile profile) {
  BgpParams p;
  p.profile = profile;
  if (profile == BgpProfile::kNone) return p;
  p.mrai = 0_s;
  p.mrai_jitter_low = {1};
  p.wrate_fraction = {0};
  if (profile == BgpProfile::kBird_2) {
    // Arrival to sending 0.2 to 0.3 ms, with one look at all that its sockets hold.
    p.processing_min = 0_s;
    p.processing_max = 100_us;
    p.decision_hold = 200_us;
    p.fib_delay = 100_us;
    p.split_horizon = true;
    return p;
  }
  p.withdrawals = WithdrawalRule::kWhenIdle;
  p.withdrawal_starts_mrai = p.whole_second_timer = true;
  p.processing_min = p.processing_max = 0_s;
  p.decision_hold = 50_ms;
  p.fib_delay = 10_ms;
  if (profile == BgpProfile::kFrr10_6) p.wrate_fraction = {1};
  return p;
}

}  // namespace stampede
