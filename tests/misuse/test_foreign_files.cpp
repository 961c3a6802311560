// Files that the program did not make are neither replaced, nor waited for, nor shown.
#include <cstdlib>

#include "tests/misuse/program_test.h"

namespace stampede {
namespace test_foreign_files {

class ForeignFiles : public test::ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    std::string said;
    ASSERT_EQ(call("stampede init x && stampede init server --template vllm && "
                   "mkdir elsewhere && printf 'root:$6$SECRET:19000\\n' > elsewhere/shadow && "
                   "printf 'token: SECRET\\nSECRET: 1\\n' > elsewhere/keys.yaml && mkfifo pipe",
                   said),
              0)
        << said;
  }
  std::string text_of(const std::string& name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Refused within a second, and `file` is what it was.
  void refuses(const std::string& command, const std::string& file, const std::string& part) {
    const std::string before = text_of(file);
    expect("timeout 20 stampede " + command, 2, part);
    EXPECT_EQ(text_of(file), before) << command;
  }
  const std::string short_run_ = " --set spec.duration=60s --quiet";
};

TEST_F(ForeignFiles, are_not_replaced_by_requests) {
  write("letter.txt", "Dear reader\n");
  std::string said;
  ASSERT_EQ(call("ln -s x.yaml link && ln x.yaml hard && ln -s nowhere dangling", said), 0) << said;
  for (const char* name : {"x.yaml", "./elsewhere/../x.yaml", "hard", "letter.txt"})
    refuses(std::string("run x.yaml --requests ") + name + short_run_, "x.yaml",
            "was not made by Stampede");
  for (const char* name : {"link", "dangling"})
    refuses(std::string("run x.yaml --requests ") + name + short_run_, "x.yaml", "a link");
  refuses("run x.yaml --requests pipe" + short_run_, "x.yaml", "no regular file");
  refuses("run x.yaml --requests /dev/null" + short_run_, "x.yaml", "no regular file");
  refuses("run x.yaml --requests elsewhere" + short_run_, "x.yaml", "a directory");
  EXPECT_EQ(text_of("letter.txt"), "Dear reader\n");
  EXPECT_TRUE(std::filesystem::is_symlink(directory_ / "link"));
  // What it made it may replace; an empty file holds nothing.
  write("rows.csv", "");
  for (int i = 0; i < 2; ++i) expect("stampede run x.yaml --requests rows.csv" + short_run_, 0, "");
  expect("stampede run x.yaml --out out --requests out/series.csv" + short_run_, 2,
         "--out writes another file there");
}

TEST_F(ForeignFiles, a_recording_is_not_replaced_by_its_run) {
  std::string said;
  ASSERT_EQ(call("stampede run server.yaml --requests rows.csv --quiet && "
                 "(head -n 1 rows.csv; tail -n +2 rows.csv | sort -g) > server.csv && "
                 "sed -i 's/loop: true/loop: false/' server.yaml",
                 said),
            0)
      << said;
  refuses("run server.yaml --requests server.csv --quiet", "server.csv",
          "that is the recording which the scenario plays");
}

TEST_F(ForeignFiles, are_not_replaced_in_directories) {
  for (const char* name : {"summary.json", "manifest.json", "series.csv", "incidents.jsonl",
                           "metrics.om", "trace.json"}) {
    const std::string file = std::string("elsewhere/") + name;
    write(file, "{\"mine\": 1}\n");
    refuses("run x.yaml --out elsewhere" + short_run_, file, "was not made by Stampede");
    std::filesystem::remove(directory_ / file);
  }
  write("elsewhere/compare.json", "{\"mine\": 1}\n");
  refuses("compare x.yaml --with queue_limit --out elsewhere" + short_run_,
          "elsewhere/compare.json", "was not made by Stampede");
  std::filesystem::remove(directory_ / "elsewhere/compare.json");
  std::filesystem::create_directories(directory_ / "elsewhere/runs/queue_limit/seed3");
  write("elsewhere/runs/queue_limit/seed3/series.csv", "mine\n");
  refuses("compare x.yaml --with queue_limit --replications 4 --out elsewhere" + short_run_,
          "elsewhere/runs/queue_limit/seed3/series.csv", "was not made by Stampede");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "elsewhere/runs/baseline"));
  // A directory with other files takes a run; they stay. Then it is ours.
  for (int i = 0; i < 2; ++i) expect("stampede run x.yaml --out elsewhere" + short_run_, 0, "");
  EXPECT_NE(text_of("elsewhere/shadow"), "");
  std::string said;
  ASSERT_EQ(call("rm elsewhere/series.csv && ln -s ../x.yaml elsewhere/series.csv", said), 0);
  refuses("run x.yaml --out elsewhere" + short_run_, "x.yaml", "a link");
}

