// The scenarios that `stampede init` writes.
#pragma once

namespace stampede {

// The text of scenarios/templates/init.yaml; its metadata.name is `my-fleet`.
const char* init_template();

// The text of scenarios/templates/vllm.yaml, of the name `my-server`, and of the recording
// my-server.csv that it names.
const char* vllm_template();
const char* vllm_recording();

}  // namespace stampede
