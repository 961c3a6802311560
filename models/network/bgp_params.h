// Timers and habits of the BGP speakers.
#pragma once
#include "sim/params.h"

namespace stampede {

enum class MraiScope : u8 { kPeer, kPrefix };

// When a speaker that does not rate-limit withdrawals may send one.
enum class WithdrawalRule : u8 {
  kAtOnce,   // always
  kWhenIdle  // unless an announcement to that peer waits for the timer (FRR before 10.6)
};

// Daemons whose timers and habits were measured.
enum class BgpProfile : u8 { kNone, kFrr_8, kFrr10_6, kBird_2 };

struct BgpParams {
  BgpProfile profile = BgpProfile::kNone;  // sets what is not given
  Duration mrai{30_s};
  Share mrai_jitter_low{0.75};
  MraiScope mrai_scope = MraiScope::kPeer;
  Share wrate_fraction{0.75};
  Share rov_fraction{0};
  Share otc_fraction{0};
  WithdrawalRule withdrawals = WithdrawalRule::kAtOnce;
  bool withdrawal_starts_mrai = false;
  bool whole_second_timer = false;
  Duration processing_min{10_ms};
  Duration processing_max{100_ms};
  Duration decision_hold{0};
  Duration propagation_min{5_ms};
  Duration propagation_max{100_ms};
  Duration fib_delay{10_ms};
  Duration hold_time{90_s};
  Duration connect_retry{120_s};
  Duration restart_time{0};
  double max_prefix = 0;  // times what was announced at the start; 0: any number
  Duration max_prefix_restart{0};
  bool sender_loop_detection = false;
  bool split_horizon = false;
  Share stuck_withdrawals{0};
  bool flap_damping = false;
  double damping_suppress = 2000;
  double damping_reuse = 750;
  Duration damping_half_life{900_s};
  Duration damping_max{3600_s};
  i32 update_cap = 1000;
  static void describe(Schema<BgpParams>& s);

  // As measured on that daemon (docs/measurements/bgp_daemons.md); links stay as they are.
  static BgpParams of(BgpProfile profile);
};

}  // namespace stampede
