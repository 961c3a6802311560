#include "models/clients/client_class_params.h"

namespace stampede {

void ResubmitParams::describe(Schema<ResubmitParams>& s) {
  s.field("probability", &ResubmitParams::probability)
      .live()
      .range(0, 1)
      .help("probability that a user asks again by hand after a request has failed for good");
  s.field("maximum", &ResubmitParams::maximum)
      .live()
      .range(0, 100)
      .help("how often a user asks again, at most");
  s.field("delay", &ResubmitParams::delay)
      .live()
      .at_least(0)
      .help("mean time until the user asks again (exponential)");
}

void FallbackParams::describe(Schema<FallbackParams>& s) {
  s.field("share", &FallbackParams::share)
      .live()
      .range(0, 1)
      .help("share of clients that have another provider configured");
  s.field("capacity", &FallbackParams::capacity)
      .live()
      .range(0, 1e9)
      .help("requests per second that the other provider accepts from this class")
      .scales();
  s.field("budget", &FallbackParams::budget)
      .live()
      .range(0, 1)
      .help("most requests that fall back, as a share of the class's requests; 100%: no bound")
      .source("LiteLLM: fallbacks have none");
  s.field("budget_burst", &FallbackParams::budget_burst)
      .live()
      .range(1, 1e9)
      .help("budget: most fallbacks that the class can save up; it begins with these")
      .scales();
  s.field("parse_failures", &FallbackParams::parse_failures)
      .live()
      .range(0, 1)
      .help("share of the other provider's answers that the client's output parser rejects");
  s.field("local_cache", &FallbackParams::local_cache)
      .live()
      .range(0, 1)
      .help("share of failed requests that the client's own response cache can answer");
  s.field("keeps_conversation", &FallbackParams::keeps_conversation)
      .live()
      .help(
          "whether a turn answered elsewhere becomes part of the conversation here, where it is "
          "not cached");
}

void ClientClassParams::describe(Schema<ClientClassParams>& s) {
  using P = ClientClassParams;
  s.field("name", &P::name).required().help("name of the class in results");
  s.field("model", &P::model).help("the model that it asks for, which pools serve; empty: any");
  s.field("share", &P::share).live().range(0, 1).help("share of the service's requests");
  s.field("first_prompt", &P::first_prompt).help("prompt of a new conversation");
  s.field("message", &P::message).help("what a later turn adds to the conversation");
  s.field("answer", &P::answer).help("generated tokens, reasoning included");
  s.field("reasoning_share", &P::reasoning_share)
      .live()
      .range(0, 1)
      .help("share of the generated tokens that is reasoning and is not kept as context");
  s.field("loop_probability", &P::loop_probability)
      .live()
      .range(0, 1)
      .help("share of generations that loop until the token budget is used up");
  s.field("token_budget", &P::token_budget)
      .live()
      .range(1, 1e6)
      .help(
          "most tokens that a request may generate; there is no answer if reasoning alone uses "
          "them up");
  s.field("max_context", &P::max_context).live().range(1, 1e7).help("longest prompt in tokens");
  s.field("continue_probability", &P::continue_probability)
      .live()
      .range(0, 0.999)
      .help("probability that a conversation continues with another turn");
  s.field("think_time", &P::think_time)
      .live()
      .at_least(1)
      .help("mean time between turns; for agents, from one step to the next");
  s.field("resumed_share", &P::resumed_share)
      .live()
      .range(0, 1)
      .help("share of new conversations that resume an idle one with its history");
  s.field("resumed_context", &P::resumed_context).help("history of a resumed conversation");
  s.field("steps", &P::steps)
      .fixed("whether a class is of users or of agents is decided at the start")
      .range(0, 1000)
      .help("mean number of dependent steps in an agent's task; 0: the class is no agent");
  s.field("step_gap", &P::step_gap).live().at_least(0).help("mean time between an agent's steps");
  s.field("first_token_timeout", &P::first_token_timeout)
      .live()
      .at_least(0)
      .help("longest wait for the first token; 0: none");
  s.field("between_tokens_timeout", &P::between_tokens_timeout)
      .live()
      .at_least(0)
      .help("longest gap in a stream; 0: none");
  s.field("total_timeout", &P::total_timeout)
      .live()
      .at_least(0)
      .help("longest time of one attempt; 0: none")
      .source("OpenAI SDK: its default is 600 s, off here");
  s.field("cancel_on_timeout", &P::cancel_on_timeout)
      .live()
      .range(0, 1)
      .help(
          "probability that the server learns that a client has left and stops working for it; "
          "less where something between them keeps the connection")
      .source(
          "vLLM: aborts a request when its client disconnects; nginx: closes the connection to the "
          "server too, proxy_ignore_client_abort is off; Envoy: resets the stream");
  s.field("processes", &P::processes)
      .fixed("who runs where is settled at the start")
      .range(0, 1e7)
      .scales()
      .help(
          "client processes that its requests come from, over all regions, each with a retry "
          "budget "
          "and a breaker of its own; 0: with all other classes that say nothing and have the same "
          "budget and breaker, one for each 10 requests a second")
      .source("Brooker 2022: clients of 10 requests a second each");
  s.field("connections", &P::connections)
      .fixed("who runs where is settled at the start")
      .range(0, 1e5)
      .help(
          "round_robin_connections: long connections of each process, one of which a session's "
          "requests use; 0: a session uses any of replica_choice.connections");
  s.field("application", &P::application)
      .fixed("who runs where is settled at the start")
      .help(
          "the program that asks: classes of the same one share their processes, whose numbers are "
          "added up; empty: none is shared with a class that says its own number");
  s.field("retry", &P::retry).help("automatic retries");
  s.field("breaker", &P::breaker).help("circuit breaker of each client process");
  s.field("resubmit", &P::resubmit).help("repetition by hand");
  s.field("deferrable", &P::deferrable)
      .live()
      .help("failed requests are put back and asked again when the service works");
  s.field("priority", &P::priority)
      .live()
      .range(-8, 7)
      .help(
          "priority in engines with scheduling_policy: priority, lower first; other engines ignore "
          "it")
      .source("vLLM: the request's field `priority`");
  s.field("fallback", &P::fallback).help("what else can answer");
  s.field("trace", &P::trace)
      .help("arrivals and lengths from a recording, instead of share, demand and lengths");
}

}  // namespace stampede
