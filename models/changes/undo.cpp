// Taking an earlier change back, and doing nothing.
#include "models/changes/changes.h"

namespace stampede {
namespace {

struct Undo {
  std::string name;
  static void describe(Schema<Undo>& s) {
    s.field("name", &Undo::name).required().help("which earlier change is taken back");
  }
};

const RegisterAction<Undo> undo{
    "undo",
    "an earlier change is taken back: of the timeline by its `name`, of operators by the "
    "name of their step",
    "", [](const Undo& p, const Act& act) -> Effect {
      act.changes.undo(p.name, act.root);
      return {};
    }};

const RegisterAction<NoParams> page{
    "page", "nothing is changed: an operator answers the page and begins to look", "",
    [](const NoParams&, const Act&) -> Effect { return {.idle = true}; }};

}  // namespace
}  // namespace stampede
