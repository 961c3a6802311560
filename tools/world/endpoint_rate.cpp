#include "tools/world/endpoint_rate.h"

#include <algorithm>

namespace stampede {
namespace {

// Of a request, averaged over the classes by their shares.
struct MeanRequest {
  double prompt = 0;  // tokens not in the cache
  double answer = 0;
};

double mean_of(const LengthParams& length) {
  return std::clamp(length.mean, static_cast<double>(length.minimum),
                    static_cast<double>(length.maximum));
}

MeanRequest mean_request(const std::vector<ClientClassParams>& classes) {
  MeanRequest mean;
  double shares = 0;
  for (const ClientClassParams& c : classes) {
    const double later = c.continue_probability.value;  // of the requests, beyond the first turn
    mean.prompt +=
        c.share.value * ((1 - later) * mean_of(c.first_prompt) + later * mean_of(c.message));
    mean.answer += c.share.value * std::min(mean_of(c.answer), static_cast<double>(c.token_budget));
    shares += c.share.value;
  }
  if (shares <= 0) return mean;
  return {mean.prompt / shares, mean.answer / shares};
}

}  // namespace

double endpoint_rate(const PoolParams& pool, const std::vector<ClientClassParams>& clients) {
  const EngineParams& e = pool.engine;
  const FrontEndParams& f = pool.front_end;
  MeanRequest r = mean_request(clients);
  if (e.role == EngineRole::kPrefill) r.answer = 1;  // the first token; then it hands over

  const double step = e.step_base.seconds();
  const double engine =
      r.prompt * (e.step_per_prompt_token.seconds() + step / e.max_num_batched_tokens) +
      (e.role == EngineRole::kPrefill
           ? 0
           : r.answer * (step / e.max_num_seqs + e.step_per_sequence.seconds()));
  const double cpu = f.cpu_per_request.seconds() + r.answer * f.cpu_per_output_token.seconds();
  const double front = cpu > 0 ? f.cores * f.overload_above.value / cpu : 1e9;
  return std::min(front, engine > 0 ? 1 / engine : 1e9);
}

}  // namespace stampede
