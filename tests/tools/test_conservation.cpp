// What a whole run checks of itself: nothing is found in sound ones, and a fault planted in one
// engine or one region is.
#include <gtest/gtest.h>

#include "models/serving/engine.h"
#include "models/serving/region.h"
#include "sim/check.h"
#include "tests/directories.h"
#include "tests/support/engine_fault.h"
#include "tools/world/fleet.h"
#include "tools/world/load_scenario.h"

namespace stampede {

struct RegionFault {
  static Engine& busiest_engine(Region& region) {
    Engine* found = nullptr;
    for (Region::Pod& p : region.pods_)
      if (p.engine && (found == nullptr || p.engine->live() > found->live()))
        found = p.engine.get();
    return *found;
  }
  static void count_attempt(Region& r) { ++r.holds_; }
  static void forget_attempt(Region& r) { --r.active_.total; }
  static void count_prompt(Region& r) { ++r.counts_.prompt_tokens; }
  static void count_cached(Region& r) { ++r.counts_.cached_tokens; }
  static void count_answer(Region& r) { ++r.counts_.completed; }
};

namespace test_conservation {

// Two regions for five minutes, in which one fails over to the other.
struct Running {
  explicit Running(const std::string& change = "spec.scale=1") {
    const std::vector<Override> sets = {{"spec.timeline[0].at", "60s"}, parse_set(change)};
    const std::string file = source_directory() + "/scenarios/templates/init.yaml";
    fleet = std::make_unique<Fleet>(load_scenario(file, sets).scenario.spec);
    fleet->start();
    while (fleet->world.now() < Instant{} + 5_min) {
      fleet->world.scheduler.run_until(fleet->world.now() + 5_s);
      fleet->refresh_views();
      for (const auto& check : fleet->world.checks) check();
    }
  }
  // Behind the back of the fleet, which shows its parts and lets nobody change them.
  Region& region() {
    return const_cast<Region&>(static_cast<const Region&>(*fleet->observed().regions[0]));
  }
  Engine& engine() { return RegionFault::busiest_engine(region()); }
  // What the first broken check says; nothing if all hold.
  std::string at_the_end() const {
    try {
      for (const auto& check : fleet->world.checks) check();
      for (const auto& check : fleet->world.end_checks) check();
    } catch (const InvariantError& error) {
      return error.what();
    }
    return "";
  }
  std::unique_ptr<Fleet> fleet;
};

TEST(conservation, a_sound_run_breaks_nothing) {
  EXPECT_EQ(Running().at_the_end(), "");
  EXPECT_EQ(Running("spec.serving.pools[0].engine.prefix_caching=true").at_the_end(), "");
  EXPECT_EQ(Running("spec.gateway.sessions.hold_during_inference=true").at_the_end(), "");
}

TEST(conservation, a_block_leaked_in_one_engine_ends_the_run) {
  Running run;
  EngineFault::leak_block(run.engine());
  EXPECT_EQ(run.at_the_end(), "engine: KV blocks are not conserved");
}

// Each sample looks into one engine, so that a run need not be at its end.
TEST(conservation, samples_come_round_to_every_engine) {
  Running run;
  EngineFault::leak_block(run.engine());
  const auto look_at_all = [&] {
    for (std::size_t pod = 0; pod < 100; ++pod)
      for (const auto& check : run.fleet->world.checks) check();
  };
  EXPECT_THROW(look_at_all(), InvariantError);
}

TEST(conservation, engines_and_their_region_agree_on_attempts) {
  Running run("spec.serving.pools[0].engine={max_num_seqs: 1, step_base: 200ms}");
  while (run.engine().waiting() == 0)
    run.fleet->world.scheduler.run_until(run.fleet->world.now() + 1_s);
  EngineFault::lose_waiting(run.engine());
  EXPECT_EQ(run.at_the_end(), "an engine has other attempts than were sent to it");
}

TEST(conservation, each_count_of_a_region_is_checked_against_another) {
  const std::vector<std::pair<void (*)(Region&), std::string>> faults = {
      {RegionFault::count_attempt, "attempts held by regions are not those in the pool"},
      {RegionFault::forget_attempt, "attempts in a region's engines are not conserved"},
      {RegionFault::count_prompt, "prompt tokens are not conserved"},
      {RegionFault::count_cached, "cached tokens are not conserved"},
      {RegionFault::count_answer, "answers are not conserved"}};
  for (const auto& [plant, said] : faults) {
    Running run;
    plant(run.region());
    EXPECT_EQ(run.at_the_end(), said);
  }
}

}  // namespace test_conservation
}  // namespace stampede
