#include "models/cluster/limited_client_params.h"

namespace stampede {

void LimitedClientParams::describe(Schema<LimitedClientParams>& s) {
  s.name("LimitedClient");
  s.field("qps", &LimitedClientParams::qps)
      .help("calls a second the client sends; 0 is no limit")
      .at_least(0)
      .source("kube-controller-manager defaults.go: 20; scheduler and kubelet 50");
  s.field("burst", &LimitedClientParams::burst)
      .help("calls it may send at once after a pause")
      .at_least(1)
      .source("kube-controller-manager defaults.go: 30; scheduler and kubelet 100");
  s.field("retries", &LimitedClientParams::retries)
      .help("how often a call refused with Retry-After is sent again")
      .at_least(0)
      .source("client-go rest/request.go: 10");
  s.field("retry_after", &LimitedClientParams::retry_after)
      .help("pause before a refused call is sent again")
      .at_least(0)
      .source("apiserver filters/maxinflight.go: 1 s");
}

}  // namespace stampede
