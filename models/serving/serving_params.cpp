// Descriptions of the data plane's parameters.
#include "models/serving/region.h"

namespace stampede {

void FrontEndParams::describe(Schema<FrontEndParams>& s) {
  using P = FrontEndParams;
  s.field("cores", &P::cores).range(0.001, 1024).help("CPU cores of one pod's front end");
  s.field("cpu_per_request", &P::cpu_per_request)
      .at_least(0)
      .help("CPU time to accept, check and tokenise one request");
  s.field("cpu_per_output_token", &P::cpu_per_output_token)
      .at_least(0)
      .help("CPU time to detokenise and stream one token");
  s.field("cpu_per_waiting_second", &P::cpu_per_waiting_second)
      .at_least(0)
      .help("CPU time a second to keep one waiting connection alive");
  s.field("slice", &P::slice)
      .at_least(1e-6)
      .help("mean CPU burst that a probe can queue behind; sets how sharply probes fail");
  s.field("probe_timeout", &P::probe_timeout)
      .at_least(0.001)
      .help("a probe unanswered for so long has failed")
      .source("Kubernetes default timeoutSeconds 1");
  s.field("accept_timeout", &P::accept_timeout)
      .at_least(0.001)
      .help("the gateway gives up connecting and answers 503");
  s.field("overload_above", &P::overload_above)
      .range(0, 10)
      .help("utilisation that counts as overload")
      .source("published account: CPU above 85 % for 30 s");
  s.field("overload_for", &P::overload_for)
      .at_least(0)
      .help("for how long")
      .source("published account: CPU above 85 % for 30 s");
}

void ConnectionPoolParams::describe(Schema<ConnectionPoolParams>& s) {
  using P = ConnectionPoolParams;
  s.field("pool_size", &P::pool_size)
      .range(1, 1e6)
      .help("connections of one pool")
      .source("published account: pool of 100");
  s.field("pools", &P::pools).range(1, 1e5).help("gateway replicas with a pool of their own");
  s.field("database_limit", &P::database_limit)
      .range(1, 1e7)
      .help("connections that the database takes in all")
      .source("published account: 150");
  s.field("hold", &P::hold).at_least(0).help("how long a request holds one");
  s.field("hold_during_inference", &P::hold_during_inference)
      .help("a log-in keeps its connection until the answer has ended, instead of `hold`");
  s.field("wait_timeout", &P::wait_timeout)
      .at_least(0)
      .help("longest wait for a connection; then the log-in fails")
      .source("HikariCP connectionTimeout 30 s");
}

void RateLimitParams::describe(Schema<RateLimitParams>& s) {
  s.field("requests", &RateLimitParams::requests)
      .range(0, 1e12)
      .help("requests admitted in a window; 0: no limit");
  s.field("window", &RateLimitParams::window).at_least(0.001).help("length of the window");
}

void PoolParams::describe(Schema<PoolParams>& s) {
  s.field("name", &PoolParams::name).required().help("name of the pool in results");
  s.field("engine", &PoolParams::engine).help("the engine in each of its pods");
  s.field("front_end", &PoolParams::front_end).help("the process in front of the engine");
}

void GatewayParams::describe(Schema<GatewayParams>& s) {
  s.field("rate_limit", &GatewayParams::rate_limit).help("429 beyond so many requests a window");
  s.field("max_queue", &GatewayParams::max_queue)
      .range(0, 1e9)
      .help("most requests waiting in one pod, else 503; 0: no bound")
      .source("vLLM's default: unbounded (RFC 18826)");
  s.field("retry_after", &GatewayParams::retry_after)
      .at_least(0)
      .help("Retry-After sent with a 503; 0: none");
  s.field("sessions", &GatewayParams::sessions).help("log-in and session store");
}

void KvTransferParams::describe(Schema<KvTransferParams>& s) {
  s.field("bandwidth", &KvTransferParams::bandwidth)
      .at_least(0)
      .help("of a prefill pod's link, shared by its transfers in turn; 0: they take no time");
  s.field("token_bytes", &KvTransferParams::token_bytes)
      .range(1, 1e8)
      .help("KV of one token")
      .source("DeepSeek-V3: (512 + 64) x 61 layers x 2 B");
}

void ServingParams::describe(Schema<ServingParams>& s) {
  s.field("pools", &ServingParams::pools)
      .help("one pool (mixed), or a prefill and a decode pool in this order");
  s.field("handover", &ServingParams::handover)
      .at_least(0)
      .help("time from the first token to decoding elsewhere, beside kv_transfer");
  s.field("kv_transfer", &ServingParams::kv_transfer)
      .help("the KV of a prompt on its way from a prefill to a decode pod");
  s.field("termination_grace", &ServingParams::termination_grace)
      .at_least(0)
      .help("how long a terminating pod may finish what it has");
}

}  // namespace stampede
