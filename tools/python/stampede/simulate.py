"""Runs a scenario inside this process, by the module stampede._core that the build makes."""
import collections.abc
import importlib
import json
import os
import pathlib
import shlex
import shutil

import numpy
import pandas

from stampede.errors import BrokenRun
from stampede.results import lines_of, run_of

PACKAGE = pathlib.Path(__file__).resolve().parent
ROOT = PACKAGE.parents[2]  # of the sources
# Installed, the package is PREFIX/share/stampede/python/stampede.
PREFIX = PACKAGE.parents[3] if PACKAGE.parts[-4:-1] == ("share", "stampede", "python") else None


def program():
    """The path of the command `stampede`: the one installed with this package or of the build
    tree, else the one on the PATH.

    Raises FileNotFoundError when there is none.
    """
    built = os.environ.get("STAMPEDE_PROGRAM") or (
        PREFIX / "bin/stampede" if PREFIX else
        ROOT / os.environ.get("STAMPEDE_BUILD", "build") / "stampede")
    found = shutil.which(str(built)) or shutil.which("stampede")
    if not found:
        raise FileNotFoundError(f"{built}: no such program; `ninja -C build stampede` builds it")
    return found


def core():
    """The compiled module: of the same prefix, else in the build tree that STAMPEDE_BUILD names.

    Raises ImportError that says how to build it.
    """
    build = os.environ.get("STAMPEDE_BUILD", "build")
    place = PREFIX / "lib" / "stampede" / "python" if PREFIX else ROOT / build / "python" / "stampede"
    package = importlib.import_module("stampede")
    if str(place) not in package.__path__:
        package.__path__.append(str(place))
    try:
        return importlib.import_module("stampede._core")
    except ModuleNotFoundError as error:
        if PREFIX:
            raise ImportError(f"{place} was installed without its compiled module") from error
        raise ImportError(
            f"{place} has no compiled module; build it with `ninja -C {build} stampede_python`, "
            "or name the build directory in the environment variable STAMPEDE_BUILD") from error


def build():
    """Which program runs scenarios here: version, build, commit and compiler, as in a manifest.

    Raises ImportError without the compiled module.
    """
    module = core()
    return {name: getattr(module, name) for name in ("version", "build", "commit", "compiler")}


def text_of(value):
    """A value as --set takes it: text as it stands, all else as JSON, which is YAML."""
    if isinstance(value, str):
        return value
    return json.dumps(value, default=lambda number: number.item())  # numpy's


def command_of(name, changes, mitigations, allow):
    words = ["stampede", "run", name]
    words += [word for path, value, option in changes if option == "--set"
              for word in (option, f"{path}={value}")]
    words += [word for mitigation in mitigations for word in ("--with", mitigation)]
    words += [word for _, value, option in changes if option == "--seed"
              for word in (option, value)]
    words += [word for directory in allow for word in ("--allow-path", directory)]
    return " ".join(map(shlex.quote, words))


def series_of(columns, times, values):
    """The rows of series.csv: by time, then column; absent values are left out."""
    table = values.reshape(len(times), len(columns))
    sample, column = numpy.nonzero(~numpy.isnan(table))
    data = {"time_seconds": times[sample]}
    for position, name in enumerate(("component", "stat")):
        names = [c[position] for c in columns]
        used = sorted({names[c] for c in numpy.unique(column)})
        place = {label: index for index, label in enumerate(used)}
        codes = numpy.array([place.get(label, -1) for label in names], dtype="int64")
        data[name] = pandas.Categorical.from_codes(codes[column], used)
    data["value"] = table[sample, column]
    return pandas.DataFrame(data)


def run(scenario, set=None, seed=None, mitigations=(), progress=None, allow_paths=()):
    """Plays a scenario here and returns the Run that `load` would read from its files.

    scenario     path of a file, or a mapping with the content of one
    set          {"spec.scale": "1/20", ...}: changes as --set takes them; numbers, truth values,
                 lists and mappings are taken too
    seed         instead of the scenario's own
    mitigations  names as --with takes them
    progress     called with the simulated seconds about ten times a second, in the thread of the
                 run; what it raises ends the run and comes out of this function

    allow_paths  directories in which files may lie that the scenario names, beside its own

    Other Python threads go on meanwhile, and Ctrl-C in the main thread raises KeyboardInterrupt.
    Raises ScenarioError with the places of all faults, BrokenRun, ImportError without the compiled
    module. Whether expectations hold stands in `failed_expectations` of the result.
    """
    changes = [(path, text_of(value), "--set") for path, value in (set or {}).items()]
    if seed is not None:
        changes.append(("spec.seed", str(int(seed)), "--seed"))
    allow = [os.fspath(directory) for directory in allow_paths]
    mitigations = [mitigations] if isinstance(mitigations, str) else list(mitigations)
    if isinstance(scenario, collections.abc.Mapping):
        name, text, command = "(mapping)", json.dumps(scenario), "stampede replay manifest.json"
    else:
        name, text = os.fspath(scenario), None
        command = command_of(name, changes, mitigations, allow)
    out = core().run(name, text, changes, mitigations, command, allow, progress)
    if out["error"]:
        raise BrokenRun(f"{out['error']}; to repeat: {command}")
    result = run_of(None, json.loads(out["manifest"]), json.loads(out["summary"]),
                    series_of(out["columns"], out["times"], out["values"]),
                    lines_of(out["incidents"]))
    result.failed_expectations = out["failed_expectations"]
    return result
