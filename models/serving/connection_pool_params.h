// Parameters of the pools of connections to the session and authentication store.
#pragma once
#include "sim/params.h"

namespace stampede {

struct ConnectionPoolParams {
  i64 pool_size = 100;
  i64 pools = 2;
  i64 database_limit = 150;
  Duration hold = 10_ms;
  bool hold_during_inference = false;
  Duration wait_timeout = 30_s;
  static void describe(Schema<ConnectionPoolParams>& s);
};

}  // namespace stampede
