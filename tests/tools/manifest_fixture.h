// A scenario with one autoscaler that a manifest beside it describes.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tools/world/load_scenario.h"

namespace stampede::test {

namespace fs = std::filesystem;

inline constexpr const char* kScenario = R"(apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: small}
spec:
  duration: 10s
  clients: [{name: web}]
  regions: [{name: eu, nodes: 1, pools: [{replicas: 1}]}]
  serving: {pools: [{name: replicas}]}
  cluster:
    workloads:
      - {name: replicas, autoscaler: {MANIFEST}}
)";

// A manifest whose `spec` ends with these lines.
inline std::string manifest(const std::string& more) {
  return "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: m}\nspec:\n"
         "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: m}\n" +
         more;
}

class ManifestFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() /
                 ("stampede-hpa-" + std::to_string(::getpid()) + "-" +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }
  Loaded load(const std::string& text, const std::string& beside = "",
              const std::vector<Override>& sets = {}) {
    write("hpa.yaml", text);
    std::string scenario = kScenario;
    scenario.replace(scenario.find("MANIFEST"), 8, "manifest: hpa.yaml" + beside);
    return load_scenario(write("scenario.yaml", scenario), sets);
  }
  static const cluster::AutoscalerParams& scaler(const Loaded& loaded) {
    return *loaded.scenario.spec.cluster.workloads.at(0).autoscaler;
  }
  // Faults without the directory's name; empty if there are none.
  std::string faults(const std::string& text, const std::string& beside = "") {
    try {
      load(text, beside);
    } catch (const InputError& error) {
      std::string found = error.what();
      const std::string prefix = directory_.string() + "/";
      for (auto at = found.find(prefix); at != std::string::npos; at = found.find(prefix))
        found.erase(at, prefix.size());
      return found;
    }
    return "";
  }
  // Warnings, each in a line.
  std::string notes(const std::string& text, const std::string& beside = "") {
    std::string all;
    for (const Diagnostic& d : load(text, beside).warnings) all += d.message + "\n";
    return all;
  }
  void expect_fault(const std::string& text, const std::string& place, const std::string& words) {
    const std::string found = faults(text);
    EXPECT_NE(found.find(place), std::string::npos) << place << " is not in\n" << found;
    EXPECT_NE(found.find(words), std::string::npos) << words << " is not in\n" << found;
  }
  fs::path directory_;
};

}  // namespace stampede::test
