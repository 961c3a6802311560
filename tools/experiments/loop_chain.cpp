#include "tools/experiments/loop_chain.h"

#include <Eigen/SparseLU>
#include <algorithm>
#include <cmath>

#include "sim/check.h"

namespace stampede {
namespace loop_chain {

using Matrix = Eigen::SparseMatrix<double>;
using Vector = Eigen::VectorXd;
using Entries = std::vector<Eigen::Triplet<double>>;

constexpr double kCollapsed = 1.5;  // patiences of line
constexpr double kFollowed = 1.7;   // patiences up to which a line without a bound is followed
constexpr int kIterations = 60;

// Of attempts of a kind, in a line that is so long.
struct Fate {
  double dropped = 0;        // late for sure before it joins, and told: its work is not done
  double dropped_again = 0;  // of those, has a try left
  double again = 0;          // once joined: late, and has a try left
};

struct Level {
  double busy = 0;  // servers
  double line = 0;  // s until a server is free for whoever comes
  double late = 0;  // share of new requests that are late if they come now
  Fate fresh, returning;
  bool full = false;
  double refused_again = 0;  // of those that come again
};

// The loop in levels: idle servers first, then parts of the line.
class Levels {
 public:
  Levels(const Loop& loop, int refinement) : loop_(loop), parts_(refinement) {
    servers_ = static_cast<std::size_t>(std::llround(loop.servers));
    for (const LoopClients& c : loop.clients) {
      const auto retries = static_cast<double>(c.delays.size());
      double delays = 0;
      for (const double d : c.delays) delays += d;
      weight_.push_back(c.share * retries);
      retries_ += c.share * retries;
      orbit_time_ += c.share * (retries * c.patience + delays);
      delay_ += c.share * delays;
      patience_ = std::max(patience_, c.patience);
    }
    if (retries_ > 0) orbit_time_ /= retries_;
    for (double& w : weight_) w = retries_ > 0 ? w / retries_ : 0;
    const double most = orbit_in_failure();
    orbit_ = retries_ > 0 ? static_cast<std::size_t>(most + 6 * std::sqrt(most) + 10) : 0;
    make_levels();
  }

  std::size_t size() const { return levels_.size(); }
  std::size_t width() const { return orbit_ + 1; }  // numbers of attempts to come again
  const Level& at(std::size_t k) const { return levels_[k]; }
  std::size_t idle() const { return servers_; }  // levels without a line
  int parts() const { return parts_; }
  double rate() const { return loop_.rate; }
  bool alike() const { return loop_.alike; }
  bool bounded() const { return levels_.back().full; }
  double return_rate() const { return orbit_time_ > 0 ? 1 / orbit_time_ : 0; }
  double orbit_in_failure() const { return loop_.rate * retries_ * orbit_time_; }
  double service_rate(std::size_t k) const {
    return k < servers_ ? levels_[k].busy / loop_.service : parts_ * loop_.capacity();
  }
  // The first level of a collapse; size(): none.
  std::size_t collapsed() const {
    const double line = std::min(kCollapsed * patience_, levels_.back().line);
    if (line <= patience_) return size();
    std::size_t k = servers_;
    while (levels_[k].line < line * (1 - 1e-9)) ++k;
    return k;
  }

