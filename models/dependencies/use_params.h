// Parameters of a use: who calls a service, when, and what it does when that fails.
#pragma once
#include <string>
#include <vector>

#include "sim/params.h"

namespace stampede {

enum class UsePer : u8 {
  kRequest,  // each attempt that a gateway lets in
  kLogIn,    // each of these that logs in
  kWork,     // each attempt that a pod has taken up, which holds a place there meanwhile
  kStart,    // the start of a pod, between loading and warming up
  kCall,     // each call of another service, which holds its server meanwhile
  kLease,    // each renewal of a node's lease
  kPolicy    // a gateway's refresh of the policy by which it lets requests in
};

enum class OnFailure : u8 {
  kFail,    // who asked fails too
  kOpen,    // it goes on as if the answer had been yes
  kStale,   // it goes on by an answer that it kept, however old; without one it fails
  kDegrade  // it goes on without the answer, some other way
};

struct AnswerCacheParams {
  u32 size = 0, keys = 10'000;
  Share initial{0};
  Duration ttl = 60_s;
  double popularity = 0.8;
  Duration stale_if_error{}, stale_while_revalidate{};
  double early_refresh = 0;
  static void describe(Schema<AnswerCacheParams>& s);
};

// Left out: everybody.
struct UseForParams {
  std::vector<std::string> classes, pools, regions;
  static void describe(Schema<UseForParams>& s);
};

struct UseParams {
  std::string name, service, by;
  UsePer per = UsePer::kRequest;
  Duration timeout = 1_s, round_trip{}, every = 30_s;
  Bytes question_size{1000}, answer_size{1000};
  UseForParams whom;
  AnswerCacheParams cache;
  OnFailure on_failure = OnFailure::kFail;
  Duration degraded_time{};
  static void describe(Schema<UseParams>& s);
};

}  // namespace stampede
