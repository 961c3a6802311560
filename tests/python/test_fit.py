"""`calibrate fit` and `calibrate accuracy` of recordings whose step times are known: simulated ones."""
import csv
import gzip
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from played import PROGRAM, ROOT
from test_predict import CALIBRATE, GPUS, MODELS, SCENARIO, indented

POOL = """engine:
  step_base: 8ms
  step_per_sequence: 0ns
  step_per_prompt_token: 27us
  step_per_thousand_context_tokens: 60us
  max_num_seqs: 128
  max_num_batched_tokens: 2048
  kv_blocks: 27000
  prefix_caching: true
  async_scheduling: true
front_end: {response_latency: 7ms, cpu_per_request: 0s}
"""
KNOWN = {"model": "meta-llama/Llama-3.1-8B-Instruct", "gpu": "H100"}


@unittest.skipUnless(CALIBRATE.exists() and pathlib.Path(PROGRAM).exists(), "not built")
class Fit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.directory = pathlib.Path(holder.name)
        for name, rate, duration in (("e2", "2/s", "5min"), ("e5", "5/s", "5min"),
                                     ("s", "2/s", "40s")):
            cls.record(name, rate, duration)
        shutil.copy(MODELS / "llama-3.1-8b-instruct.json", cls.directory / "config.json")
        shutil.copy(GPUS / "h100.json", cls.directory / "gpu.json")

    @classmethod
    def record(cls, name, rate, duration):
        path, rows = cls.directory / "one.yaml", cls.directory / "rows.csv"
        text = SCENARIO.replace("RATE", rate).replace("POOL\n", indented(POOL))
        path.write_text(text.replace("duration: 4min", f"duration: {duration}"), encoding="utf-8")
        subprocess.run([PROGRAM, "run", path, "--quiet", "--out", cls.directory / f"out-{name}",
                        "--requests", rows], check=True, capture_output=True)
        with rows.open(encoding="utf-8") as file, gzip.open(
                cls.directory / f"{name}.csv.gz", "wt", encoding="utf-8") as out:
            out.write("arrival_us,input_tokens,output_tokens,error,ttft_us,e2e_us\n")
            for r in csv.DictReader(file):
                if r["outcome"] == "succeeded":
                    times = [round(1e6 * float(r[key])) for key in
                             ("arrival_seconds", "ttft_seconds", "e2e_seconds")]
                    out.write(f"{times[0]},{r['prompt_tokens']},{r['output_tokens']},0,"
                              f"{times[1]},{times[2]}\n")

    def call(self, command, runs, differing=None, **columns):
        """`differing`: values of columns of a run by its name."""
        columns = {"tp": 1, "max_num_seqs": 128, "max_num_batched_tokens": 2048,
                   "kv_blocks": 27000, "sys_prompt_len": 0, "target_output_len": 0, "n": 1,
                   "n_ok": 1, **KNOWN, **columns}
        lines = ["experiment," + ",".join(columns)]
        lines += [f"{run}," + ",".join(map(str, {**columns, **(differing or {}).get(
            run, {})}.values())) for run in runs]
        (self.directory / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return subprocess.run([CALIBRATE, command, self.directory], capture_output=True, text=True)

    def coefficients(self, said):
        self.assertEqual(said.returncode, 0, said.stderr)
        found = re.search(r"step_base (\S+) ms, per prompt token (\S+) ms, per 1000 context tokens "
                          r"(\S+) ms, front end (\S+) ms", said.stdout)
        return [float(x) for x in found.groups()]

    def test_all_prompts_differ_unless_the_index_says_otherwise(self):
        fitted = self.coefficients(self.call("fit", ["e2", "e5"]))
        for value, true in zip(fitted, (8, 0.027, 0.06, 7)):
            self.assertAlmostEqual(value / true, 1, delta=0.2)
        self.assertAlmostEqual(fitted[0], 8, delta=0.2)
        self.assertEqual(self.coefficients(self.call("fit", ["e2", "e5"], distinct_prompts="")),
                         fitted)
        # With prompts that are found in the cache these first tokens have no explanation.
        repeated = self.call("fit", ["e2", "e5"], distinct_prompts=100)
        self.assertNotEqual(repeated.stdout, self.call("fit", ["e2", "e5"]).stdout)

    def test_each_recording_is_played_on_its_own_server(self):
        # The last row's settings are not those of all: one sequence at a time would be a long line.
        fitted = self.coefficients(self.call("fit", ["e2", "e5"]))
        said = self.call("fit", ["e2", "e5", "s"], {"s": {"max_num_seqs": 1, "n_ok": 0}})
        self.assertEqual(self.coefficients(said), fitted)  # overloaded: not fitted to
        said = self.call("fit", ["e2", "e5"], {"e5": {"max_num_seqs": 127, "kv_blocks": 26000}})
        self.assertEqual(self.coefficients(said), fitted)
        # Another GPU is another server, with coefficients of its own.
        said = self.call("fit", ["e2", "e5"], {"e5": {"gpu": "A100-80GB"}})
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertRegex(said.stdout, r"Instruct on 1 H100: step_base 8\.")
        self.assertIn("Instruct on 1 A100-80GB: step_base", said.stdout)

    def test_a_model_and_a_gpu_of_ones_own_are_files(self):
        known = self.coefficients(self.call("fit", ["e2", "e5"]))
        own = self.coefficients(self.call("fit", ["e2", "e5"], model="config.json", gpu="gpu.json"))
        for one, other in zip(known, own):
            self.assertAlmostEqual(one / other, 1, delta=0.05)
        said = self.call("fit", ["e2", "e5"], model="none.json")
        self.assertEqual(said.returncode, 2)
        self.assertIn("none.json: cannot be opened", said.stderr)
        for column, name in (("model", "meta-llama/Llama-9"), ("gpu", "TPU")):
            said = self.call("fit", ["e2"], **{column: name})
            self.assertEqual(said.returncode, 2)
            self.assertIn(f'index.csv:2: {column}: "{name}" is neither a .json file nor one of',
                          said.stderr)

    def test_a_run_that_cannot_be_predicted_is_named_and_the_others_go_on(self):
        said = self.call("accuracy", ["e2", "s"])  # nothing of the short one is after a minute
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        self.assertRegex(said.stdout, r"(?m)^e2 +not predicted: meta-llama/Llama-3.1-8B-Instruct: no "
                         "answered request after the first minute")
        self.assertRegex(said.stdout, r"(?m)^s +\d+ \+0\.0")
        self.assertIn("1 moderate runs, absolute error", said.stdout)
        self.assertIn("1 of 2 runs are not predicted", said.stdout)
        said = self.call("accuracy", ["e2"])
        self.assertEqual(said.returncode, 2)
        self.assertIn("no run could be predicted", said.stderr)
        said = self.call("fit", ["s"])
        self.assertEqual((said.returncode, said.stdout), (2, ""))

    def test_models_and_gpus_that_are_known_are_in_the_docs(self):
        page = (ROOT / "docs/how-to/predict-your-vllm.md").read_text(encoding="utf-8")
        for column in ("model", "gpu"):
            said = self.call("fit", ["e2"], **{column: "none"}).stderr
            for name in said.strip().split("nor one of ")[1].split(", "):
                self.assertIn(f"`{name}`", page)


if __name__ == "__main__":
    unittest.main()
