// What etcd and an API server count for those who scrape them; kept only where somebody does.
// Source: etcd server/etcdserver/metrics.go and storage metrics (buckets from 1 ms, doubled),
// go-grpc-prometheus (default buckets); Kubernetes apiserver/pkg/endpoints/metrics (buckets of
// apiserver_request_sli_duration_seconds).
#pragma once
#include <array>
#include <vector>

#include "models/ports/api_server_port.h"
#include "sim/histogram.h"

namespace stampede {

struct EtcdRecord {
  static constexpr std::array<double, 14> kDisk{0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064,
                                                0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192};
  static constexpr std::array<double, 11> kCalls{0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                 0.5,   1,    2.5,   5,    10};
  static constexpr std::array<double, 15> kPeers{0.0001, 0.0002, 0.0004, 0.0008, 0.0016,
                                                 0.0032, 0.0064, 0.0128, 0.0256, 0.0512,
                                                 0.1024, 0.2048, 0.4096, 0.8192, 1.6384};
  Histogram fsync{kDisk}, commit{kDisk};  // of the leader's log; of all backends
  Histogram round_trip{kPeers};
  Histogram handling{kCalls};    // of writes, from their start to their answer
  std::array<u64, 5> handled{};  // [EtcdStatus]
  // [member] time for which a leader sent it heartbeats and it was not there.
  std::vector<Duration> unreachable;
  Instant counted_to{};
};

struct ApiRecord {
  static constexpr std::size_t kVerbs = 5, kStatuses = 6;
  static constexpr auto kObjects = static_cast<std::size_t>(ApiObject::kCount);
  static constexpr std::array<double, 21> kTimes{0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1,  1.25, 1.5, 2, 3,
                                                 4,    5,   6,   8,   10,  15,  20, 30,   45,  60};
  std::array<Histogram, kVerbs> duration{Histogram{kTimes}, Histogram{kTimes}, Histogram{kTimes},
                                         Histogram{kTimes}, Histogram{kTimes}};
  std::array<std::array<std::array<u64, kStatuses>, kObjects>, kVerbs> requests{};
  u64 terminations = 0;
  std::vector<double> up;  // [server] 1 while it runs, else 0

  void answered(const ApiCall& call, ApiStatus status, Duration took) {
    const auto verb = static_cast<std::size_t>(call.verb);
    duration[verb].add(took.seconds());
    ++requests[verb][static_cast<std::size_t>(call.object)][static_cast<std::size_t>(status)];
    terminations += status == ApiStatus::kTimeout;
  }
};

}  // namespace stampede
