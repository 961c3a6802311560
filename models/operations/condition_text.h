// A condition in words, for the text of an incident.
#pragma once
#include <string>

#include "models/ports/condition_params.h"

namespace stampede {

// "etcd_file_ratio in eu above 90% for 2min"; combined ones in parentheses.
std::string text_of(const TermParams& params);
std::string text_of(const GroupParams& params);
std::string text_of(const ConditionParams& params);

}  // namespace stampede
