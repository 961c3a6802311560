// What loss does to a TCP connection: how late a message is, and how fast a stream gets through.
// State: none; functions of loss, round trip and a uniform of the caller's.
// Source: RFC 6298 (retransmission time-out, doubled each time); Padhye et al. 1998 (PFTK) for the
// throughput of a long transfer, which for small loss is that of Mathis et al. 1997.
// Limits: connections stand already; the last three segments of a message are repeated by time-outs
// only, the others by fast retransmission within the throughput; no other congestion control.
#pragma once
#include "models/network/transport_params.h"

namespace stampede::transport {

// Retransmission time-out on a path.
double rto(const TransportParams& p, double round_trip);
// Segments a second of a long transfer; infinite without loss [1/s].
double throughput(double loss, double round_trip, double rto);
// How much later the last segment of a message of so many arrives than without loss [s].
double message_delay(const TransportParams& p, double u, double segments, double loss,
                     double round_trip);

}  // namespace stampede::transport
