#include "models/dependencies/use_params.h"

#include "sim/registry.h"

namespace stampede {

void AnswerCacheParams::describe(Schema<AnswerCacheParams>& s) {
  using P = AnswerCacheParams;
  s.name("answer_cache");
  s.field("size", &P::size).live().range(0, 1e7).scales().help("answers kept at most; 0: no cache");
  s.field("keys", &P::keys)
      .fixed("how often each is asked about is settled at the start")
      .range(1, 1e6)
      .scales()
      .help("different things that are asked about");
  s.field("initial", &P::initial)
      .fixed("it is what the run begins with")
      .range(0, 1)
      .help(
          "share of these whose answers are kept at the start, each until some time within `ttl`");
  s.field("ttl", &P::ttl).live().range(0, 1e7).help("time for which an answer is good");
  s.field("popularity", &P::popularity)
      .fixed("how often each is asked about is settled at the start")
      .range(0, 4)
      .help("exponent of Zipf's law: how much more often some keys are asked about than others")
      .source("Breslau 1999: 0.64 to 0.83 for Web caches");
  s.field("stale_if_error", &P::stale_if_error)
      .live()
      .range(0, 1e7)
      .help("for how long after its end an answer is still used when there is no other")
      .source("RFC 5861");
  s.field("stale_while_revalidate", &P::stale_while_revalidate)
      .live()
      .range(0, 1e7)
      .help("for how long after its end an answer is used at once while another is asked for")
      .source("RFC 5861");
  s.field("early_refresh", &P::early_refresh)
      .live()
      .range(0, 1000)
      .help(
          "beta of the probabilistic early refresh: an answer is asked for anew before its end, "
          "when the time left is less than beta times the time that the last call took times "
          "-ln U(0, 1); 0: never")
      .source("Vattani 2015: beta of 1 is the optimum");
}

void UseForParams::describe(Schema<UseForParams>& s) {
  using P = UseForParams;
  s.field("classes", &P::classes)
      .fixed("who calls whom is built at the start")
      .help("classes of clients whose attempts need it; left out: all");
  s.field("pools", &P::pools)
      .fixed("who calls whom is built at the start")
      .help("pools whose pods need it (`per: work`, `per: start`); left out: all");
  s.field("regions", &P::regions)
      .fixed("who calls whom is built at the start")
      .help("regions whose gateways, pods or nodes need it; left out: all");
}

void UseParams::describe(Schema<UseParams>& s) {
  using P = UseParams;
  s.name("service_use");
  s.field("name", &P::name).required().help("of the use, in statistics and paths");
  s.field("service", &P::service)
      .required()
      .fixed("who calls whom is built at the start")
      .help("name of the service that is called");
  s.field("per", &P::per)
      .fixed("who calls whom is built at the start")
      .help(
          "when it is called: for each attempt, each log-in, each attempt that a pod works on and "
          "that "
          "holds a place there meanwhile, each start of a pod, each call of the "
          "service `by`, each renewal of a node's lease, or each refresh of a gateway's policy");
  s.field("by", &P::by)
      .fixed("who calls whom is built at the start")
      .help("name of the service that calls it (`per: call`)");
  s.field("every", &P::every)
      .live()
      .range(0.1, 86400)
      .scales_inversely()
      .help(
          "time between two refreshes of a gateway's policy (`per: policy`); a region has one "
          "gateway at any scale, so that it asks less often of a smaller service");
  s.field("timeout", &P::timeout)
      .live()
      .range(0.001, 86400)
      .help("of each try; the service works on, whoever has left");
  s.field("round_trip", &P::round_trip)
      .live()
      .range(0, 60)
      .help("time on the way to and from it, beside that between two regions");
  s.field("question_size", &P::question_size)
      .live()
      .range(1, 1e9)
      .help("size of a call on a way whose capacity or loss matters");
  s.field("answer_size", &P::answer_size).live().range(1, 1e9).help("that of an answer");
  s.field("for", &P::whom).help("who needs it; everybody by default");
  s.field("cache", &P::cache).help("answers that the caller keeps");
  s.field("on_failure", &P::on_failure)
      .live()
      .help("what becomes of who asked when the last try has failed");
  s.field("degraded_time", &P::degraded_time)
      .live()
      .range(0, 3600)
      .help("how long the other way takes (`degrade`)");
}

namespace {
const Register<UseParams> registered_use{
    "model", "service_use", "who calls a service, when, and what it does when that fails",
    "RFC 5861; AWS jitter"};
}  // namespace

}  // namespace stampede
