// Step times of an engine from recorded requests at moderate load.
// A request's time from arrival to first token, and from there to its end, is the sum of the steps
// that it lived through. Playing the recording tells what these steps were made of; given that, the
// times are linear in the coefficients. Least squares with bounds, played again with the result,
// until it stands still: base and context move by at most 0.2 %, a prompt token by 10 % (most are
// found in the cache, so that its fit is loose), the front end by 0.1 ms.
// **Limits** a sequence costs nothing by itself (b = 0): until the arithmetic binds, near 300
// sequences on an H100, a decode step reads weights and contexts; runs at like contexts cannot tell
// b from d anyway. No quadratic term: contexts below 4,000 tokens.
#pragma once
#include <stdexcept>
#include <vector>

#include "tools/calibration/hardware.h"
#include "tools/calibration/playback.h"

namespace stampede::calibration {

struct StepTime {
  double base = 0, prompt_token = 0, context_token = 0;  // a, c, d [s]
  double front_end = 0;                                  // alpha [s]
  double sequence = 0, pair = 0;                         // b, e [s]
};

// There is no fit to these recordings: nothing in them counts, or it does not stand still.
struct NoFit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The limits of a server and its coefficients as parameters of a playback.
void set_step_time(PlaybackParams& params, const StepTime& t);

// The requests that count, by when they came [s]. A server's first ones meet compilation.
struct FitWindow {
  double from = 60, to = 1e18;
};

// A recording, and everything of its server but the step time.
struct FitRun {
  const std::vector<RecordedRequest>* recording;
  PlaybackParams limits;
};

// Of the recordings, all answered requests in the window
// count, towards the first token only those that did not wait in line (less than twice the median).
// Throws NoFit if there are none, or if it does not stand still within 30 rounds.
StepTime fit(const std::vector<FitRun>& runs, const StepBounds& bounds, FitWindow window = {});

}  // namespace stampede::calibration