 private:
  void make_levels() {
    const double part = 1 / (parts_ * loop_.capacity()), patience = patience_ * loop_.capacity();
    const bool ends = loop_.ends();
    const double waiting = ends ? loop_.places : kFollowed * patience;
    const auto lines = static_cast<std::size_t>(std::ceil((waiting + 1) * parts_ - 1e-9));
    for (std::size_t k = 0; k < servers_ + lines; ++k) {
      Level level;
      level.busy = static_cast<double>(std::min(k, servers_));
      level.line = k < servers_ ? 0 : static_cast<double>(k - servers_ + 1) * part;
      level.full = ends && k + 1 == servers_ + lines;
      for (std::size_t c = 0; c < weight_.size(); ++c)
        level.late += loop_.clients[c].share * late(loop_.clients[c], level.line);
      level.fresh = fate(level, [&](std::size_t c) { return loop_.clients[c].share; });
      level.returning = fate(level, [&](std::size_t c) { return weight_[c]; });
      // Who comes again at once is refused again, until no try is left.
      level.refused_again = delay_ > 0 ? retries_ / (1 + retries_) : 0;
      levels_.push_back(level);
    }
  }
  // Whether an attempt is late that comes now.
  double late(const LoopClients& c, double line) const {
    if (line >= c.patience) return 1;
    if (loop_.alike) return line + c.own > c.patience ? 1 : 0;
    return std::exp(-(c.patience - line) / c.own);
  }
  // The same once it has joined, by the line behind it: the next departure is its own as often as
  // any other server's.
  double late_joined(const LoopClients& c, double line) const {
    if (loop_.alike) return late(c, std::max(0.0, line - 1 / loop_.capacity()));
    if (line >= c.patience * (1 - 1e-12)) return 1;
    const double other = line > 0 ? 1 - 1 / loop_.servers : 1;
    return other * std::exp(-(c.patience - line) / c.own);
  }
  // That a late attempt has a try left: of a request all of whose tries find this line.
  static double try_left(double late, double retries) {
    if (late >= 1) return retries / (1 + retries);
    return (1 - std::pow(late, retries)) / (1 - std::pow(late, retries + 1));
  }
  template <class Weight>
  Fate fate(const Level& level, const Weight& weight) const {
    Fate sum;
    double joined = 0;
    const double before = std::max(0.0, level.line - 1 / loop_.capacity());  // found, in the mean
    for (std::size_t k = 0; k < loop_.clients.size(); ++k) {
      const LoopClients& c = loop_.clients[k];
      const auto retries = static_cast<double>(c.delays.size());
      if (level.line >= c.patience) {
        sum.dropped += weight(k) * c.cancelled;
        sum.dropped_again += weight(k) * c.cancelled * try_left(1, retries);
      }
      const double joins = weight(k) * (before >= c.patience ? 1 - c.cancelled : 1);
      joined += joins;
      sum.again += joins * late_joined(c, level.line) * try_left(late(c, before), retries);
    }
    sum.again = joined > 0 ? sum.again / joined : 0;
    sum.dropped_again = sum.dropped > 0 ? sum.dropped_again / sum.dropped : 0;
    return sum;
  }

  const Loop& loop_;
  const int parts_;
  std::size_t servers_ = 1, orbit_ = 0;
  double orbit_time_ = 0, delay_ = 0, retries_ = 0, patience_ = 0;
  std::vector<double> weight_;  // of the classes among those that come again
  std::vector<Level> levels_;
};

// The chain's rates over its first levels, as a matrix M with M t = 1 for the mean time until they
// are left: a state for each level and orbit, and one without duration for each in which a call
// makes the line longer part by part.
class Chain {
 public:
  // The levels from one to before another; what leads beyond leaves the chain.
  Chain(const Levels& levels, std::size_t from, std::size_t to)
      : levels_(levels), from_(from), to_(to), width_(levels.width()) {
    states_ = (to - from) * width_;
    adds_ = !levels.alike() && levels.parts() > 1;
    out_.assign(all(), 0);
  }
  std::size_t states() const { return states_; }
  std::size_t all() const { return adds_ ? 2 * states_ : states_; }
  std::size_t state(std::size_t level, std::size_t orbit) const {
    return (level - from_) * width_ + std::min(orbit, width_ - 1);
  }

  Matrix matrix() {
    for (std::size_t v = from_; v < to_; ++v)
      for (std::size_t o = 0; o < width_; ++o) {
        const Place here{v, o};
        comes(here, levels_.rate(), levels_.at(v).fresh, o);
        if (o > 0)
          comes(here, static_cast<double>(o) * levels_.return_rate(), levels_.at(v).returning,
                o - 1);
        if (v > 0) goes(index(here), {v - 1, o}, levels_.service_rate(v));
        if (adds_ && v + 1 >= levels_.idle()) add_parts(here);
      }
    for (std::size_t k = 0; k < all(); ++k)
      entries_.emplace_back(static_cast<int>(k), static_cast<int>(k), out_[k] > 0 ? out_[k] : 1);
    Matrix m(static_cast<int>(all()), static_cast<int>(all()));
    m.setFromTriplets(entries_.begin(), entries_.end());
    return m;
  }

