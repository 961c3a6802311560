#include "tools/calibration/playback.h"

#include <algorithm>
#include <cmath>

#include "models/ports/prompt_text_port.h"
#include "models/serving/engine.h"
#include "sim/random.h"

namespace stampede::calibration {
namespace {

constexpr double kNano = 1e-9;

class Player final : private EngineSink {
 public:
  Player(const std::vector<RecordedRequest>& recording, const PlaybackParams& params,
         bool with_work)
      : recording_(recording),
        params_(params),
        with_work_(with_work),
        profile_(iterations(params.engine, with_work)),
        engine_(profile_),
        tickets_(recording.size()) {
    out_.requests.resize(recording.size());
  }

  Playback run() {
    std::size_t next = 0, oldest = 0;
    for (;;) {
      Instant due = engine_.next_event();
      const Instant arrival = next < recording_.size() ? at(recording_[next].at) : kNever;
      while (oldest < next && (out_.requests[oldest].finished || tickets_[oldest] == 0)) ++oldest;
      const Instant timeout = oldest < next ? at(recording_[oldest].at + params_.timeout) : kNever;
      due = std::min({due, arrival, timeout});
      if (due == kNever) break;
      advance(due);
      if (due == timeout && !out_.requests[oldest].finished) {
        engine_.cancel(due, tickets_[oldest]);
        tickets_[oldest] = 0;
      }
      if (due == arrival) add(static_cast<u32>(next++), due);
    }
    const EngineCounters c = engine_.counters({end_});
    out_.preemptions = c.preemptions;
    out_.prompt_tokens = c.prompt_tokens;
    out_.shared_tokens = c.shared_tokens;
    out_.steps = c.steps;
    if (with_work_) attribute_work();
    return std::move(out_);
  }

 private:
  static EngineParams iterations(EngineParams engine, bool single) {
    if (single) engine.macro_steps = false;
    return engine;
  }
  static Instant at(double seconds) { return {static_cast<i64>(seconds * 1e9)}; }

  void advance(Instant now) {
    for (; static_cast<double>(sampled_) <= static_cast<double>(now.ns) * kNano; ++sampled_) {
      const Instant when{static_cast<i64>(sampled_) * 1'000'000'000};
      if (when.ns < end_) continue;
      step_to(when);
      out_.samples.push_back({static_cast<double>(sampled_), engine_.running(), engine_.waiting(),
                              engine_.kv_blocks_used(when)});
    }
    step_to(now);
  }
  void step_to(Instant now) {
    end_ = std::max(end_, now.ns);
    while (with_work_ && engine_.next_event() <= now) {
      const Instant due = engine_.next_event();
      engine_.advance(due, *this);
      note(due);
    }
    engine_.advance(now, *this);
  }
  // The engine takes single iterations: a step ended at `when`, or an idle time.
  void note(Instant when) {
    const EngineCounters c = engine_.counters(when);
    path_.push_back(
        {static_cast<double>(when.ns) * kNano,
         {static_cast<double>(c.steps), static_cast<double>(c.sequence_steps),
          static_cast<double>(c.prompt_tokens), static_cast<double>(c.attention_pairs) / 2,
          static_cast<double>(c.context_tokens)}});
  }
  // What was done by `when`; of a step in progress, its share.
  Work done_by(double when) const {
    const auto after = std::upper_bound(
        path_.begin(), path_.end(), when,
        [](double t, const std::pair<double, Work>& entry) { return t < entry.first; });
    if (after == path_.begin()) return {};
    const auto& [from, done] = *(after - 1);
    if (after == path_.end()) return done;
    const double share = (when - from) / (after->first - from);
    const Work more = after->second - done;
    return {done.steps + share * more.steps, done.sequences + share * more.sequences,
            done.prompt_tokens + share * more.prompt_tokens, done.pairs + share * more.pairs,
            done.context_tokens + share * more.context_tokens};
  }
  void attribute_work() {
    for (std::size_t i = 1; i < path_.size(); ++i) {
      const Work step = path_[i].second - path_[i - 1].second;
      if (step.steps == 1) out_.steps_done.push_back(step);
    }
    for (std::size_t i = 0; i < recording_.size(); ++i) {
      PlayedRequest& p = out_.requests[i];
      if (!p.finished) continue;
      const double first = recording_[i].at + p.ttft - params_.front_end;
      const Work begun = done_by(first);
      p.until_first = begun - done_by(recording_[i].at);
      p.after_first = done_by(recording_[i].at + p.e2e - params_.front_end) - begun;
    }
  }

  void add(u32 i, Instant now) {
    const RecordedRequest& r = recording_[i];
    std::vector<TextRun> runs;
    if (params_.engine.prefix_caching) {
      const u64 text = params_.distinct_prompts > 0 ? i % params_.distinct_prompts : i;
      const u64 system = params_.system_prompts > 0 ? mix64(text) % params_.system_prompts : 0;
      const u32 blocks = r.prompt / kTextBlockTokens;
      const u32 common = params_.system_prompts > 0
                             ? std::min(params_.system_tokens / kTextBlockTokens, blocks)
                             : 0;
      if (common > 0) runs.push_back({mix64(system), common});
      if (blocks > common) runs.push_back({mix64(text + (u64{1} << 20)), blocks - common});
    }
    if (with_work_ && engine_.idle()) note(now);
    tickets_[i] = engine_.add(now, {i, r.prompt, 0, r.output}, runs);
  }

  void first_token(u32 id, Instant when) override {
    PlayedRequest& p = out_.requests[id];
    p.ttft = static_cast<double>(when.ns) * kNano - recording_[id].at + params_.front_end;
  }
  void finished(u32 id, Instant when) override {
    PlayedRequest& p = out_.requests[id];
    p.e2e = static_cast<double>(when.ns) * kNano - recording_[id].at + params_.front_end;
    p.finished = p.e2e <= params_.timeout;
    if (!p.finished) tickets_[id] = 0;
  }
  void preempted(u32, Instant) override {}

  const std::vector<RecordedRequest>& recording_;
  const PlaybackParams& params_;
  bool with_work_;
  EngineProfile profile_;
  Engine engine_;
  std::vector<u32> tickets_;
  std::vector<std::pair<double, Work>> path_;  // work done by the end of each step [s]
  i64 end_ = 0;
  u64 sampled_ = 0;
  Playback out_;
};

// Uniform from `shortest` of `most` to `most`, at least 1.
u32 length(double most, double shortest, u64 draw) {
  const double low = std::floor(most * shortest);
  const double share = static_cast<double>(mix64(draw) >> 11) * 0x1p-53;
  return static_cast<u32>(std::max(1.0, low + std::floor(share * (most - low + 1))));
}

class Benchmark final : private EngineSink {
 public:
  Benchmark(const PlaybackParams& server, const ClosedLoop& loop)
      : loop_(loop),
        front_end_(std::llround(server.front_end * 1e9)),
        look_(std::llround(loop.look * 1e9)),
        profile_(server.engine),
        engine_(profile_),
        requests_(static_cast<std::size_t>(loop.clients) * static_cast<std::size_t>(loop.each)) {}

