#include "models/control_plane/api_server_params.h"

#include "sim/registry.h"

namespace stampede {

void ApiServerParams::describe(Schema<ApiServerParams>& s) {
  s.name("ApiServer");
  s.field("servers", &ApiServerParams::servers)
      .live()
      .help("API servers")
      .range(1, 64)
      .source("Kubernetes: kubeadm's highly available clusters, three control-plane nodes");
  s.field("seats", &ApiServerParams::seats)
      .live()
      .help("calls that one server runs at the same time, over all priority levels")
      .at_least(7)
      .source("Kubernetes: apiserver config.go, 400 + 200 in flight")
      .scales(12);
  s.field("queue_length", &ApiServerParams::queue_length)
      .live()
      .help("most calls in one queue of a priority level")
      .at_least(1)
      .source("Kubernetes: apiserver flowcontrol bootstrap, 50");
  s.field("cpu_cores", &ApiServerParams::cpu_cores)
      .live()
      .help("CPU cores of one server")
      .at_least(0.01)
      .scales();
  s.field("cpu_per_call", &ApiServerParams::cpu_per_call)
      .live()
      .help("CPU time of one call")
      .range(0, 60);
  s.field("cpu_per_list_kib", &ApiServerParams::cpu_per_list_kib)
      .live()
      .help("CPU time of a LIST for each KiB that it returns")
      .range(0, 60);
  s.field("egress", &ApiServerParams::egress)
      .live()
      .help("outgoing bandwidth of one server, for watch events and LISTs")
      .at_least(1)
      .scales();
  s.field("memory", &ApiServerParams::memory)
      .live()
      .help(
          "memory of one server for the LISTs that it works on; when they need more its process "
          "ends; 0: no bound")
      .at_least(0)
      .scales();
  s.field("memory_per_list_byte", &ApiServerParams::memory_per_list_byte)
      .live()
      .help("memory that a LIST holds for each byte of its answer, until that is sent")
      .range(0, 1000);
  s.field("restart_time", &ApiServerParams::restart_time)
      .live()
      .help("time until a server whose process ended is back")
      .range(0.001, 86400);
  s.field("relist_size", &ApiServerParams::relist_size)
      .live()
      .help(
          "answer to the LIST by which a watcher comes back that lost its server or is too far "
          "behind; of a server that ended there are its part of `node_watchers`")
      .at_least(0);
  s.field("relist_spread", &ApiServerParams::relist_spread)
      .live()
      .help("time over which these come back, each again after a back-off until it is answered")
      .range(0.001, 3600)
      .source("Kubernetes: client-go reflector.go, a back-off from 0.8 s");
  s.field("node_watchers", &ApiServerParams::node_watchers)
      .live()
      .help("number of watchers of endpoint slices on the nodes (kube-proxy), one for each node")
      .at_least(0);
  s.field("watch_lag", &ApiServerParams::watch_lag)
      .live()
      .help("delay from a commit to an idle watcher")
      .at_least(0);
  s.field("watch_history", &ApiServerParams::watch_history)
      .live()
      .help(
          "time for which a change is kept for watchers that have not been sent it; a watcher that "
          "is further behind is told 410 and lists")
      .range(1, 86400)
      .source("Kubernetes: watch_cache.go, eventFreshDuration 75 s");
  s.field("watch_changes", &ApiServerParams::watch_changes)
      .live()
      .help("changes of one kind of object that are kept so at most")
      .range(1, 1e9)
      .source("Kubernetes: watch_cache.go, at most 102,400")
      .scales();
  s.field("queue_wait", &ApiServerParams::queue_wait)
      .live()
      .help("longest wait in a queue; then the call gets 429")
      .at_least(0)
      .source(
          "Kubernetes: pkg/controlplane/apiserver/config.go, a quarter of the request time-out, 15 "
          "s");
  s.field("default_deadline", &ApiServerParams::default_deadline)
      .live()
      .help("deadline of a call that has none of its own")
      .at_least(0.001)
      .source("Kubernetes: apiserver config.go, 60 s");
  s.field("compaction_interval", &ApiServerParams::compaction_interval)
      .live()
      .help("period of compaction; it drops revisions older than one period")
      .at_least(1)
      .source("Kubernetes: apiserver storagebackend/config.go, 5 min");
  s.field("compaction_speed", &ApiServerParams::compaction_speed)
      .live()
      .help("speed at which an operator's compaction goes through the data")
      .at_least(1)
      .scales();
  s.field("event_ttl", &ApiServerParams::event_ttl)
      .live()
      .help("time for which an event object is kept")
      .at_least(1)
      .source("Kubernetes: options.go of kube-apiserver, 1 h");
  s.field("events_etcd", &ApiServerParams::events_etcd)
      .fixed("moving events to an etcd of their own is a migration")
      .help("whether events are in the same etcd, or in one of their own");
  s.field("saturated_wait", &ApiServerParams::saturated_wait)
      .live()
      .help("99th percentile of writes' waits above which etcd counts as saturated")
      .at_least(0.001)
      .source("Kubernetes SLOs: a mutating call within 1 s");
  s.field("frozen_after", &ApiServerParams::frozen_after)
      .live()
      .help(
          "time without a written endpoint change, although a pod's readiness is not what the "
          "endpoints say, after which the control plane counts as frozen")
      .at_least(1);
  s.field("clear_after", &ApiServerParams::clear_after)
      .live()
      .help("time for which neither may hold before it counts as saturated or frozen no longer")
      .at_least(1);
  s.field("etcd", &ApiServerParams::etcd).help("the etcd cluster behind the servers");
}

namespace {
const Register<ApiServerParams> registered{
    "model", "api_server", "API servers with priority and fairness in front of an etcd",
    "Kubernetes: apiserver; etcd measured"};
}  // namespace

}  // namespace stampede
