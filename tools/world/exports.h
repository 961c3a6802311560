// What the systems of a run would export to those who scrape them, under the names and labels that
// they have in the world: vLLM, kube-state-metrics, the API server, etcd, Envoy.
// A series is here only if a mechanism moves it; docs/metrics.md says which others are asked for.
// Sources: vLLM v1/metrics and the production stack's router, kube-state-metrics, Kubernetes
// apiserver/pkg/endpoints/metrics, etcd, go-grpc-prometheus, Envoy's cluster statistics.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/histogram.h"

namespace stampede {

struct ApiRecord;
struct EtcdRecord;
struct PoolLatencies;

// What of systems is exported: nothing, what pools and regions add up to, or single pods too.
enum class Exported : u8 { kNothing, kPools, kPods };

enum class ExportKind : u8 { kGauge, kCounter, kHistogram };

struct ExportedSeries {
  std::string family, help;
  ExportKind kind = ExportKind::kGauge;
  std::string suffix;  // of the family's name: _total, _bucket, _sum, _count
  std::vector<std::pair<std::string, std::string>> labels;
  std::function<double()> read;
  bool once_seen = false;  // only where it has counted something
};

// What a member of etcd tells.
struct EtcdScrape {
  std::function<bool()> runs, has_leader;
  std::function<u64()> sent_failures;  // heartbeats that could not be sent to it
};

// What the components of one region count for it.
struct SystemRecords {
  std::vector<EtcdScrape> members;
  const EtcdRecord* etcd = nullptr;
  const ApiRecord* api = nullptr;
  std::vector<const PoolLatencies*> pools;
};

// Collects series that share labels.
class Exporter {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  Exporter(std::vector<ExportedSeries>& to, Labels labels) : to_(to), labels_(std::move(labels)) {}

  // With one label more.
  Exporter with(const std::string& name, const std::string& value) const;
  void gauge(const std::string& family, const std::string& help,
             std::function<double()> read) const;
  void counter(const std::string& family, const std::string& help, std::function<double()> read,
               bool once_seen = false) const;
  void histogram(const std::string& family, const std::string& help,
                 const Histogram& histogram) const;

 private:
  void add(const std::string& family, const std::string& help, ExportKind kind,
           const std::string& suffix, std::function<double()> read, Labels labels) const;
  std::vector<ExportedSeries>& to_;
  Labels labels_;
};

}  // namespace stampede
