// Every error that a command can throw has its exit code and says what is needed to go on. No input
// is known that breaks an invariant, so one is broken here behind the loader's back.
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "tests/directories.h"
#include "tools/cli/commands.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace test_exit_codes {

struct Said {
  int code;
  std::string text;
};

Said say(const std::function<int()>& command) {
  testing::internal::CaptureStderr();
  const int code = guarded(command);
  return {code, testing::internal::GetCapturedStderr()};
}

TEST(exit_codes, a_broken_invariant_is_70_with_what_is_needed_to_see_it_again) {
  Loaded loaded = load_scenario(source_directory() + "/scenarios/templates/init.yaml",
                                {{"spec.seed", "7", "--seed"}});
  loaded.scenario.spec.serving.pools[0].engine.max_num_batched_tokens = 10;
  const Said said = say([&] {
    run_with_progress(loaded, "stampede run x.yaml --seed 7", true);
    return kFine;
  });
  EXPECT_EQ(said.code, 70);
  EXPECT_EQ(said.text,
            "stampede: an invariant is broken: engine: max_num_batched_tokens below max_num_seqs\n"
            "  simulated time  0 s or later\n"
            "  seed            7\n"
            "  replay          stampede run x.yaml --seed 7\n");
}

TEST(exit_codes, each_error_has_its_own) {
  EXPECT_EQ(say([] { return kExpectFailed; }).code, 1);
  const Said input = say([]() -> int { throw InputError({{"f", 1, 2, "spec", "bad", ""}}); });
  EXPECT_EQ(input.code, 2);
  EXPECT_EQ(input.text.substr(0, 15), "f:1:2: spec: ba");
  const Said file = say([]() -> int { throw FileError("out: cannot be written"); });
  EXPECT_EQ(file.code, 74);
  EXPECT_EQ(file.text, "stampede: out: cannot be written\n");
  EXPECT_EQ(say([]() -> int { throw Interrupted{}; }).code, 130);
  EXPECT_EQ(say([]() -> int { throw std::bad_alloc{}; }).text, "stampede: out of memory\n");
  EXPECT_EQ(say([]() -> int { throw std::logic_error("x"); }).code, 70);
}

}  // namespace test_exit_codes
}  // namespace stampede
