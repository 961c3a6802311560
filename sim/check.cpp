#include "sim/check.h"

namespace stampede {

void invariant_failed(const char* what) { throw InvariantError(what); }
void invariant_failed(const std::string& what) { throw InvariantError(what); }

}  // namespace stampede
