#include "models/control_plane/api_server_params.h"

#include "sim/registry.h"

namespace stampede {

void ApiServerParams::describe(Schema<ApiServerParams>& s) {
  s.name("ApiServer");
  s.field("servers", &ApiServerParams::servers).help("API servers").range(1, 64);
  s.field("seats", &ApiServerParams::seats)
      .help("calls one server runs at a time, over all priority levels")
      .at_least(7)
      .source("apiserver config.go: 400 + 200 in flight");
  s.field("queue_length", &ApiServerParams::queue_length)
      .help("calls in one queue of a priority level")
      .at_least(1)
      .source("apiserver flowcontrol bootstrap: 50");
  s.field("cpu_cores", &ApiServerParams::cpu_cores).help("cores of one server").at_least(0.01);
  s.field("cpu_per_call", &ApiServerParams::cpu_per_call).help("CPU of one call").range(0, 60);
  s.field("cpu_per_list_kib", &ApiServerParams::cpu_per_list_kib)
      .help("CPU of a LIST for each KiB it returns")
      .range(0, 60);
  s.field("egress", &ApiServerParams::egress)
      .help("network out of one server: watch events and LISTs")
      .at_least(1);
  s.field("node_watchers", &ApiServerParams::node_watchers)
      .help("watchers of endpoint slices on the nodes (kube-proxy), one a node")
      .at_least(0);
  s.field("watch_lag", &ApiServerParams::watch_lag)
      .help("from a commit to an idle watcher")
      .at_least(0);
  s.field("queue_wait", &ApiServerParams::queue_wait)
      .help("longest wait in a queue before a 429")
      .at_least(0)
      .source("apiserver controlplane config.go: a quarter of the request time-out, 15 s");
  s.field("default_deadline", &ApiServerParams::default_deadline)
      .help("deadline of a call that brings none")
      .at_least(0.001)
      .source("apiserver config.go: 60 s");
  s.field("compaction_interval", &ApiServerParams::compaction_interval)
      .help("period of compaction; it drops revisions older than one period")
      .at_least(1)
      .source("apiserver storagebackend/config.go: 5 min");
  s.field("compaction_speed", &ApiServerParams::compaction_speed)
      .help("data an operator's compaction walks through")
      .at_least(1);
  s.field("event_ttl", &ApiServerParams::event_ttl)
      .help("life of an event object")
      .at_least(1)
      .source("apiserver options.go: 1 h");
  s.field("events_etcd", &ApiServerParams::events_etcd)
      .help("events in the same etcd or in one of their own");
  s.field("saturated_wait", &ApiServerParams::saturated_wait)
      .help("99th percentile of writes' waits above which etcd counts as saturated")
      .at_least(0.001)
      .source("Kubernetes service level of a mutating call: 1 s");
  s.field("frozen_after", &ApiServerParams::frozen_after)
      .help("time without an endpoint change, although readiness changed, that counts as frozen")
      .at_least(1);
  s.field("etcd", &ApiServerParams::etcd).help("the etcd cluster behind the servers");
}

namespace {
const Register<ApiServerParams> registered{
    "model", "api_server", "API servers with priority and fairness in front of an etcd",
    "Kubernetes 1.28 apiserver; etcd 3.4, measured"};
}  // namespace

}  // namespace stampede
