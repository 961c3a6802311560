// API servers under LISTs: their memory, what ends with a server, and in proportion to what.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/control_plane/api_load.h"
#include "models/control_plane/api_server.h"

namespace stampede {
namespace test_api_memory {

struct Reader final : ApiCaller {
  u64 good = 0, bad = 0;
  IncidentId why = kNoIncident;
  void api_replied(u64, const ApiCall&, ApiStatus status, IncidentId incident) override {
    ++(status == ApiStatus::kOk ? good : bad);
    if (status != ApiStatus::kOk) why = incident;
  }
};

// A megabyte takes a second to send and holds four; a server has nine.
ApiServerParams small() {
  ApiServerParams p;
  p.servers = 1;
  p.egress = Bandwidth{1e6};
  p.memory = Bytes{9'000'000};
  return p;
}

ApiCall list(IncidentId cause = kNoIncident) {
  ApiCall call;
  call.verb = ApiVerb::kList;
  call.object = ApiObject::kPod;
  call.level = ApiLevel::kWorkloadLow;
  call.bytes = 1'000'000;
  call.list_objects = 1;
  call.cause = cause;
  return call;
}

std::size_t count(const World& world, const std::string& kind) {
  const auto& all = world.journal.all();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const Incident& i) { return i.kind == kind; }));
}

TEST(api_memory, holds_what_a_list_answers_until_it_is_sent) {
  World world(1);
  ApiServer server(world, small(), "api");
  Reader reader;
  for (int k = 0; k < 10; ++k) {
    server.submit(list(), &reader, 0);
    server.submit(list(), &reader, 0);
    world.scheduler.run_until(world.now() + 3_s);
  }
  EXPECT_EQ(reader.good, 20U);
  EXPECT_EQ(count(world, "api_server_ended"), 0U);
}

TEST(api_memory, a_server_that_runs_out_ends_with_its_readers_and_comes_back) {
  World world(1);
  ApiServer server(world, small(), "api");
  const IncidentId cause = world.incident("root", "test", {}, "");
  Reader reader;
  for (int k = 0; k < 3; ++k) server.submit(list(cause), &reader, 0);
  EXPECT_EQ(count(world, "api_server_ended"), 1U);
  EXPECT_EQ(world.journal.all().back().causes, std::vector<IncidentId>{cause});
  world.scheduler.run_until(world.now() + 10_s);
  EXPECT_EQ(reader.bad, 3U);
  EXPECT_EQ(reader.why, 2U);          // that it ended
  server.submit(list(), &reader, 0);  // while it is away
  world.scheduler.run_until(world.now() + 15_s);
  EXPECT_EQ(reader.bad, 4U);
  EXPECT_EQ(count(world, "api_unavailable"), 1U);  // there is no other
  world.scheduler.run_until(world.now() + 75_s);
  EXPECT_EQ(count(world, "api_server_back"), 1U);
  EXPECT_EQ(count(world, "api_available"), 1U);
  server.submit(list(), &reader, 0);
  world.scheduler.run_until(world.now() + 5_s);
  EXPECT_EQ(reader.good, 1U);
}