TEST_F(ForeignFiles, are_no_stores) {
  write("sweep.yaml",
        "apiVersion: stampede/v1alpha1\nkind: Sweep\nmetadata: {name: s}\nspec:\n  base: x.yaml\n"
        "  set: [spec.duration=60s]\n  axes: [{path: spec.seed, values: [1]}]\n");
  write("sweep.yaml",
        "apiVersion: stampede/v1alpha1\nkind: Sweep\nmetadata: {name: s}\nspec:\n  base: x.yaml\n"
        "  set: [spec.duration=60s]\n  axes: [{path: spec.demand.rate, values: [1/s]}]\n");
  refuses("sweep sweep.yaml --quiet --out x.yaml", "x.yaml", "it is no SQLite database");
  refuses("sweep sweep.yaml --quiet --out pipe", "x.yaml", "it is no regular file");
  refuses("sweep sweep.yaml --quiet --out /dev/zero", "x.yaml", "it is no regular file");
  expect("stampede sweep sweep.yaml --quiet --out s.db", 0, "");
}

TEST_F(ForeignFiles, that_are_no_files_are_refused_at_once) {
  for (const char* name : {"pipe", "/dev/zero", "/dev/tty", "/proc/self/fd"}) {
    for (const char* command : {"run", "check", "replay", "sweep", "compare --with queue_limit"})
      expect(fmt::format("timeout 20 stampede {} {}", command, name), 2, "cannot be read");
    expect(fmt::format("timeout 20 stampede run server.yaml --set "
                       "spec.clients.benchmark.trace.file={}",
                       name),
           2, "cannot be read");
    expect(fmt::format("timeout 20 stampede run x.yaml --set "
                       "'spec.cluster.workloads[0].autoscaler={{manifest: {}}}'",
                       name),
           2, "cannot be read");
  }
}

TEST_F(ForeignFiles, lie_below_the_scenario_unless_the_command_line_allows_more) {
  std::string said;
  ASSERT_EQ(call("mkdir -p a/in b && mv server.yaml a/in && mv server.csv b && "
                 "ln -s ../../b/server.csv a/in/link.csv && ln -s ../../b a/in/way",
                 said),
            0)
      << said;
  const std::string b = (directory_ / "b").string();
  const auto named = [&](const std::string& file) {
    return fmt::format("sed 's|file: .*server.csv.*|file: {}|' a/in/server.yaml > a/in/named.yaml",
                       file);
  };
  for (const std::string& file :
       {std::string("../../b/server.csv"), b + "/server.csv", std::string("link.csv"),
        std::string("way/server.csv"), std::string("../in/../../b/server.csv")}) {
    ASSERT_EQ(call(named(file), said), 0) << said;
    for (const char* from : {".", "a/in", "/"})
      expect(fmt::format("F=$PWD/a/in/named.yaml; cd {} && stampede check $F", from), 2,
             "lies outside the directory of the file that names it; if it is to be read, add "
             "--allow-path " +
                 b);
    for (const char* command : {"check", "run --quiet --out out",
                                "compare --quiet --replications "
                                "2 --with queue_limit"})
      expect(fmt::format("stampede {} a/in/named.yaml --allow-path b > /dev/null", command), 0, "");
  }
  // What a person writes on the command line is no foreign file's wish.
  expect(
      "stampede check x.yaml && stampede run --quiet a/in/named.yaml --set "
      "spec.clients.benchmark.trace.file=../../b/server.csv",
      0, "");
  // A replay reads the recording of its run, and no other.
  expect("stampede replay out/manifest.json --quiet", 0, "the same");
  ASSERT_EQ(call("cp -r out forged && sed -i 's|\"content\": \".*\"|\"content\": \"\"|' "
                 "forged/manifest.json",
                 said),
            0);
  expect("stampede replay forged/manifest.json --quiet", 2, "lies outside the directory");
  expect("echo 99999999999,5,5 >> b/server.csv; stampede replay out/manifest.json --quiet", 2,
         "it is another file");
}