 private:
  struct Place {
    std::size_t level, orbit;
  };
  std::size_t index(const Place& p) const { return state(p.level, p.orbit); }
  bool inside(const Place& p) const { return p.level >= from_ && p.level < to_; }
  void entry(std::size_t from, std::size_t to, double rate) {
    entries_.emplace_back(static_cast<int>(from), static_cast<int>(to), -rate);
  }
  void goes(std::size_t from, const Place& to, double rate) {
    if (rate <= 0 || (inside(to) && from == index(to))) return;
    out_[from] += rate;
    if (inside(to)) entry(from, index(to), rate);
  }
  void comes(const Place& here, double rate, const Fate& f, std::size_t o) {
    const Level& level = levels_.at(here.level);
    if (level.full) {
      goes(index(here), {here.level, o + 1}, rate * level.refused_again);
      goes(index(here), {here.level, o}, rate * (1 - level.refused_again));
      return;
    }
    goes(index(here), {here.level, o + 1}, rate * f.dropped * f.dropped_again);
    goes(index(here), {here.level, o}, rate * f.dropped * (1 - f.dropped_again));
    joins(here, o, rate * (1 - f.dropped));
  }
  void joins(const Place& here, std::size_t o, double rate) {
    const std::size_t v = here.level;
    if (adds_ && v + 1 >= levels_.idle()) {
      if (rate <= 0) return;
      out_[index(here)] += rate;
      entry(index(here), states_ + state(v, o), rate);
      return;
    }
    const std::size_t parts =
        v + 1 < levels_.idle() ? 1 : static_cast<std::size_t>(levels_.parts());
    ends(index(here), std::min(v + parts, levels_.size() - 1), o, rate);
  }
  // It has joined: is it late?
  void ends(std::size_t from, std::size_t level, std::size_t o, double rate) {
    const double fresh = levels_.rate(), returning = static_cast<double>(o) * levels_.return_rate();
    const Level& l = levels_.at(level);
    const double again =
        (fresh * l.fresh.again + returning * l.returning.again) / (fresh + returning);
    goes(from, {level, o + 1}, rate * again);
    goes(from, {level, o}, rate * (1 - again));
  }
  // A geometric number of parts, which is an exponential time in all.
  void add_parts(const Place& here) {
    const std::size_t from = states_ + index(here), top = levels_.size() - 1;
    const double last = here.level + 1 >= top ? 1 : 1.0 / levels_.parts();
    ends(from, std::min(here.level + 1, top), here.orbit, last);
    const Place next{here.level + 1, here.orbit};
    if (last >= 1) return;
    out_[from] += 1 - last;
    if (inside(next)) entry(from, states_ + index(next), 1 - last);
  }

