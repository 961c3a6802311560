// The scenario file as one described struct.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

struct MitigationTag {
  static constexpr const char* selector = "use";
  static constexpr const char* category = "mitigation";
};

struct Metadata {
  std::string name, summary;
  static void describe(Schema<Metadata>& s) {
    s.field("name", &Metadata::name).help("short name of the scenario").required();
    s.field("summary", &Metadata::summary).help("what it shows, in one sentence");
  }
};

struct Spec {
  i64 seed = 1;
  UtcTime start{1774791000};
  Duration duration{3'600'000'000'000};
  double scale = 1;
  std::vector<SelectionOf<MitigationTag>> mitigations;
  static void describe(Schema<Spec>& s) {
    s.field("seed", &Spec::seed).help("decides every random draw of the run").at_least(0);
    s.field("start", &Spec::start).help("time of day at which the run starts");
    s.field("duration", &Spec::duration).help("simulated length of the run").range(1, 31536000);
    s.field("scale", &Spec::scale).help("similarity transform of fleet and demand").range(0.001, 1);
    s.field("mitigations", &Spec::mitigations).help("what is added from outside");
  }
};

struct Scenario {
  std::string api_version, kind;
  Metadata metadata;
  Spec spec;
  static void describe(Schema<Scenario>& s) {
    s.field("apiVersion", &Scenario::api_version).help("stampede/v1alpha1").required();
    s.field("kind", &Scenario::kind).help("Scenario").required();
    s.field("metadata", &Scenario::metadata).help("name and summary").required();
    s.field("spec", &Scenario::spec).help("the fleet, its clients, what happens").required();
  }
};

}  // namespace stampede
