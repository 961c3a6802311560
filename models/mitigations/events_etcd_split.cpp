// Event objects get an etcd of their own.
#include "models/mitigations/overlay.h"

namespace stampede {
namespace events_etcd_split {

const RegisterOverlay<NoOverlayParams> registered{
    {"events_etcd_split", MitigationSlot::kControlPlane,
     "Kubernetes events go to an etcd of their own", "kube-apiserver: --etcd-servers-overrides"},
    [](const NoOverlayParams&) {
      return std::vector<Patch>{{"spec.control_plane.events_etcd", "split"}};
    }};

}  // namespace events_etcd_split
}  // namespace stampede
