// The scenario that `stampede init` writes.
#pragma once

namespace stampede {

// The text of scenarios/templates/init.yaml; its metadata.name is `my-fleet`.
const char* init_template();

}  // namespace stampede
