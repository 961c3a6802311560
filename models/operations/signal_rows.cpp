#include "models/operations/signal_rows.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/name_words.h"
#include "sim/value_text.h"

namespace stampede {
namespace {

// A unit as powers of byte and second.
struct Powers {
  int bytes, seconds;
  bool operator==(const Powers& o) const { return bytes == o.bytes && seconds == o.seconds; }
};
constexpr std::array<std::pair<const char*, Powers>, 5> kUnits{
    {{"1", {0, 0}}, {"s", {0, 1}}, {"B", {1, 0}}, {"1/s", {0, -1}}, {"B/s", {1, -1}}}};

Powers powers_of(const std::string& unit) {
  for (const auto& [name, powers] : kUnits)
    if (unit == name) return powers;
  return {0, 0};
}

// Empty: no quantity that a bound could be written in.
std::string unit_with(Powers wanted) {
  for (const auto& [name, powers] : kUnits)
    if (powers == wanted) return name;
  return "";
}

const char* in_words(const std::string& unit) {
  return unit == "s"     ? "a duration, such as 30s"
         : unit == "B"   ? "a size, such as 2Gi"
         : unit == "1/s" ? "a rate, such as 900/s"
         : unit == "B/s" ? "a bandwidth, such as 10MB/s"
                         : "a number or a share, such as 90%";
}

class Search {
 public:
  Search(const World& world, const TermParams& term) : world_(world), term_(term) {}

  SignalRows found() {
    if (const std::vector<std::size_t> rows = candidates(); !rows.empty() && single(rows))
      for (const std::size_t row : rows) out_.rows.push_back({row, divisor_of(row)});
    if (out_.wrong.empty()) measure();
    return std::move(out_);
  }

 private:
  const StatInfo& info(std::size_t row) const { return world_.stats.rows()[row]; }

  void fail(std::string key, std::string message, std::string given = "",
            std::vector<std::string> fitting = {}) {
    if (!out_.wrong.empty()) return;
    out_.wrong_key = std::move(key);
    out_.wrong = std::move(message);
    out_.given = std::move(given);
    out_.fitting = std::move(fitting);
  }

