// The world of one scenario put together: every component built, wired and started. It only wires:
// who judges a run reads what `observed()` shows, operators act through the ports of a Scene.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/ports/admission_port.h"
#include "models/ports/attempts_port.h"
#include "models/ports/scene.h"
#include "sim/world.h"
#include "tools/judgement/observed.h"
#include "tools/world/exports.h"
#include "tools/world/pod_scrapes.h"
#include "tools/world/region_spec.h"
#include "tools/world/scenario.h"

namespace stampede {

class ApiLoad;
class CapacityWatch;
class Changes;
class Failures;
class Demand;
struct DeadlinePolicy;
struct EndpointFilter;
class GlobalBalancer;
class HealthChecks;
struct HedgingPolicy;
struct RegionFilter;
class LiveValues;
class ReplicaChoice;
class Region;
class ReplicaChoices;
class RequestLog;
class ServiceNet;
struct SingleFlight;
class ViewKeeper;
class WorkQueue;

class Fleet final {
 public:
  // `spec` has scale 1 (see scale.h); `log` (or null) hears of every request. Throws ScenarioError
  // for references to nothing.
  explicit Fleet(const Spec& spec, RequestLog* log = nullptr);
  ~Fleet();
  void start();
  // Every few seconds of simulated time: what control loops outside the components need.
  void refresh_views();
  // Once, at the end: requests that are still open are told to the log.
  void finish();
  Observed observed();
  // What its systems would export, counted from now on; before start().
  std::vector<ExportedSeries> exports();
  // What each pod tells now, behind what it has told before. Changes nothing.
  void scrape_pods(u32 sample, std::vector<PodHistory>& histories);

  const Spec spec;
  World world;

 private:
  void build_region(std::size_t r);
  void filter_regions();
  void let_hardware_fail();
  void connect_clients(const Demand& demand);
  void connect_region(std::size_t r);
  void build_controllers();
  void expose_parameters();
  void expose_region(std::size_t r);
  Scene scene() const;
  void register_stats();
  void register_region(std::size_t r);
  void register_pool(std::size_t r, WorkloadId workload);
  void register_checks();
  SystemRecords keep_records(std::size_t r);
  void export_pool(const Exporter& here, std::size_t r, WorkloadId workload,
                   const PoolLatencies& latencies) const;
  std::function<double()> reads(const std::string& component, const std::string& stat) const;
  void verify_tokens() const;

  RequestLog* const log_;        // null: nobody asks
  std::vector<RegionSpec> own_;  // [region] what its components refer to
  AttemptPool attempts_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<ServiceLevel> service_;
  std::unique_ptr<GlobalBalancer> balancer_;
  std::unique_ptr<HealthChecks> health_checks_;  // null: none
  std::unique_ptr<KvCache> kv_;
  std::unique_ptr<SafetyLayer> safety_;
  std::unique_ptr<ServiceNet> services_;
  std::vector<std::unique_ptr<Region>> regions_;
  std::vector<std::unique_ptr<ApiServer>> api_servers_;
  std::vector<std::unique_ptr<ApiLoad>> api_loads_;
  std::vector<std::unique_ptr<Cluster>> clusters_;
  std::vector<std::unique_ptr<WorkQueue>> controllers_;
  std::unique_ptr<Population> clients_;
  std::unique_ptr<LiveValues> live_;
  std::unique_ptr<Changes> changes_;
  std::unique_ptr<Runbook> runbook_;
  std::unique_ptr<Failures> failures_;  // null: hardware does not fail by itself
  // What mitigations put into the slots of the request's way.
  std::vector<std::unique_ptr<ReplicaChoices>> rules_;   // [region]
  std::vector<std::unique_ptr<ReplicaChoice>> choices_;  // [region] x [pool]; null: by the rule
  std::vector<std::vector<std::unique_ptr<EndpointFilter>>> filters_;
  std::vector<std::vector<std::unique_ptr<AdmissionPolicy>>> admission_;  // [region] x [pool]
  std::vector<std::unique_ptr<RegionFilter>> region_filters_;
  std::vector<std::unique_ptr<DeadlinePolicy>> deadlines_;  // [region]; null: none
  std::vector<std::unique_ptr<HedgingPolicy>> hedging_;     // [class]; empty: none
  std::unique_ptr<SingleFlight> single_flight_;             // null: none
  std::vector<std::unique_ptr<CapacityWatch>> watches_;
  std::unique_ptr<ViewKeeper> views_;
  std::vector<std::vector<std::size_t>> known_pods_;  // [region] x [pod] its place in histories
};

}  // namespace stampede
