// One class of clients: what they ask, how long they wait, what they do when it fails.
// Source: figures of the accounts and assumptions of the scenario; each default says which.
#pragma once
#include <optional>
#include <string>

#include "models/clients/client_breaker_params.h"
#include "models/clients/length_params.h"
#include "models/clients/retry_params.h"
#include "models/clients/trace_params.h"

namespace stampede {

// The user sends the same thing again by hand: a new request.
struct ResubmitParams {
  Share probability{0};
  i64 maximum = 3;
  Duration delay = 20_s;  // mean; exponential
  static void describe(Schema<ResubmitParams>& s);
};

// Another provider takes what this service failed to answer.
struct FallbackParams {
  Share share{0};                   // of the clients that have one configured
  Rate capacity{1e9};               // what that provider takes from all of them
  Share budget{1};                  // fallbacks that each request allows; 1: no bound
  i64 budget_burst = 10;            // that can be saved up
  Share parse_failures{0};          // answers that this client cannot parse
  Share local_cache{0};             // answered from the client's own cache instead
  bool keeps_conversation = false;  // the next turn here carries what was said there
  static void describe(Schema<FallbackParams>& s);
};

struct ClientClassParams {
  std::string name = "clients";
  std::string model;  // that they ask for; empty: any
  Share share{1};
  LengthParams first_prompt, message, answer;
  Share reasoning_share{0};
  Share loop_probability{0};
  i64 token_budget = 8192;
  i64 max_context = 65536;
  Share continue_probability{0};
  Duration think_time = 2_min;
  Share resumed_share{0};
  LengthParams resumed_context;
  double steps = 0;
  Duration step_gap = 2_s;
  Duration first_token_timeout{};
  Duration between_tokens_timeout{};
  Duration total_timeout{};
  Share cancel_on_timeout{1};
  u32 processes = 0;    // 0: by its rate
  u32 connections = 0;  // of each process; 0: as replica_choice says
  std::string application;
  RetryParams retry;
  ClientBreakerParams breaker;
  ResubmitParams resubmit;
  bool deferrable = false;
  i64 priority = 0;
  FallbackParams fallback;
  std::optional<TraceParams> trace;
  static void describe(Schema<ClientClassParams>& s);
};

}  // namespace stampede
