"""What `stampede.run` raises."""
from typing import NamedTuple


class Diagnostic(NamedTuple):
    """One fault of a scenario; lines and columns count from 1, line 0 means no place in a file."""
    file: str
    line: int
    column: int
    path: str  # of the value in the tree, such as spec.regions[0].share
    message: str
    source_line: str


class ScenarioError(ValueError):
    """A scenario, a change or a mitigation that cannot be used.

    `diagnostics` holds every fault found; `file`, `line`, `column`, `path` and `message` are those
    of the first. str() shows them all as the command line does.
    """

    def __init__(self, text, diagnostics):
        super().__init__(text)
        self.diagnostics = [Diagnostic(*found) for found in diagnostics]

    def __reduce__(self):  # exceptions travel between processes by what made them
        return type(self), (self.args[0], self.diagnostics)

    def __str__(self):
        return self.args[0].rstrip("\n")

    @property
    def first(self):
        return self.diagnostics[0]

    file = property(lambda self: self.first.file)
    line = property(lambda self: self.first.line)
    column = property(lambda self: self.first.column)
    path = property(lambda self: self.first.path)
    message = property(lambda self: self.first.message)


class BrokenRun(RuntimeError):
    """The simulator contradicted itself or ran out of memory; the text says how to repeat it."""