  ClosedLoopMeans run() {
    for (int c = 0; c < loop_.clients; ++c) due_.push_back({0});
    std::size_t at = 0;  // in due_
    for (;;) {
      const Instant next = at < due_.size() ? seen(due_[at]) : kNever;
      const Instant now = std::min(engine_.next_event(), next);
      if (now == kNever) break;
      engine_.advance(now, *this);
      if (now != next) continue;
      ++at;
      if (begun_ < requests_.size()) begin(due_[at - 1], now);
    }
    return means();
  }

 private:
  struct Request {
    i64 at = 0, first = 0, end = 0;  // [ns]
    u32 answer = 0;
  };
  // When the engine next looks after `due`.
  Instant seen(Instant due) const {
    return look_ > 0 ? Instant{(due.ns + look_ - 1) / look_ * look_} : due;
  }
  void begin(Instant due, Instant now) {
    const auto id = static_cast<u32>(begun_++);
    Request& r = requests_[id];
    r.at = due.ns;
    r.answer = length(loop_.answer, loop_.shortest, 2 * id + 1);
    engine_.add(now, {id, length(loop_.prompt, loop_.shortest, 2 * id), 0, r.answer});
  }
  void first_token(u32 id, Instant at) override { requests_[id].first = at.ns + front_end_; }
  void finished(u32 id, Instant at) override {
    requests_[id].end = at.ns + front_end_;
    due_.push_back({at.ns + front_end_});
  }
  void preempted(u32, Instant) override {}
  ClosedLoopMeans means() const {
    ClosedLoopMeans m;
    double several = 0;
    for (const Request& r : requests_) {
      m.ttft += static_cast<double>(r.first - r.at);
      if (r.answer < 2) continue;
      m.tpot += static_cast<double>(r.end - r.first) / (r.answer - 1);
      ++several;
    }
    return {m.ttft * 1e-9 / static_cast<double>(requests_.size()),
            m.tpot * 1e-9 / std::max(1.0, several)};
  }

  const ClosedLoop& loop_;
  const i64 front_end_, look_;
  EngineProfile profile_;
  Engine engine_;
  std::vector<Request> requests_;
  std::vector<Instant>
      due_;  // when clients are free, in order of time: the wait is the same for all
  std::size_t begun_ = 0;
};

}  // namespace

Playback play(const std::vector<RecordedRequest>& recording, const PlaybackParams& params,
              bool with_work) {
  return Player(recording, params, with_work).run();
}

ClosedLoopMeans play_closed_loop(const PlaybackParams& server, const ClosedLoop& loop) {
  return Benchmark(server, loop).run();
}

}  // namespace stampede::calibration
