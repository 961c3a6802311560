#include "models/controllers/work_queue_params.h"

namespace stampede {

void WorkQueueParams::describe(Schema<WorkQueueParams>& s) {
  using P = WorkQueueParams;
  s.field("name", &P::name).required().help("what actions call it");
  s.field("region", &P::region)
      .help("its items are the nodes of this region; left out: those of all, or `items`");
  s.field("items", &P::items)
      .range(0, 1e7)
      .scales()
      .help("so many items that are nothing else in the fleet; 0: they are nodes");
  s.field("rate", &P::rate)
      .live()
      .range(1e-3, 1e9)
      .scales()
      .help("items that it does a second, one after the other, in order");
  s.field("renew", &P::renew)
      .live()
      .range(0.1, 864000)
      .help("an item is due again so long after it was done");
  s.field("lease", &P::lease)
      .live()
      .range(0.1, 864000)
      .help("an item that was not done again within this has expired");
  s.field("deadline", &P::deadline)
      .live()
      .range(0.01, 864000)
      .help(
          "what is done later than this after it came to the queue counts for nothing, and is put "
          "back; the controller finds out when it has done it")
      .source("AWS 2025-10-20: leases could not be established before their work timed out");
  s.field("lost_costs", &P::lost_costs)
      .live()
      .range(1, 1000)
      .help("how many times as long an item takes whose lease has expired");
  s.field("piles_up", &P::piles_up)
      .live()
      .help(
          "changes of an item pile up while it waits: done later than it was due, it takes as many "
          "times as long")
      .source("AWS 2025-10-20: a backlog of network changes had to be propagated");
  s.field("service", &P::service)
      .fixed("who calls whom is built at the start")
      .help(
          "service that it asks for each item before it works on it; without an answer the item is "
          "put back; left out: none");
  s.field("service_timeout", &P::service_timeout)
      .fixed("the use is built at the start")
      .range(0.001, 86400)
      .help("of what it asks that service");
  s.field("on_expired", &P::on_expired)
      .fixed("what is cordoned stays so until its lease is there again")
      .help(
          "nothing; cordon: the node takes no new pods until its lease is there again; isolate: "
          "those that start there are reached by nobody until then; cut_off: nor are those that "
          "run, "
          "as with a certificate that nobody accepts any more");
  s.field("after", &P::after)
      .fixed("who follows whom is built at the start")
      .help(
          "controller with the same items: an item waits, unqueued, while its lease there has "
          "expired; left out: none")
      .source("AWS 2025-10-20: network state was propagated to hosts once they had leases");
}

}  // namespace stampede
