#include "models/serving/flow_control_params.h"

namespace stampede {

void FlowControlParams::describe(Schema<FlowControlParams>& s) {
  using P = FlowControlParams;
  s.field("when_saturated", &P::when_saturated)
      .help(
          "hold: requests wait at the gateway until their pool has room; shed: those of low "
          "priority "
          "get 429, the others go on")
      .source("llm-d: flow control holds; GIE: without it sheddable requests get 429");
  s.field("queue_depth", &P::queue_depth)
      .range(0.001, 1e6)
      .help(
          "waiting requests at which a pod counts as saturated; a pool is when the mean of its "
          "pods is")
      .source("GIE: DefaultQueueDepthThreshold of 5");
  s.field("kv_use", &P::kv_use)
      .range(0.001, 1)
      .help("share of KV memory in use at which a pod counts as saturated")
      .source("GIE: DefaultKVCacheUtilThreshold of 0.8");
  s.field("scrape_period", &P::scrape_period)
      .range(0.001, 3600)
      .help("time between two looks at the pods, after which held requests may go on")
      .source("GIE: metrics are refreshed every 50 ms");
  s.field("count_sent", &P::count_sent)
      .help(
          "whether requests sent since the last look count as waiting; if not, all that are held "
          "go "
          "at once");
  s.field("order", &P::order)
      .help(
          "of one priority: round_robin takes the classes of clients in turn, fcfs the order of "
          "arrival")
      .source("llm-d: fairness between tenants of a priority band, strict first come by default");
  s.field("max_held", &P::max_held)
      .range(0, 1e9)
      .scales()
      .help("most requests held of one priority, for each pool; the next one gets 429; 0: no bound")
      .source("llm-d: a priority band is bounded, in bytes");
  s.field("hold_timeout", &P::hold_timeout)
      .range(0.001, 864000)
      .help("longest time that a request is held; then it gets 503")
      .source("llm-d: defaultRequestTTL, 503 when it is over");
  s.field("shed_from", &P::shed_from)
      .range(-8, 8)
      .help("shed: the first priority that is turned away, and all beyond it (lower goes first)")
      .source("GIE: requests of negative priority are sheddable");
}

}  // namespace stampede
