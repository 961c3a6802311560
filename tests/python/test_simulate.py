"""Runs inside the Python process, against those of the command line."""
import os
import pathlib
import pickle
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import pandas

import stampede
from stampede import simulate

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("STAMPEDE_BUILD", "build")
FLEET = ROOT / "scenarios" / "templates" / "init.yaml"
SHORT = {"spec.duration": "12min", "spec.demand.rate": "1/s"}
LONG = {"spec.duration": "2000h"}  # minutes of computing: a test ends it


def runnable(thread):
    """Whether a thread runs or could run; one that waits for a lock sleeps."""
    text = pathlib.Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
    return text.rpartition(")")[2].split()[0] == "R"


class Simulate(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)

    def broken_fleet(self):
        path = self.directory / "broken.yaml"
        text = FLEET.read_text().replace("probe_interval: 10s, fall: 3",
                                         "probe_intervall: 10s, fall: -3")
        self.assertIn("intervall", text)
        path.write_text(text)
        return path

    def test_same_objects_as_load(self):
        command = [str(BUILD / "stampede"), "run", str(FLEET), "--quiet", "--seed", "3", "--with",
                   "queue_limit", "--out", str(self.directory)]
        for path, value in SHORT.items():
            command += ["--set", f"{path}={value}"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # 1: an `expect` failed
        there = stampede.load(self.directory)
        here = stampede.run(FLEET, set=SHORT, seed=3, mitigations=["queue_limit"])
        pandas.testing.assert_frame_equal(here.series, there.series)
        pandas.testing.assert_frame_equal(here.incidents, there.incidents)
        pandas.testing.assert_frame_equal(here.wide, there.wide)
        self.assertGreater(len(here.series), 1000)
        self.assertGreater(len(here.incidents), 0)
        self.assertEqual(here.series.attrs, there.series.attrs)
        self.assertEqual(here.summary, there.summary)
        measured = ("wall_clock_seconds", "events_per_second", "peak_memory_bytes", "command")
        for key, value in there.manifest.items():
            if key not in measured:
                self.assertEqual(here.manifest[key], value, key)

    def test_the_command_gives_the_run_again(self):
        run = stampede.run(FLEET, set={**SHORT, "spec.slo.down_below": 0.4}, seed=5,
                           mitigations="queue_limit")
        words = run.manifest["command"].split()
        done = subprocess.run([str(BUILD / "stampede"), *words[1:], "--quiet"], check=False,
                              capture_output=True, text=True)
        self.assertIn(run.manifest["digest"], done.stdout)

    def test_a_mapping_is_a_scenario(self):
        spec = stampede.run(FLEET, set=SHORT).manifest["scenario"]
        again = stampede.run(spec)
        self.assertEqual(again.manifest["digest"], stampede.run(FLEET, set=SHORT).manifest[
            "digest"])
        self.assertNotEqual(stampede.run(spec, seed=2).manifest["digest"],
                            again.manifest["digest"])

    def test_values_of_python(self):
        run = stampede.run(FLEET, set={**SHORT, "spec.timeline": [], "spec.expect": [],
                                       "spec.regions[0].share": 0.5,
                                       "spec.regions[1].share": 0.5})
        self.assertEqual(run.spec["timeline"], [])
        self.assertEqual(run.failed_expectations, [])

    def test_expectations_that_fail_are_told(self):
        run = stampede.run(FLEET, set={**SHORT, "spec.expect": [
            {"that": "downtime", "between": ["5h", "6h"]}]})
        self.assertEqual(len(run.failed_expectations), 1)
        self.assertIn("downtime", run.failed_expectations[0])

    def test_faults_have_places(self):
        with self.assertRaises(stampede.ScenarioError) as caught:
            stampede.run(self.broken_fleet())
        error = caught.exception
        lines = self.broken_fleet().read_text().split("\n")
        self.assertEqual(error.file, str(self.directory / "broken.yaml"))
        self.assertIn("probe_intervall", lines[error.line - 1][error.column - 1:])
        self.assertIn("did you mean 'probe_interval'", error.message)
        self.assertEqual([found.path for found in error.diagnostics],
                         ["spec.balancer.probe_intervall", "spec.balancer.fall"])
        self.assertEqual(lines[error.diagnostics[1].line - 1][
            error.diagnostics[1].column - 1:].split(",")[0], "-3")
        self.assertIn(f"broken.yaml:{error.line}:{error.column}: ", str(error))
        self.assertEqual(pickle.loads(pickle.dumps(error)).diagnostics, error.diagnostics)

    def test_faults_of_changes_and_files(self):
        for options, said in (({"set": {"spec.scal": 1}}, "did you mean 'scale'"),
                              ({"mitigations": ["queue_limits"]}, "queue_limit"),
                              ({"set": {"spec.timeline[0].target.region": "mars"}}, "mars")):
            with self.subTest(said), self.assertRaisesRegex(stampede.ScenarioError, said):
                stampede.run(FLEET, **options)
        with self.assertRaisesRegex(stampede.ScenarioError, "No such file"):
            stampede.run(self.directory / "missing.yaml")

    def test_without_the_module_the_way_to_build_it_is_said(self):
        code = "import stampede; stampede.run('x.yaml')"
        done = subprocess.run(
            ["/usr/bin/python3", "-c", code], capture_output=True, text=True, check=False,
            env={**os.environ, "STAMPEDE_BUILD": str(self.directory)})
        self.assertIn("ninja -C", done.stderr)
        self.assertIn("ImportError", done.stderr)

    def test_ctrl_c_interrupts(self):
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it
        self.addCleanup(signal.signal, signal.SIGINT, before)
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        self.addCleanup(timer.cancel)
        with self.assertRaises(KeyboardInterrupt):
            stampede.run(FLEET, set=LONG)
        self.assertEqual(stampede.run(FLEET, set=SHORT).manifest["seed"], 1)  # nothing is left over

    def test_progress_is_told_and_can_stop(self):
        class Enough(Exception):
            pass
        told = []

        def progress(simulated_seconds):
            told.append(simulated_seconds)
            if len(told) == 3:
                raise Enough
        with self.assertRaises(Enough):
            stampede.run(FLEET, set=LONG, progress=progress)
        self.assertEqual(told, sorted(told))
        self.assertLess(told[-1], 2000 * 3600)

    def test_runs_in_threads_compute_at_the_same_time(self):
        """Both wait for nothing but a core, whatever else the machine does: no timing."""
        stop = threading.Event()
        ended = []

        def progress(_):
            if stop.is_set():
                raise InterruptedError

        def work():
            try:
                stampede.run(FLEET, set=LONG, progress=progress)
            except InterruptedError:
                ended.append(True)
        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        time.sleep(0.5)
        samples = []
        for _ in range(100):
            time.sleep(0.005)
            samples.append([runnable(worker) for worker in workers])
        self.assertTrue(all(worker.is_alive() for worker in workers))
        stop.set()
        for worker in workers:
            worker.join()
        self.assertEqual(ended, [True, True])
        self.assertGreater(sum(all(sample) for sample in samples), 80)

    def test_text_of_values(self):
        for value, text in ((0.05, "0.05"), (True, "true"), (None, "null"), ("1/20", "1/20"),
                            ([1, "a"], '[1, "a"]'), ({"a": 1}, '{"a": 1}')):
            self.assertEqual(simulate.text_of(value), text)


if __name__ == "__main__":
    unittest.main()
