#include "models/serving/serving_params.h"

namespace stampede {

void PoolParams::describe(Schema<PoolParams>& s) {
  s.field("name", &PoolParams::name).required().help("name of the pool in results");
  s.field("model", &PoolParams::model)
      .help("the model that this pool serves; empty: whichever is asked for");
  s.field("profile", &PoolParams::profile)
      .fixed("it is resolved when the scenario is loaded; set values of `engine` and `front_end`")
      .help(
          "a measured model and GPU (stampede list profiles); it gives the values of `engine` and "
          "`front_end` that are not written here");
  s.field("engine", &PoolParams::engine).help("the engine in each of its pods");
  s.field("front_end", &PoolParams::front_end).help("the process in front of the engine");
  s.field("classes", &PoolParams::classes)
      .help("classes of clients whose requests it takes; empty: those of all");
  s.field("max_prompt", &PoolParams::max_prompt)
      .live()
      .range(0, 1e9)
      .help("longest prompt that it takes [tokens], the conversation so far included; 0: no bound");
  s.field("hands_over_to", &PoolParams::hands_over_to)
      .help(
          "of a prefill pool: the decode pool that goes on with its requests; empty: the only one "
          "of its model");
  s.field("max_rate_per_endpoint", &PoolParams::max_rate_per_endpoint)
      .fixed("set spec.balancer.max_rate_per_endpoint, which moves all of them in proportion")
      .range(1e-3, 1e6)
      .help(
          "what the balancer is told that one pod of this pool takes; absent: "
          "spec.balancer.max_rate_per_endpoint, else computed from engine, front end and clients");
}

void GatewayParams::describe(Schema<GatewayParams>& s) {
  s.field("rate_limit", &GatewayParams::rate_limit)
      .help("rate limit: requests in each window; more get 429");
  s.field("max_queue", &GatewayParams::max_queue)
      .live()
      .range(0, 1e9)
      .help("most requests that may wait in one pod; the next one gets 503; 0: no bound")
      .source("vLLM: unbounded (RFC 18826)");
  s.field("retry_after", &GatewayParams::retry_after)
      .live()
      .at_least(0)
      .help("Retry-After sent with a 503; 0: none");
  s.field("sessions", &GatewayParams::sessions).help("log-in and session store");
  s.field("flow_control", &GatewayParams::flow_control)
      .help("what the gateway does while a pool is saturated; absent: it sends everything on");
}

void ServingParams::describe(Schema<ServingParams>& s) {
  s.field("pools", &ServingParams::pools)
      .elementwise()
      .help(
          "pools of engines: mixed ones, or pairs of a prefill and a decode pool; a request goes "
          "to "
          "the first that takes it and has an endpoint");
  s.field("handover", &ServingParams::handover)
      .live()
      .at_least(0)
      .help(
          "time from the end of a prompt until its request reaches a decode pod, in addition to "
          "kv_transfer");
  s.field("kv_transfer", &ServingParams::kv_transfer)
      .help("the KV of a prompt on its way from a prefill to a decode pod");
  s.field("termination_grace", &ServingParams::termination_grace)
      .live()
      .at_least(0)
      .help("how long a terminating pod may continue to work on its requests");
  s.field("exact_steps", &ServingParams::exact_steps)
      .fixed("it decides how a run is computed, not what comes out")
      .help("whether each step of an engine is an event of its own; slower, with the same results");
}

}  // namespace stampede