  const Levels& levels_;
  const std::size_t from_, to_, width_;
  std::size_t states_ = 0;
  bool adds_ = false;
  Entries entries_;
  std::vector<double> out_;
};

Vector solved(const Matrix& m, const Vector& right) {
  Eigen::SparseLU<Matrix> lu(m);
  STAMPEDE_CHECK(lu.info() == Eigen::Success, "a chain without a solution");
  return lu.solve(right);
}

// Mean time until the levels of a chain are left, from one of its states.
double mean_time(Chain& chain, std::size_t level, std::size_t orbit) {
  Vector ones = Vector::Zero(static_cast<int>(chain.all()));
  ones.head(static_cast<int>(chain.states())).setOnes();
  const double time = solved(chain.matrix(), ones)[static_cast<int>(chain.state(level, orbit))];
  return time > 0 && time < kLongestTime ? time : kLongestTime;
}

// Flows into all states in the long run, in units of `one`'s: without its equation. A state where
// it is seldom leaves no digits for the others.
Vector stationary_flows(const Matrix& m, int one) {
  const Matrix transposed = m.transpose();
  Entries kept{{one, one, 1}};
  Vector right = Vector::Zero(m.rows());
  right[one] = 1;
  for (int column = 0; column < transposed.outerSize(); ++column)
    for (Matrix::InnerIterator it(transposed, column); it; ++it)
      if (it.row() != one) kept.emplace_back(static_cast<int>(it.row()), column, it.value());
  Matrix system(m.rows(), m.cols());
  system.setFromTriplets(kept.begin(), kept.end());
  return solved(system, right);
}

// 1 / the smallest rate, other than 0, at which the chain forgets; by inverse iteration. `guess` is
// of its order.
double relaxation_time(const Matrix& m, const Vector& pi, double guess) {
  const double shift = 0.1 / guess;
  const int timed = static_cast<int>(pi.size());
  Matrix shifted = m;
  for (int k = 0; k < timed; ++k) shifted.coeffRef(k, k) += shift;
  Eigen::SparseLU<Matrix> lu(shifted);
  STAMPEDE_CHECK(lu.info() == Eigen::Success, "a chain that cannot be shifted");
  Vector x = Vector::LinSpaced(m.rows(), 0, 1);
  double time = 0;
  for (int k = 0; k < kIterations; ++k) {
    x.tail(m.rows() - timed).setZero();
    x.head(timed).array() -= pi.dot(x.head(timed));
    x /= x.head(timed).norm();
    const Vector y = lu.solve(x);
    const double before = time;
    time = 1 / std::max(1e-300, 1 / y.head(timed).norm() - shift);
    x = y;
    if (std::fabs(time - before) < 1e-6 * time) break;
  }
  return time;
}

// `usual`, `orbit`: a state in which it often is.
ChainAnswer::Stationary stationary_of(const Levels& levels, double guess, std::size_t usual,
                                      std::size_t orbit) {
  Chain chain(levels, 0, levels.size());
  const Matrix m = chain.matrix();
  const auto one = static_cast<int>(chain.state(usual, orbit));
  Vector pi = stationary_flows(m, one).head(static_cast<int>(chain.states())).cwiseMax(0);
  pi /= pi.sum();
  ChainAnswer::Stationary out;
  double tries = 0, good = 0;
  for (std::size_t v = 0; v < levels.size(); ++v)
    for (std::size_t o = 0; o < levels.width(); ++o) {
      const Level& l = levels.at(v);
      const double p = pi[static_cast<int>(chain.state(v, o))];
      const double coming = levels.rate() + static_cast<double>(o) * levels.return_rate();
      const double parts = v < levels.idle() ? 0 : static_cast<double>(v - levels.idle() + 1);
      const double waiting = std::max(0.0, parts / levels.parts() - 1);
      const auto place = static_cast<std::size_t>(waiting);
      if (place >= out.line.size()) out.line.resize(place + 1, 0);
      out.line[place] += p;
      out.calls += p * (l.busy + waiting);
      out.orbit += p * static_cast<double>(o);
      if (l.late > 0.5) out.collapsed += p;
      if (!l.full) good += p * coming * (1 - l.late);
      tries += p * coming;
    }
  out.in_time = good / tries;
  out.relaxation = relaxation_time(m, pi, guess);
  return out;
}

}  // namespace loop_chain

std::size_t chain_states(const Loop& loop, int refinement) {
  const loop_chain::Levels levels(loop, refinement);
  return std::min(levels.collapsed(), levels.size()) * levels.width();
}

std::optional<ChainAnswer> solve_chain(const Loop& loop, const ChainPlan& plan,
                                       const std::function<bool(const ChainAnswer&)>& go_on) {
  using namespace loop_chain;
  const Levels levels(loop, plan.refinement);
  const std::size_t collapsed = levels.collapsed(), whole = levels.size() * levels.width();
  const bool collapses = collapsed < levels.size();
  ChainAnswer answer;
  answer.states = std::min(collapsed, levels.size()) * levels.width();
  if (answer.states > plan.states) return std::nullopt;
  if (collapses) {
    Chain chain(levels, 0, collapsed);
    answer.to_collapse = mean_time(chain, 0, 0);
  }
  const bool grows = !levels.bounded() && loop.rate >= loop.hidden_capacity();
  if (grows || whole > plan.all || !go_on(answer)) return answer;
  const auto orbit = static_cast<std::size_t>(levels.orbit_in_failure());
  if (collapses) {
    Chain chain(levels, levels.idle(), levels.size());
    answer.back = mean_time(chain, collapsed, orbit);
  }
  if (!go_on(answer)) return answer;
  double guess = loop.service + levels.orbit_in_failure() / loop.rate;
  if (collapses) guess = std::min(*answer.to_collapse, *answer.back);
  if (collapses && *answer.back > *answer.to_collapse)
    answer.stationary = stationary_of(levels, guess, collapsed, orbit);
  else
    answer.stationary = stationary_of(levels, guess, 0, 0);
  return answer;
}

}  // namespace stampede
