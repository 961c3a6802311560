// The process in front of an engine: tokeniser, HTTP and streaming on a few CPU cores.
// State: a fluid backlog of CPU work; everything waits in line behind it.
// Source: M/M/1 sojourn tail P(T > t) = exp(-(1 - rho) t / s) for utilisations below one; the 85 %
// line of the accounts is where that tail begins to matter.
// Limits: no single requests in the CPU's queue; delay of admitted requests is not added to their
// first token.
#pragma once
#include "models/serving/front_end_params.h"
#include "sim/math.h"

namespace stampede {

class FrontEnd {
 public:
  // Delay that a new request would meet [s].
  double delay(Instant now, const FrontEndParams& p) {
    drain(now, p);
    return backlog_ / p.cores;
  }
  void charge(double cpu_seconds) {
    backlog_ += cpu_seconds;
    charged_ += cpu_seconds;
  }
  // Work that comes in a stream: `tokens` more since the last call, `waiting` connections kept
  // open. Closes a measuring interval and returns its utilisation, 1 = all cores (above 1: falling
  // behind).
  double measure(Instant now, u64 tokens, u32 waiting, const FrontEndParams& p) {
    drain(now, p);
    const double dt = (now - measured_at_).seconds();
    if (dt <= 0) return utilisation_;
    streaming_ = (static_cast<double>(tokens - tokens_) * p.cpu_per_output_token.seconds()) / dt +
                 waiting * p.cpu_per_waiting_second.seconds();
    utilisation_ = ((charged_ - charged_before_) / dt + streaming_) / p.cores;
    tokens_ = tokens;
    charged_before_ = charged_;
    measured_at_ = now;
    return utilisation_;
  }
  // Does a probe get its answer in time? `u`: a uniform draw.
  bool answers(double u, const FrontEndParams& p) const {
    if (backlog_ / p.cores >= p.probe_timeout.seconds() || utilisation_ >= 1) return false;
    const double late =
        math::exp(-(1 - utilisation_) * p.probe_timeout.seconds() / p.slice.seconds());
    return u >= late;
  }
  Instant measured_at() const { return measured_at_; }
  double utilisation() const { return utilisation_; }
  // CPU time used so far, without what still waits [s].
  double used(Instant now, const FrontEndParams& p) {
    drain(now, p);
    return charged_ - backlog_ + streamed_;
  }

 private:
  void drain(Instant now, const FrontEndParams& p) {
    const double dt = (now - drained_at_).seconds();
    drained_at_ = now;
    const double streamed = streaming_ < p.cores ? streaming_ : p.cores;
    streamed_ += streamed * dt;
    const double left = p.cores - streamed;
    backlog_ -= dt * (left > 0.02 * p.cores ? left : 0.02 * p.cores);
    if (backlog_ < 0) backlog_ = 0;
  }

  double backlog_ = 0, charged_ = 0, charged_before_ = 0, streaming_ = 0, streamed_ = 0;
  double utilisation_ = 0;
  u64 tokens_ = 0;
  Instant drained_at_{}, measured_at_{};
};

}  // namespace stampede
