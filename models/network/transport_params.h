// How requests and answers are carried: segments, time-outs, sizes of what is sent.
#pragma once
#include "sim/params.h"

namespace stampede {

struct TransportParams {
  Bytes segment{1460};
  Duration rto_min{200_ms};
  Bytes prompt_token{4};    // on the wire
  Bytes answer_token{200};  // of a stream of events
  static void describe(Schema<TransportParams>& s);
};

}  // namespace stampede
