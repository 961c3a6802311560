#include "models/serving/connection_pool_params.h"

namespace stampede {

void ConnectionPoolParams::describe(Schema<ConnectionPoolParams>& s) {
  using P = ConnectionPoolParams;
  s.field("pool_size", &P::pool_size)
      .live()
      .range(1, 1e6)
      .help("connections of one pool")
      .source("Websites2Know 2026: pool of 100")
      .scales();
  s.field("pools", &P::pools)
      .fixed("replicas of the gateway are made at the start")
      .range(1, 1e5)
      .help("gateway replicas with a pool of their own");
  s.field("database_limit", &P::database_limit)
      .live()
      .range(1, 1e7)
      .help("connections that the database accepts in total")
      .source("Websites2Know 2026: 150")
      .scales();
  s.field("hold", &P::hold).live().at_least(0).help("how long a log-in holds a connection");
  s.field("hold_during_inference", &P::hold_during_inference)
      .fixed("it is how the gateway is built")
      .help(
          "whether a log-in keeps its connection until the answer has ended, instead of for "
          "`hold`");
  s.field("wait_timeout", &P::wait_timeout)
      .live()
      .at_least(0)
      .help("longest wait for a connection; then the log-in fails")
      .source("HikariCP: connectionTimeout of 30 s");
}

}  // namespace stampede
