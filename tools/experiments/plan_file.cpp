#include "tools/experiments/plan_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "sim/digest.h"
#include "tools/results/output_directory.h"

namespace stampede {
namespace {

using nlohmann::ordered_json;

constexpr const char* kPlanSchema = "stampede.plan/2";

}  // namespace

std::string plan_key(const Sweep& sweep) {
  Digest digest;
  for (const char c : sweep.build() + "\n" + sweep.text())
    digest.add(static_cast<unsigned char>(c));
  return digest.hex();
}

std::optional<Plan> read_plan(const std::string& path, const Sweep& sweep) try {
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  const auto json = ordered_json::parse(read_source(path).text);
  if (json.at("schema") != kPlanSchema || json.at("key") != plan_key(sweep)) return std::nullopt;
  Plan plan;
  plan.repeated = json.at("repeated");
  for (const ordered_json& p : json.at("points")) {
    plan.points.push_back({sweep.point(p.at("at")), p.at("runs"), p.at("excluded")});
  }
  for (const ordered_json& r : json.at("runs"))
    plan.runs.push_back(
        {r.at("id"), r.at("id"), r.at("inputs_id"), plan.runs.size(), r.at("point"), r.at("seed")});
  return plan;
} catch (const ordered_json::exception&) {
  return std::nullopt;
}

std::string plan_text(const Sweep& sweep, const Plan& plan) {
  ordered_json points = ordered_json::array(), runs = ordered_json::array();
  for (const PlannedPoint& p : plan.points)
    points.push_back({{"at", p.coordinates}, {"runs", p.runs}, {"excluded", p.excluded}});
  for (const PlannedRun& r : plan.runs)
    runs.push_back(
        {{"id", r.own_id}, {"inputs_id", r.inputs_id}, {"point", r.point}, {"seed", r.seed}});
  const ordered_json out = {{"schema", kPlanSchema},
                            {"key", plan_key(sweep)},
                            {"repeated", plan.repeated},
                            {"points", std::move(points)},
                            {"runs", std::move(runs)}};
  return out.dump() + "\n";
}

void write_plan(const std::string& path, const Sweep& sweep, const Plan& plan) {
  const std::string directory = path.substr(0, path.rfind('/'));
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST)
    throw FileError(fmt::format("{}: cannot be made: {}", directory, std::strerror(errno)));
  write_file(path, plan_text(sweep, plan), fmt::format("{{\"schema\":\"{}\"", kPlanSchema));
}

}  // namespace stampede
