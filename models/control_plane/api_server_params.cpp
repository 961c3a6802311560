// The described parameters of ApiServer.
#include "models/control_plane/api_server.h"
#include "sim/registry.h"

namespace stampede {

void ApiServer::Params::describe(Schema<Params>& s) {
  s.name("ApiServer");
  s.field("servers", &Params::servers).help("API servers").range(1, 64);
  s.field("seats", &Params::seats)
      .help("calls one server runs at a time, over all priority levels")
      .at_least(7)
      .source("apiserver config.go: 400 + 200 in flight");
  s.field("queue_length", &Params::queue_length)
      .help("calls in one queue of a priority level")
      .at_least(1)
      .source("apiserver flowcontrol bootstrap: 50");
  s.field("cpu_cores", &Params::cpu_cores).help("cores of one server").at_least(0.01);
  s.field("cpu_per_call", &Params::cpu_per_call).help("CPU of one call").range(0, 60);
  s.field("cpu_per_list_kib", &Params::cpu_per_list_kib)
      .help("CPU of a LIST for each KiB it returns")
      .range(0, 60);
  s.field("egress", &Params::egress)
      .help("network out of one server: watch events and LISTs")
      .at_least(1);
  s.field("node_watchers", &Params::node_watchers)
      .help("watchers of endpoint slices on the nodes (kube-proxy), one a node")
      .at_least(0);
  s.field("watch_lag", &Params::watch_lag).help("from a commit to an idle watcher").at_least(0);
  s.field("queue_wait", &Params::queue_wait)
      .help("longest wait in a queue before a 429")
      .at_least(0)
      .source("apiserver controlplane config.go: a quarter of the request time-out, 15 s");
  s.field("default_deadline", &Params::default_deadline)
      .help("deadline of a call that brings none")
      .at_least(0.001)
      .source("apiserver config.go: 60 s");
  s.field("compaction_interval", &Params::compaction_interval)
      .help("period of compaction; it drops revisions older than one period")
      .at_least(1)
      .source("apiserver storagebackend/config.go: 5 min");
  s.field("compaction_speed", &Params::compaction_speed)
      .help("data an operator's compaction walks through")
      .at_least(1);
  s.field("event_ttl", &Params::event_ttl)
      .help("life of an event object")
      .at_least(1)
      .source("apiserver options.go: 1 h");
  s.field("events_etcd", &Params::events_etcd)
      .help("events in the same etcd or in one of their own");
  s.field("saturated_wait", &Params::saturated_wait)
      .help("99th percentile of writes' waits above which etcd counts as saturated")
      .at_least(0.001)
      .source("Kubernetes service level of a mutating call: 1 s");
  s.field("frozen_after", &Params::frozen_after)
      .help("time without an endpoint change, although readiness changed, that counts as frozen")
      .at_least(1);
  s.field("etcd", &Params::etcd).help("the etcd cluster behind the servers");
}

namespace {
const Register<ApiServer::Params> registered{
    "model", "api_server", "API servers with priority and fairness in front of an etcd",
    "Kubernetes 1.28 apiserver; etcd 3.4, measured"};
}  // namespace

}  // namespace stampede
