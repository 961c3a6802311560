// Apart from the other files of this room: it is compiled once for the program of a build tree and
// once for the one that is installed.
#include "tools/cli/python.h"

namespace stampede {

#ifdef STAMPEDE_PYTHON_SOURCES
const char* python_sources() { return STAMPEDE_PYTHON_SOURCES; }
#else
const char* python_sources() { return ""; }
#endif

}  // namespace stampede
