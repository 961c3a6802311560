#!/usr/bin/python3
"""Makes the pictures of README.md, the guide and the page of pictures anew, in docs/plots.

docs/pictures.py [NAME...] [--scale 1/20] [--out docs/plots]

Needs the program and its Python module: `ninja -C build stampede stampede_python`, or another build
tree in STAMPEDE_BUILD. All of them take a few minutes; NAMEs make only those. The pictures of the
outage are those that tools/quickstart draws, of the same run.
"""
import argparse
import contextlib
import io
import json
import pathlib
import re
import runpy
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools/python"))

import stampede
from PIL import Image
from stampede import plots
from stampede.plots.style import styled_context

OUTAGE = ROOT / "scenarios/01-deepseek-2026-03-29.yaml"
TUTORIAL = ROOT / "docs/tutorial.md"
FLEET = ROOT / "scenarios/templates/init.yaml"
CANDIDATES = ("bgp_commit_confirmed", "kv_epoch_fencing", "kv_lazy_invalidation")
WIDEST = 1300  # pixels


def run_program(*words, directory=None):
    done = subprocess.run([stampede.program(), *map(str, words)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=False, cwd=directory)
    if done.returncode not in (0, 1):  # 1: an expectation of the scenario does not hold
        raise RuntimeError(f"stampede {' '.join(map(str, words))}: {done.stderr}")


class Material:
    """The runs, sweeps and comparisons that pictures are of, each made when first wanted."""

    def __init__(self, directory, scale):
        self.directory, self.scale, self.made = pathlib.Path(directory), scale, {}

    def get(self, name):
        if name not in self.made:
            print(f"{name}...", file=sys.stderr)
            self.made[name] = getattr(self, name)()
        return self.made[name]

    def outage(self):
        out = self.directory / "outage"
        run_program("run", OUTAGE, "--set", f"spec.scale={self.scale}", "--out", out)
        return stampede.load(out)

    def fleet(self):
        out, rows = self.directory / "fleet", self.directory / "requests.csv"
        run_program("run", FLEET, "--out", out, "--requests", rows)
        return stampede.load(out), stampede.requests(rows)

    def comparison(self):
        out = self.directory / "compare"
        run_program("compare", OUTAGE, "--set", f"spec.scale={self.scale}", "--replications", 4,
                    *(word for name in CANDIDATES for word in ("--with", name)), "--out", out)
        return stampede.comparison(out)

    def tipping_map(self):
        """Of docs/tipping-point.md: two delays of the people of a small fleet."""
        text = FLEET.read_text(encoding="utf-8").replace("delay: 2min30s", "delay: 9min")
        fleet = self.directory / "fleet.yaml"
        fleet.write_text(re.sub(r"do: push_routing_policy.*",
                                "do: push_routing_policy, policy: {export: none}}", text),
                         encoding="utf-8")
        step = "spec.operations.steps"
        done = subprocess.run(
            [stampede.program(), "tipping-point", fleet, "--param", f"{step}.restore.delay",
             "--between", "0s,12min", "--param", f"{step}.paged.delay", "--between", "0s,4min",
             "--points", "5", "--within", "10%", "--outage-after", "6min", "--budget", "1h",
             "--format", "json", "--quiet"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def tutorial(self):
        """The directory in which the commands of the tutorial were played, as far as they run."""
        directory = self.directory / "tutorial"
        directory.mkdir()
        for line in re.findall(r"^\$ (.*)$", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE):
            program, *words = shlex.split(line)
            if program == "sed":
                subprocess.run([program, *words], cwd=directory, check=True)
            elif words[0] in ("init", "run", "compare") and "--dry-run" not in words:
                run_program(*words, directory=directory)
        return directory

    def tipping_points(self):
        """What the notebook of that name makes."""
        with contextlib.redirect_stdout(io.StringIO()):
            return runpy.run_path(str(ROOT / "notebooks/03-tipping-points.py"))


PICTURES = {
    "overview": lambda made: plots.overview(made.get("outage")),
    "timeline": lambda made: plots.timeline(made.get("outage")),
    "causes": lambda made: plots.causes(made.get("outage")),
    "budget": lambda made: plots.budget(made.get("outage")),
    "latency": lambda made: plots.latency(*made.get("fleet")),
    "compare": lambda made: plots.policies(made.get("comparison")),
    "tipping_map": lambda made: plots.answer(made.get("tipping_map")),
    "compare_timelines": lambda made: plots.multiples(made.get("comparison")),
    "tutorial_mistake": lambda made: plots.overview(
        stampede.load(made.get("tutorial") / "out/mistake")),
    "tutorial_compare": lambda made: plots.policies(
        stampede.comparison(made.get("tutorial") / "out/compare")),
    "hysteresis": lambda made: plots.hysteresis(made.get("tipping_points")["loop"]),
    "tipping": lambda made: plots.tipping(made.get("tipping_points")["spikes"]),
    "phase_map": lambda made: plots.phase_map(made.get("tipping_points")["both"],
                                              x="spec.demand.rate"),
}


def save_small(picture, path):
    """As PNG with a palette: a third of the bytes, and it looks the same."""
    file = io.BytesIO()
    with styled_context():
        picture.savefig(file, format="png", metadata={"Software": None},
                        dpi=min(130, WIDEST / picture.get_figwidth()))
    with Image.open(file) as image:
        image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE,
                                      dither=Image.Dither.NONE).save(path, optimize=True)


def parser():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("names", metavar="NAME", nargs="*", help=", ".join(PICTURES))
    options.add_argument("--scale", default="1/20", help="of the outage; 1/20")
    options.add_argument("--out", metavar="DIR", type=pathlib.Path, default=ROOT / "docs/plots")
    return options


def main(arguments):
    options = parser().parse_args(arguments)
    unknown = [name for name in options.names if name not in PICTURES]
    if unknown:
        parser().error(f"no picture is named {unknown[0]}; there are {', '.join(PICTURES)}")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stampede-") as directory:
        material = Material(directory, options.scale)
        for name in options.names or PICTURES:
            picture = PICTURES[name](material)
            path = options.out / f"{name}.png"
            save_small(picture, path)
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
