// A cluster with the real API server and etcd, checked every ten seconds.
#pragma once
#include <memory>
#include <string_view>

#include "models/control_plane/api_server.h"
#include "tests/models/cluster_fixture.h"

namespace stampede::test {

struct Joined {
  Joined(const ClusterParams& params, const ApiServerParams& api_params)
      : api(world, api_params, "eu/api") {
    runtime.world = consumer.world = &world;
    cluster = std::make_unique<Cluster>(world, "eu/cluster", params, api, runtime);
    cluster->add_endpoint_consumer(&consumer);
    api.follow(cluster.get());
    cluster->start_warm();
  }
  void run_for(Duration span) {
    const Instant end = world.now() + span;
    while (world.now() < end) {
      world.scheduler.run_until(world.now() + 10_s);
      for (const auto& check : world.checks) check();
    }
  }
  std::size_t incidents(std::string_view kind) const {
    std::size_t n = 0;
    for (const Incident& i : world.journal.all()) n += i.kind == kind;
    return n;
  }
  World world{1};
  ApiServer api;
  FakeRuntime runtime;
  FakeConsumer consumer;
  std::unique_ptr<Cluster> cluster;
};

}  // namespace stampede::test