TEST_F(ForeignFiles, sweeps_find_their_base_below_themselves_or_where_one_works) {
  std::string said;
  ASSERT_EQ(call("mkdir -p a b && mv x.yaml b", said), 0) << said;
  write("a/s.yaml",
        "apiVersion: stampede/v1alpha1\nkind: Sweep\nmetadata: {name: s}\nspec:\n"
        "  base: ../b/x.yaml\n  axes: [{path: spec.demand.rate, values: [1/s]}]\n");
  expect("stampede check a/s.yaml", 0, "fine");
  expect("cd a && stampede check s.yaml", 2, "s.yaml:5:9: spec.base: '../b/x.yaml' lies outside");
  expect("cd a && stampede check s.yaml --allow-path ../b", 0, "fine");
  expect("cd a && stampede sweep s.yaml --plan --quiet --allow-path ..", 0, "missing");
}

TEST_F(ForeignFiles, are_never_shown) {
  const auto shows_nothing = [&](const std::string& command) {
    std::string said;
    EXPECT_EQ(call("timeout 20 stampede " + command, said), 2) << command << "\n" << said;
    EXPECT_EQ(said.find("SECRET"), std::string::npos) << command << "\n" << said;
  };
  write("elsewhere/one_line.json", "{\"SECRET\": \"SECRET\"}");
  write("elsewhere/alias.yaml", "*SECRET\n");
  write("elsewhere/cron", "*/5 * * * * SECRET --token=SECRET\n");
  write("elsewhere/secret.csv", "user,SECRET,tokens\na,SECRET,1\n");
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / "elsewhere")) {
    const std::string file = entry.path().string();
    for (const char* command : {"run", "check", "replay", "sweep", "compare --with queue_limit"})
      shows_nothing(fmt::format("{} {}", command, file));
    for (const char* format : {"requests", "azure", "burstgpt", "mooncake"})
      shows_nothing(
          fmt::format("run server.yaml --set spec.clients.benchmark.trace.file={} --set "
                      "spec.clients.benchmark.trace.format={}",
                      file, format));
    shows_nothing(fmt::format(
        "run x.yaml --set 'spec.cluster.workloads[0].autoscaler={{manifest: {}}}'", file));
    write("s.yaml",
          "apiVersion: stampede/v1alpha1\nkind: Sweep\nmetadata: {name: s}\nspec:\n  base: " +
              file + "\n  axes: [{path: spec.demand.rate, values: [1/s]}]\n");
    shows_nothing("check s.yaml");
    std::string said;
    ASSERT_EQ(call("mkdir -p d && cp " + file + " d/summary.json", said), 0);
    shows_nothing("diff d d");
  }
}

// Python is asked for the picture of a comparison: only for the project's own.
TEST_F(ForeignFiles, are_not_run_as_python) {
  std::filesystem::create_directories(directory_ / "stampede");
  for (const char* name : {"stampede/__init__.py", "stampede/compare.py", "matplotlib.py",
                           "pandas.py", "sitecustomize.py", "importlib.py", "runpy.py"})
    write(name, "open('" + (directory_ / "planted").string() + "', 'w').close()\n");
  write("matplotlibrc", "backend: module://planted_backend\nfont.size: nonsense\n");
  std::string said;
  EXPECT_EQ(call("PYTHONPATH=. PYTHONSTARTUP=runpy.py stampede compare x.yaml --with queue_limit "
                 "--replications 2 --out elsewhere" +
                     short_run_,
                 said),
            0)
      << said;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "planted"));
  EXPECT_EQ(said.find("planted_backend"), std::string::npos) << said;
}

// Whoever kills it, and whenever: no file with a temporary name stays.
TEST_F(ForeignFiles, no_temporary_file_stays_after_a_kill) {
  for (const char* signal : {"HUP", "TERM", "KILL"}) {
    std::string said;
    const int code =
        call(fmt::format("timeout -s {0} 1.5 stampede compare x.yaml --with queue_limit --quiet "
                         "--replications 500 --jobs 2 --out cut{0} --set spec.duration=2min",
                         signal),
             said);
    EXPECT_NE(code, 0) << said;
    EXPECT_EQ(call(fmt::format("find cut{} -type f -name '.*' | grep .", signal), said), 1) << said;
  }
  std::string said;
  EXPECT_EQ(call("timeout --preserve-status -s HUP 1 stampede run x.yaml --set "
                 "spec.duration=1000h --quiet --out hung --requests hung.csv",
                 said),
            130)
      << said;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "hung"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "hung.csv"));
}

}  // namespace test_foreign_files
}  // namespace stampede
