// Watchers of an API server that fall behind: what makes them, what they then cost, who is named,
// and when they keep themselves behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "models/control_plane/api_server.h"

namespace stampede {
namespace test_watchers {

struct Watching : ApiWatcher {
  explicit Watching(World& w) : world(w) {}
  void api_changed(const ApiChange& change) override {
    seen.push_back(std::get<EndpointSliceValue>(change.value).version);
    last = world.now();
  }
  World& world;
  std::vector<u64> seen;
  Instant last{};
};

struct Nobody : ApiCaller {
  void api_replied(u64, const ApiCall&, ApiStatus, IncidentId) override {}
};

// A hundred nodes watch endpoint slices of 2 KB over 1 MB/s; a slice is written each second.
struct Slices {
  static ApiServerParams params() {
    ApiServerParams p;
    p.servers = 1;
    p.egress = Bandwidth{1e6};
    p.node_watchers = 100;
    p.relist_size = Bytes{10'000};
    return p;
  }
  explicit Slices(const ApiServerParams& p) : server(world, p, "api") {
    server.watch(ApiObject::kEndpointSlice, &watching, 5_ms);
    root = world.incident("root", "test", {}, "");
  }
  void run(u32 seconds) {
    for (u32 k = 0; k < seconds; ++k) {
      ApiCall call;
      call.verb = ApiVerb::kUpdate;
      call.object = ApiObject::kEndpointSlice;
      call.level = ApiLevel::kWorkloadHigh;
      call.bytes = slice;
      call.value = EndpointSliceValue{++written};
      server.submit(call, &nobody, 0);
      world.scheduler.run_until(world.now() + 1_s);
    }
  }
  // An agent reads what takes so long to send.
  void list(u32 seconds) {
    ApiCall call;
    call.verb = ApiVerb::kList;
    call.object = ApiObject::kPod;
    call.level = ApiLevel::kWorkloadLow;
    call.bytes = static_cast<i32>(seconds * 1'000'000);
    call.list_objects = 1;
    call.cause = root;
    server.submit(call, &nobody, 0);
  }
  const Incident* first(const std::string& kind) const {
    for (const Incident& i : world.journal.all())
      if (i.kind == kind) return &i;
    return nullptr;
  }
  World world{1};
  ApiServer server;
  Watching watching{world};
  Nobody nobody;
  IncidentId root;
  i32 slice = 2'000;
  u64 written = 0;
};

TEST(watchers, hear_of_each_change_while_what_waits_is_short) {
  Slices s(Slices::params());
  s.run(30);
  s.list(70);  // late, and within the 75 s of history
  s.run(200);
  EXPECT_EQ(s.first("watchers_behind"), nullptr);
  EXPECT_GE(s.watching.seen.size(), s.written - 2);
}

TEST(watchers, that_are_behind_list_and_then_know_everything_in_order) {
  Slices s(Slices::params());
  s.run(30);
  s.list(100);
  s.run(60);
  const std::size_t before = s.watching.seen.size();
  EXPECT_LT(before, 40U);
  const Incident* behind = s.first("watchers_behind");
  ASSERT_NE(behind, nullptr);
  EXPECT_EQ(behind->causes, std::vector<IncidentId>{s.root});
  EXPECT_EQ(behind->text.substr(0, 23), "watchers told 410: 101;");
  s.run(180);
  EXPECT_GE(s.watching.seen.size(), s.written - 2);
  for (std::size_t k = 0; k < s.watching.seen.size(); ++k) EXPECT_EQ(s.watching.seen[k], k + 1);
  const Incident* back = s.first("watchers_back");
  ASSERT_NE(back, nullptr);
  EXPECT_EQ(back->causes.front(), behind->id);
}

TEST(watchers, are_kept_from_it_by_a_longer_history_and_not_by_a_small_one) {
  const auto behind = [](Duration history, i32 changes) {
    ApiServerParams p = Slices::params();
    p.watch_history = history;
    p.watch_changes = changes;
    Slices s(p);
    s.run(30);
    s.list(100);
    s.run(200);
    return s.first("watchers_behind") != nullptr;
  };
  EXPECT_FALSE(behind(10_min, 102'400));
  EXPECT_TRUE(behind(75_s, 102'400));
  EXPECT_TRUE(behind(10_min, 20));  // too many, though not too old
}

// What they list is read by the server: ten times the nodes, ten times the calls.
TEST(watchers, load_the_server_by_their_number) {
  const auto lists = [](i32 nodes) {
    ApiServerParams p = Slices::params();
    p.node_watchers = nodes;
    Slices s(p);
    s.slice = 200;
    s.run(30);
    s.list(100);
    s.run(200);
    double calls = 0;
    for (const StatInfo& row : s.world.stats.rows())
      if (row.component == "api" && row.name == "api_calls_total") calls = row.read();
    return calls - static_cast<double>(s.written) - 1;
  };
  EXPECT_EQ(lists(0), 1);  // the watcher that is no node's
  EXPECT_EQ(lists(40), 41);
  EXPECT_EQ(lists(400), 401);
}

// All of them list at once: the last waits for T = nodes x size / bandwidth. Who listens again
// while that is still longer than the history is behind with the next change, and lists at the end
// of the line: T - history of them. If that is longer than the history as well, those who did well
// are behind in their turn, and so on without end: it closes at T = 2 x history, if anything
// changes.
TEST(watchers, whose_lists_are_too_long_stay_behind_when_its_cause_is_over) {
  const auto back = [](i32 relist_size, bool changes) {
    ApiServerParams p = Slices::params();
    p.relist_size = Bytes{relist_size};
    Slices s(p);
    s.slice = 80;
    s.run(30);
    s.list(100);
    s.run(changes ? 3600 : 2);
    s.world.scheduler.run_until(Instant{} + 3630_s);
    EXPECT_NE(s.first("watchers_behind"), nullptr);
    return s.first("watchers_back") != nullptr;
  };
  EXPECT_TRUE(back(500'000, true));     // 50 s
  EXPECT_TRUE(back(1'200'000, true));   // 120 s
  EXPECT_FALSE(back(3'000'000, true));  // 300 s
  EXPECT_TRUE(back(3'000'000, false));
}

}  // namespace test_watchers
}  // namespace stampede
