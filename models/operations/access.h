// What a step of operators needs to act, and whether it is there now.
#pragma once
#include <string>
#include <vector>

#include "models/operations/runbook_params.h"
#include "models/operations/vantage.h"
#include "models/ports/scene.h"

namespace stampede {

class Access {
 public:
  // `scene` must outlive this. Throws InvariantError for a region that is not there.
  Access(const AccessParams& params, const Scene& scene, const std::string& location);
  // Something of it is down: shown by what took it down.
  Alarm denied() const;

 private:
  Alarm denied_by(const std::vector<NamedService>& service) const;

  Vantage from_;
  std::vector<RegionId> paths_;
  std::vector<const ControlPlanePort*> api_servers_;
  std::vector<std::vector<NamedService>> services_;  // of each that is needed, where it stands
};

}  // namespace stampede
