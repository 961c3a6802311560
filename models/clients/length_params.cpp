#include "models/clients/length_params.h"

namespace stampede {

void LengthParams::describe(Schema<LengthParams>& s) {
  s.field("mean", &LengthParams::mean).live().range(1, 1e6).help("mean length in tokens");
  s.field("cv", &LengthParams::cv)
      .live()
      .range(0, 20)
      .help("standard deviation over mean (lognormal)");
  s.field("minimum", &LengthParams::minimum).live().range(0, 1e7).help("shortest length in tokens");
  s.field("maximum", &LengthParams::maximum).live().range(1, 1e7).help("longest length in tokens");
}

}  // namespace stampede
