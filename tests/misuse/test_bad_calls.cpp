// The program itself with wrong input: exit code, message, and nothing written.
#include "tests/misuse/program_test.h"

namespace stampede {
namespace test_bad_calls {

class BadCall : public test::ProgramTest {};

TEST_F(BadCall, invalid_scenarios_exit_with_2_and_write_nothing) {
  write("bad.yaml",
        "apiVersion: stampede/v1alpha1\nkind: Scenario\nmetadata: {name: x}\n"
        "spec:\n  sead: 1\n  duration: 30\n  clients: []\n  regions: []\n  serving: {}\n");
  expect("stampede run bad.yaml --out out", 2,
         "bad.yaml:5:3: spec.sead: unknown key; did you mean 'seed'?\n    sead: 1\n    ^\n"
         "bad.yaml:6:13: spec.duration: '30': the unit is missing");
  expect("stampede check bad.yaml", 2, "bad.yaml:5:3: spec.sead");
  write("empty.yaml", "");
  expect("stampede run empty.yaml --out out", 2, "empty.yaml: the file is empty");
  expect("stampede run nowhere.yaml --out out", 2, "nowhere.yaml: cannot be read: No such file");
  expect("stampede run . --out out", 2, ".: cannot be read: Is a directory");
  expect("head -c 20000000 /dev/zero > big.yaml; stampede run big.yaml --out out", 2,
         "big.yaml: larger than 16 MiB");
  expect("stampede run /dev/zero --out out", 2, "/dev/zero: cannot be read: it is no regular file");
  EXPECT_EQ(entries(), 3u);
}

TEST_F(BadCall, wrong_usage_exits_with_2) {
  expect("stampede", 2, "Examples:");
  expect("stampede rnu x.yaml", 2, "no command is named 'rnu'; did you mean 'run'?");
  expect("stampede run", 2, "file is required");
  expect("stampede run x.yaml --sede 1", 2, "--sede");
  expect("stampede run x.yaml --seed one", 2, "--seed");
  expect("stampede run x.yaml --format xml", 2, "xml");
  expect("stampede run x.yaml --set spec.seed", 2, "--set spec.seed: PATH=VALUE is wanted");
  expect("stampede list miracles", 2, "miracles");
  expect("stampede describe spec.sede", 2, "nothing has this name; did you mean 'spec.seed'?");
  expect("stampede init 'a b'", 2, "a name is made of letters");
  expect("stampede diff nowhere elsewhere", 2, "nowhere/summary.json: cannot be read");
}

TEST_F(BadCall, options_are_checked_like_the_file) {
  expect("stampede init x && stampede run x.yaml --set spec.durtion=1h --with no_such --seed -1", 2,
         "--with no_such: no mitigation is named 'no_such'");
  expect("stampede run x.yaml --set spec.durtion=1h", 2,
         "--set spec.durtion=1h: spec.durtion: unknown key; did you mean 'duration'?");
  expect("stampede run x.yaml --set spec.duration=30", 2, "the unit is missing");
  expect("stampede run x.yaml --set 'spec.seed={a: 1}'", 2, "a single value is wanted");
  expect("stampede run x.yaml --set 'spec..seed=1'", 2, "not a path");
  expect("stampede run x.yaml --set spec.seed=", 2, "the value is missing");
  expect("stampede run x.yaml --set 'spec.mitigations=[{use: no_such}]'", 2, "no_such");
}

TEST_F(BadCall, what_cannot_be_written_exits_with_74_and_leaves_nothing) {
  expect("stampede init x", 0, "x.yaml");
  expect("stampede init x", 74, "x.yaml: cannot be written: File exists");
  expect("stampede run x.yaml --set spec.duration=60s --out x.yaml", 74,
         "x.yaml: cannot be written: Not a directory");
  expect("stampede run x.yaml --set spec.duration=60s --out /proc/nowhere", 74,
         "/proc/nowhere: cannot be written");
  expect("stampede run x.yaml --set spec.duration=60s > /dev/full", 74,
         "standard output: cannot be written: No space left on device");
  // A file that cannot grow stands for a full disk: a first file fits, a later one does not.
  std::string said;
  const int code = call(
      "bash -c 'ulimit -f 1; stampede run x.yaml --set spec.duration=10min "
      "--out made/full'",
      said);
  EXPECT_EQ(code, 74) << said;
  EXPECT_NE(said.find("cannot be written: File too large"), std::string::npos) << said;
  EXPECT_EQ(entries(), 1u) << "only x.yaml";
}

TEST_F(BadCall, a_failed_write_keeps_the_results_of_the_run_before) {
  std::string said;
  ASSERT_EQ(call("stampede init x && stampede run x.yaml --set spec.duration=10min --out out && "
                 "cp -r out before",
                 said),
            0)
      << said;
  EXPECT_EQ(call("bash -c 'ulimit -f 1; stampede run x.yaml --set spec.duration=10min --seed 2 "
                 "--out out'",
                 said),
            74)
      << said;
  EXPECT_EQ(call("diff -r out before", said), 0) << said;
}

TEST_F(BadCall, manifests_are_checked) {
  write("a.json", "[]");
  expect("stampede replay a.json", 2, "not a manifest");
  write("b.json", "{\"schema\": ");
  expect("stampede replay b.json", 2, "b.json:");
  write("c.json",
        "{\"schema\": \"stampede.manifest/1\", \"digest\": \"0\", \"scenario\": {\"spec\": 1}}");
  expect("stampede replay c.json", 2, "the key is missing");
}

}  // namespace test_bad_calls
}  // namespace stampede
