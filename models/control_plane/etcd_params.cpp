#include "models/control_plane/etcd_params.h"

namespace stampede {

void EtcdParams::describe(Schema<EtcdParams>& s) {
  const char* measured = "etcd measured";
  s.name("Etcd");
  s.field("members", &EtcdParams::members)
      .fixed("an etcd member joins or leaves by a change of the cluster itself")
      .help("members of the cluster: 1, 3 or 5")
      .range(1, 5)
      .source("etcd: its FAQ, three bear the loss of one and five of two");
  s.field("fsync", &EtcdParams::fsync)
      .live()
      .help("time of one fsync of a healthy disk (log and database)")
      .range(0, 60)
      .source(measured);
  s.field("fsync_per_write", &EtcdParams::fsync_per_write)
      .live()
      .help("time that each proposal adds to a log fsync")
      .range(0, 60)
      .source(measured)
      .scales_inversely();
  s.field("fsync_per_kib", &EtcdParams::fsync_per_kib)
      .live()
      .help("time that each KiB adds to a log fsync")
      .range(0, 60)
      .source(measured)
      .scales_inversely();
  s.field("round_trip", &EtcdParams::round_trip)
      .live()
      .help("network round trip between members, with their wake-ups")
      .range(0, 60);
  s.field("cpu_cores", &EtcdParams::cpu_cores)
      .live()
      .help("CPU cores of a member")
      .at_least(0.001)
      .scales();
  s.field("cpu_accept", &EtcdParams::cpu_accept)
      .live()
      .help("CPU time to receive and propose one write")
      .range(0, 60)
      .source(measured);
  s.field("cpu_loop", &EtcdParams::cpu_loop)
      .live()
      .help("CPU time of the raft loop for one write")
      .range(0, 60)
      .source(measured);
  s.field("cpu_apply", &EtcdParams::cpu_apply)
      .live()
      .help("CPU time to apply and answer one write")
      .range(0, 60)
      .source(measured);
  s.field("cpu_per_kib", &EtcdParams::cpu_per_kib)
      .live()
      .help("CPU time for each KiB of a write beyond the first 256 B")
      .range(0, 60)
      .source(measured);
  s.field("cpu_reject", &EtcdParams::cpu_reject)
      .live()
      .help("CPU time to refuse one write")
      .range(0, 60);
  s.field("cpu_cycle", &EtcdParams::cpu_cycle)
      .live()
      .help("CPU time of one cycle of the raft loop")
      .range(0, 60)
      .source(measured);
  s.field("cpu_wake", &EtcdParams::cpu_wake)
      .live()
      .help("CPU time of the wake-ups in one cycle, outside the loop")
      .range(0, 60)
      .source(measured);
  s.field("cpu_wait", &EtcdParams::cpu_wait)
      .live()
      .help("longest wait of the raft loop for a busy CPU after a fsync")
      .range(0, 60)
      .source(measured);
  s.field("backend_interval", &EtcdParams::backend_interval)
      .live()
      .help("pause between two backend commits")
      .at_least(0.001)
      .source("etcd: backend.go, 100 ms");
  s.field("backend_per_write", &EtcdParams::backend_per_write)
      .live()
      .help("time that each write adds to a backend commit")
      .range(0, 60)
      .source(measured)
      .scales_inversely();
  s.field("backend_per_kib", &EtcdParams::backend_per_kib)
      .live()
      .help("time that each KiB adds to a backend commit")
      .range(0, 60)
      .source(measured)
      .scales_inversely();
  s.field("max_batch", &EtcdParams::max_batch)
      .live()
      .help("most bytes of entries in one fsync")
      .at_least(1)
      .source("etcd: raft.go, 1 MiB")
      .scales();
  s.field("max_apply_gap", &EtcdParams::max_apply_gap)
      .live()
      .help("number of committed writes not yet applied, above which new ones are refused")
      .at_least(1)
      .source("etcd: v3_server.go, 5000")
      .scales(16);
  s.field("request_timeout", &EtcdParams::request_timeout)
      .live()
      .help("time after which etcd gives up on a write")
      .at_least(0.001)
      .source("etcd: config.go, 5 s + 2 election time-outs");
  s.field("heartbeat", &EtcdParams::heartbeat)
      .live()
      .help("length of a tick of raft")
      .range(0.001, 3600)
      .source("etcd: config.go, 100 ms");
  s.field("election_ticks", &EtcdParams::election_ticks)
      .live()
      .help(
          "ticks without the leader before a follower stands for election, up to twice this number")
      .range(1, 1e5)
      .source("etcd: config.go, 1 s");
  s.field("quota", &EtcdParams::quota)
      .live()
      .help("size of the database file above which the alarm is raised")
      .at_least(1)
      .source("etcd: quota.go, 2 GiB")
      .scales();
  s.field("initial_file", &EtcdParams::initial_file)
      .fixed("it is the state at the start")
      .help("size of the database file at the start")
      .at_least(0)
      .scales();
  s.field("initial_free", &EtcdParams::initial_free)
      .fixed("it is the state at the start")
      .help("share of the file that is free pages at the start")
      .range(0, 1);
  s.field("defragment_per_mib", &EtcdParams::defragment_per_mib)
      .live()
      .help(
          "time to defragment one MiB that is in use in a member's file, which is what is copied; "
          "free pages cost nothing")
      .range(0, 60)
      .source(
          "etcd defragmentation: 1.9 to 2.6 s for 600 MB in use of 950 MB, 15 s for a file of 4.1 "
          "GB; "
          "etcd measured: 6 to 11 ms in a file of 16 MiB")
      .scales_inversely();
}

}  // namespace stampede
