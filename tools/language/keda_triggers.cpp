#include "tools/language/keda_triggers.h"

namespace stampede {

const ManifestNames& target_keys() {
  static const ManifestNames keys{"threshold",
                                  "targetValue",
                                  "value",
                                  "queryValue",
                                  "targetMetricValue",
                                  "lagThreshold",
                                  "lengthThreshold",
                                  "queueLength",
                                  "listLength",
                                  "messageCount",
                                  "targetQueryValue",
                                  "streamLength",
                                  "pendingEntriesCount",
                                  "thresholdValue",
                                  "msgBacklogThreshold",
                                  "blobCount",
                                  "shardCount",
                                  "targetObjectCount",
                                  "queueDepth",
                                  "objectCount",
                                  "targetQueueSize",
                                  "messageCountTarget",
                                  "unprocessedEventThreshold",
                                  "targetWorkflowQueueLength",
                                  "targetPipelinesQueueLength"};
  return keys;
}

bool tells_its_target(const std::string& type) {
  return type == "external" || type == "external-push" || type == "selenium-grid";
}

}  // namespace stampede
