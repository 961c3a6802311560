#include "models/serving/front_end_params.h"

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
  s.field("response_latency", &P::response_latency)
      .at_least(0)
      .help("added to the first token and the end of each answer: tokenise, HTTP, stream");
}

}  // namespace stampede
