"""Plays scenarios with the built program, for the tests of what it writes."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("STAMPEDE_PROGRAM", str(ROOT / "build" / "stampede"))
REGION = ROOT / "scenarios" / "templates" / "region.yaml"


class Played(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.directory = pathlib.Path(holder.name)

    @classmethod
    def play(cls, name, *words, timeline="[]", sets=()):
        """The directory of a run of the template for one region, quiet but for its timeline."""
        out = cls.directory / name
        command = [PROGRAM, "run", str(REGION), "--quiet", "--out", str(out),
                   "--set", "spec.expect=[]", "--set", f"spec.timeline={timeline}", *words]
        for text in sets:
            command += ["--set", text]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            raise AssertionError(ended.stderr)
        return out
