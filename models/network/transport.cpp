#include "models/network/transport.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/math.h"

namespace stampede {

void TransportParams::describe(Schema<TransportParams>& s) {
  using P = TransportParams;
  s.name("Transport");
  s.field("segment", &P::segment)
      .live()
      .range(100, 65536)
      .help("payload of a TCP segment")
      .source("RFC 6691: Ethernet's 1500 B without the headers");
  s.field("rto_min", &P::rto_min)
      .live()
      .range(0.001, 60)
      .help("by how much a retransmission time-out exceeds the round trip, at least")
      .source("RFC 6298; Linux: TCP_RTO_MIN");
  s.field("prompt_token", &P::prompt_token)
      .live()
      .range(1, 65536)
      .help("size of a token of the prompt in a request");
  s.field("answer_token", &P::answer_token)
      .live()
      .range(1, 65536)
      .help("size of a token of the answer in a stream of events");
}

namespace transport {
namespace {

constexpr double kInitialWindow = 10;  // segments, RFC 6928
constexpr double kLongestRto = 120;
constexpr int kRetries = 15;  // Linux: tcp_retries2

}  // namespace

double rto(const TransportParams& p, double round_trip) { return round_trip + p.rto_min.seconds(); }

double throughput(double loss, double round_trip, double rto) {
  if (loss <= 0) return std::numeric_limits<double>::infinity();
  const double acknowledged = round_trip * std::sqrt(2 * loss / 3);
  const double timed_out =
      rto * std::min(1.0, 3 * std::sqrt(3 * loss / 8)) * loss * (1 + 32 * loss * loss);
  return 1 / (acknowledged + timed_out);
}

double message_delay(const TransportParams& p, double u, double segments, double loss,
                     double round_trip) {
  if (loss <= 0) return 0;
  const double wait = rto(p, round_trip);
  double delay = std::max(0.0, segments - kInitialWindow) / throughput(loss, round_trip, wait);
  // The chance that its end is lost, and then that each repetition is.
  double chance = 1 - math::pow(1 - loss, std::min(segments, 3.0));
  double next = wait;
  for (int k = 0; k < kRetries && u < chance; ++k) {
    delay += next;
    next = std::min(2 * next, kLongestRto);
    chance *= loss;
  }
  return delay;
}

}  // namespace transport
}  // namespace stampede