  // What people can see under this name; an error if there is nothing.
  std::vector<std::size_t> named(const std::string& key, const std::string& name) {
    std::vector<std::size_t> rows;
    std::vector<std::string> names;
    bool truth = false;
    for (std::size_t i = 0; i < world_.stats.rows().size(); ++i) {
      if (!info(i).truth) names.push_back(info(i).name);
      if (info(i).name != name) continue;
      if (info(i).truth)
        truth = true;
      else
        rows.push_back(i);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (rows.empty() && truth) {
      // What a monitor shows in its place, if its name says so.
      std::vector<std::string> shown = names;
      std::erase_if(shown, [&](const std::string& n) { return !words_more(name, n); });
      fail(key, "'" + name + "' is known to the simulation alone: no monitor shows it",
           shown.empty() ? "" : name, shown);
    }
    if (rows.empty()) fail(key, "no signal is called '" + name + "'", name, std::move(names));
    return rows;
  }

  bool in_component(std::size_t row) const {
    const StatInfo& stat = info(row);
    return stat.component == term_.component ||
           (stat.region &&
            stat.component == world_.region_name(*stat.region) + "/" + term_.component);
  }

  std::vector<std::size_t> candidates() {
    std::vector<std::size_t> rows = named("signal", term_.signal);
    const auto& regions = world_.region_names;
    if (!term_.region.empty() &&
        std::find(regions.begin(), regions.end(), term_.region) == regions.end())
      fail("region", "no region is called '" + term_.region + "'", term_.region, regions);
    if (!out_.wrong.empty()) return {};
    if (!term_.region.empty()) {
      std::erase_if(rows, [&](std::size_t row) {
        return !info(row).region || world_.region_name(*info(row).region) != term_.region;
      });
      if (rows.empty())
        fail("region", "'" + term_.signal + "' is of the whole service: leave `region` out");
    }
    if (!term_.component.empty()) {
      std::vector<std::string> components;
      for (const std::size_t row : rows) components.push_back(info(row).component);
      std::erase_if(rows, [&](std::size_t row) { return !in_component(row); });
      if (rows.empty() && out_.wrong.empty())
        fail("component", "'" + term_.component + "' does not publish '" + term_.signal + "'",
             term_.component, components);
    }
    return rows;
  }

  // At most one of each region: else it is not clear which is meant.
  bool single(const std::vector<std::size_t>& rows) {
    for (const std::size_t a : rows)
      for (const std::size_t b : rows)
        if (a < b && (info(a).region == info(b).region || !info(a).region || !info(b).region)) {
          fail("signal", "'" + term_.signal + "' is published by '" + info(a).component +
                             "' and '" + info(b).component + "': name one with `component`");
          return false;
        }
    return true;
  }

  // Beside the first one: of the same component, else of its region, else of the whole service.
  std::optional<std::size_t> divisor_of(std::size_t row) {
    if (term_.divided_by.empty()) return std::nullopt;
    const std::vector<std::size_t> rows = named("divided_by", term_.divided_by);
    const auto only = [&](auto fits) -> std::optional<std::size_t> {
      const auto first = std::find_if(rows.begin(), rows.end(), fits);
      if (first == rows.end() || std::find_if(first + 1, rows.end(), fits) != rows.end())
        return std::nullopt;
      return *first;
    };
    auto found = only([&](std::size_t r) { return info(r).component == info(row).component; });
    if (!found) found = only([&](std::size_t r) { return info(r).region == info(row).region; });
    if (!found) found = only([&](std::size_t r) { return !info(r).region; });
    if (!found)
      fail("divided_by", "it is not clear which '" + term_.divided_by + "' belongs to '" +
                             term_.signal + "' of " + info(row).component);
    return found;
  }

  void measure() {
    if (out_.rows.empty()) return;
    const StatInfo& first = info(out_.rows.front().row);
    const bool rate = term_.rate_over.ns > 0;
    if (rate && first.kind != StatKind::kCounter)
      return fail("rate_over", "'" + term_.signal + "' is no total, so that it has no increase");
    Powers powers = powers_of(first.unit);
    if (rate) --powers.seconds;
    if (const auto divisor = out_.rows.front().divisor) {
      Powers by = powers_of(info(*divisor).unit);
      if (rate && info(*divisor).kind == StatKind::kCounter) --by.seconds;
      powers.bytes -= by.bytes;
      powers.seconds -= by.seconds;
    }
    out_.unit = unit_with(powers);
    if (out_.unit.empty())
      return fail("divided_by", "'" + term_.signal + "' by '" + term_.divided_by +
                                    "' has no unit that a bound could be written in");
    bound("above", term_.above, out_.above);
    bound("below", term_.below, out_.below);
  }

  void bound(const char* key, const std::string& text, std::optional<double>& value) {
    if (text.empty()) return;
    if (const std::string wrong = parse_bound(text, out_.unit, value.emplace()); !wrong.empty())
      return fail(key, wrong);
    if (is_share() && *value > 1 && text.back() != '%')
      return fail(key, "'" + text + "': '" + term_.signal + "' is a share: write " + text + "%");
    *value *= term_.factor;
  }

  // Of something by its whole, so that a bound beyond 1 is most likely one in per cent.
  bool is_share() const {
    return term_.signal.ends_with("_ratio") && term_.divided_by.empty() &&
           term_.over_regions != OverRegions::kSum;
  }

  const World& world_;
  const TermParams& term_;
  SignalRows out_;
};

}  // namespace

std::string parse_bound(const std::string& text, const std::string& unit, double& value) {
  Duration duration;
  Bytes bytes;
  Rate rate;
  Bandwidth bandwidth;
  Share share;
  std::string wrong;
  if (unit == "s") {
    wrong = parse_duration(text, duration);
    value = duration.seconds();
  } else if (unit == "B") {
    wrong = parse_bytes(text, bytes);
    value = static_cast<double>(bytes.value);
  } else if (unit == "1/s") {
    wrong = parse_rate(text, rate);
    value = rate.per_second;
  } else if (unit == "B/s") {
    wrong = parse_bandwidth(text, bandwidth);
    value = bandwidth.bytes_per_second;
  } else if (wrong = parse_number(text, value); !wrong.empty()) {
    wrong = parse_share(text, share);
    value = share.value;
  }
  return wrong.empty() ? "" : "'" + text + "': " + in_words(unit) + " is wanted here";
}

SignalRows signal_rows(const World& world, const TermParams& term) {
  return Search(world, term).found();
}

}  // namespace stampede
