// What a post-mortem says happened when, as an expectation of a run.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sim/params.h"
#include "tools/language/diagnostics.h"
#include "tools/language/yaml_tree.h"

namespace stampede {

struct PublishedEvent {
  Duration at{}, tolerance{};
  std::string event, region;
  static void describe(Schema<PublishedEvent>& s);
};

struct PublishedTimeline {
  Duration from{};
  std::vector<PublishedEvent> events;
  static void describe(Schema<PublishedTimeline>& s);
};

// A CSV file with the columns t_min, event, tolerance (minutes) and, if it has one, region, as the
// key `events`. Other columns are left alone; a line that begins with # is a comment.
YamlPtr published_events(const std::shared_ptr<const SourceText>& source,
                         std::vector<Diagnostic>& faults);

}  // namespace stampede
