#include "models/serving/front_end_params.h"

namespace stampede {

void FrontEndParams::describe(Schema<FrontEndParams>& s) {
  using P = FrontEndParams;
  s.field("cores", &P::cores).live().range(0.001, 1024).help("CPU cores of one pod's front end");
  s.field("cpu_per_request", &P::cpu_per_request)
      .live()
      .at_least(0)
      .help("CPU time to accept, check and tokenise one request")
      .source(
          "vLLM: pull request 12287, at most 15.7 ms with the streaming of 202 tokens; "
          "tt-inference-server: tokenising takes 10 to 21 us a token");
  s.field("cpu_per_prompt_token", &P::cpu_per_prompt_token)
      .live()
      .at_least(0)
      .help("CPU time to tokenise one token of a prompt, in addition");
  s.field("workers", &P::workers)
      .live()
      .range(0, 1024)
      .help(
          "API server workers, each of which accepts and tokenises one request at a time; requests "
          "wait for one before they reach the engine's line; 0: they do not wait")
      .source("vLLM: --api-server-count, 1 by default");
  s.field("cpu_per_output_token", &P::cpu_per_output_token)
      .live()
      .at_least(0)
      .help("CPU time to detokenise and stream one token");
  s.field("cpu_per_waiting_second", &P::cpu_per_waiting_second)
      .live()
      .at_least(0)
      .help("CPU time for each second in which a connection waits");
  s.field("slice", &P::slice)
      .live()
      .at_least(1e-6)
      .help(
          "mean piece of CPU work that a probe can wait behind; it decides how sharply probes "
          "fail");
  s.field("max_requests", &P::max_requests)
      .live()
      .range(0, 1e6)
      .help(
          "requests that a pod works on at a time, those included that wait for a service; the "
          "next one gets 503, and probes no answer; 0: any number")
      .source("Apache: MaxRequestWorkers, which a probe needs as any request does");
  s.field("max_peers", &P::max_peers)
      .live()
      .range(0, 1e7)
      .scales()
      .help(
          "servers of its pool in its region, itself included, to each of which a server keeps a "
          "thread or a connection; while the pool has more, every server of it answers 503 and no "
          "probe; 0: any number")
      .source("AWS 2020-11-25: a front-end server has a thread for each other one of its fleet");
  s.field("peers_need_restart", &P::peers_need_restart)
      .live()
      .help(
          "a server that had more peers than it can have is of no use, also when the pool has "
          "shrunk, until its process is started anew")
      .source("AWS 2020-11-25: the front-end fleet had to be restarted, at a rate");
  s.field("probe_timeout", &P::probe_timeout)
      .live()
      .at_least(0.001)
      .help("time after which an unanswered probe has failed")
      .source("Kubernetes: timeoutSeconds of 1 by default");
  s.field("accept_timeout", &P::accept_timeout)
      .live()
      .at_least(0.001)
      .help("backlog of the front end beyond which the gateway answers 503");
  s.field("overload_above", &P::overload_above)
      .live()
      .range(0, 10)
      .help("CPU utilisation above which a front end counts as overloaded")
      .source("Websites2Know 2026: CPU above 85 % for 30 s");
  s.field("overload_for", &P::overload_for)
      .live()
      .at_least(0)
      .help("how long the utilisation must be above the limit")
      .source("Websites2Know 2026: CPU above 85 % for 30 s");
  s.field("relieved_after", &P::relieved_after)
      .live()
      .range(0, 86400)
      .help("time for which no pod may be overloaded before an overload of the region is over");
  s.field("response_latency", &P::response_latency)
      .live()
      .at_least(0)
      .help(
          "time added to the first token and to the end of each answer, for tokenising, HTTP and "
          "streaming");
  s.field("memory_idle", &P::memory_idle)
      .live()
      .at_least(0)
      .help("host memory of the process without requests, for autoscalers on memory");
  s.field("memory_per_request", &P::memory_per_request)
      .live()
      .at_least(0)
      .help("host memory that each request adds while it waits or runs");
}

}  // namespace stampede