// Who watched it lists at the others: what was too much for one becomes too much for all.
TEST(api_memory, watchers_that_come_back_bring_the_others_down) {
  const auto ended = [](i32 watchers) {
    World world(1);
    ApiServerParams p = small();
    p.servers = 3;
    p.node_watchers = watchers;
    p.relist_size = Bytes{100'000};
    ApiServer server(world, p, "api");
    Reader reader;
    for (int k = 0; k < 3; ++k) server.submit(list(), &reader, 0);  // of one user, at one server
    world.scheduler.run_until(world.now() + 20_s);
    return count(world, "api_server_ended");
  };
  EXPECT_EQ(ended(0), 1U);
  EXPECT_EQ(ended(30), 1U);
  EXPECT_EQ(ended(300), 3U);
}

// Hosts of which the first `silent` are dead.
struct Hosts final : NodeControlPort {
  explicit Hosts(u32 n) : number(n) {}
  u32 nodes() const override { return number; }
  u32 zone_of(u32) const override { return 0; }
  bool silent(u32 node) const override { return node < dead; }
  void fail(const std::vector<u32>&, IncidentId) override {}
  void repair(const std::vector<u32>&, const NodeReturn&, IncidentId) override {}
  void detach(const std::vector<u32>&, IncidentId) override {}
  void attach(const std::vector<u32>&, const NodeReturn&, IncidentId) override {}
  bool pace_return(Duration, IncidentId) override { return false; }
  void cordon(const std::vector<u32>&, IncidentId) override {}
  void uncordon(const std::vector<u32>&, IncidentId) override {}
  void drain(const std::vector<u32>&, i32, IncidentId) override {}
  void isolate(const std::vector<u32>&, IncidentId) override {}
  void cut_off(const std::vector<u32>&, IncidentId) override {}
  void connect(const std::vector<u32>&, IncidentId) override {}
  u32 number, dead = 0;
};

// The same agents on every node: a large cluster drowns, a small one does not.
TEST(api_memory, agents_drown_a_cluster_by_its_size) {
  const auto ended = [](u32 nodes) {
    World world(1);
    ApiServerParams p;
    p.memory = Bytes{2'000'000'000};
    ApiServer server(world, p, "api");
    Hosts hosts(nodes);
    ApiLoad load(world, "load", server, hosts);
    ApiReaders agents;
    agents.agents_per_node = 1;
    agents.period = 10_s;
    agents.objects = 50;
    agents.bytes_per_object = 64 * 1024;
    load.start(agents, world.incident("root", "test", {}, ""));
    world.scheduler.run_until(Instant{} + 5_min);
    return count(world, "api_server_ended");
  };
  EXPECT_EQ(ended(200), 0U);
  EXPECT_GT(ended(5000), 2U);
}

// What each of them lists is longer in a large cluster. It is over when most hosts are gone, when
// their calls are turned away, or with more servers, and not before.
struct Drowned {
  World world{1};
  ApiServer server;
  Hosts hosts{2000};
  ApiLoad load{world, "load", server, hosts};
  IncidentId root;
  explicit Drowned(i32 servers = 3) : server(world, params(servers), "api") {
    root = world.incident("root", "test", {}, "");
    ApiReaders agents;
    agents.objects = 0;
    agents.objects_per_node = 5;
    load.start(agents, root);
  }
  static ApiServerParams params(i32 servers) {
    ApiServerParams p;
    p.memory = Bytes{1'000'000'000};
    p.servers = servers;
    return p;
  }
  bool answers_after(Duration time) {
    world.scheduler.run_until(world.now() + time);
    return !server.unavailable().holds;
  }
};

TEST(api_memory, servers_that_end_again_and_again_are_unavailable_until_the_load_is_less) {
  Drowned alone, smaller, blocked;
  for (Drowned* d : {&alone, &smaller, &blocked}) {
    EXPECT_FALSE(d->answers_after(5_min));
    EXPECT_EQ(count(d->world, "api_unavailable"), 1U);
    EXPECT_TRUE(d->server.stalled().holds);
  }
  EXPECT_FALSE(alone.answers_after(10_min));
  smaller.hosts.dead = 1990;
  EXPECT_TRUE(smaller.answers_after(10_min));
  const u32 limit = blocked.server.limit_calls(ApiLevel::kWorkloadLow, Rate{0}, blocked.root);
  EXPECT_TRUE(blocked.answers_after(3_min));
  blocked.server.lift_limit(limit, kNoIncident);
  EXPECT_FALSE(blocked.answers_after(3_min));
  EXPECT_EQ(count(blocked.world, "api_calls_let_in"), 1U);
}

TEST(api_memory, a_limit_lets_so_many_calls_in_of_its_level_and_all_of_others) {
  World world(1);
  ApiServerParams p;
  ApiServer server(world, p, "api");
  server.limit_calls(ApiLevel::kWorkloadLow, Rate{2}, world.incident("root", "test", {}, ""));
  Reader low, high;
  for (int k = 0; k < 100; ++k) {
    ApiCall call;
    call.verb = ApiVerb::kGet;
    call.level = ApiLevel::kWorkloadLow;
    server.submit(call, &low, 0);
    call.level = ApiLevel::kNodeHigh;
    server.submit(call, &high, 0);
    world.scheduler.run_until(world.now() + 100_ms);
  }
  EXPECT_EQ(high.good, 100U);
  EXPECT_NEAR(static_cast<double>(low.good), 20, 3);  // 2/s for 10 s
  EXPECT_EQ(low.why, 2U);
}

TEST(api_memory, without_a_bound_nothing_ends) {
  World world(1);
  ApiServerParams p = small();
  p.memory = Bytes{0};
  ApiServer server(world, p, "api");
  Reader reader;
  for (int k = 0; k < 20; ++k) server.submit(list(), &reader, 0);
  world.scheduler.run_until(world.now() + 1_min);
  EXPECT_EQ(reader.good, 20U);
}

}  // namespace test_api_memory
}  // namespace stampede
