"""The program `calibrate` as it is called: exit codes, sizes of no server, files that are full."""
import json
import pathlib
import subprocess
import tempfile
import unittest

from played import PROGRAM, ROOT

CALIBRATE = pathlib.Path(PROGRAM).with_name("calibrate")
MODEL = ROOT / "tools/calibration/models/llama-3.1-8b-instruct.json"
GPU = ROOT / "tools/calibration/gpus/h100.json"


@unittest.skipUnless(CALIBRATE.exists(), "calibrate is not built")
class Calibrate(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)

    def call(self, *words, **options):
        return subprocess.run([CALIBRATE, *words], stderr=subprocess.PIPE, text=True, **(
            {"stdout": subprocess.PIPE} | options))

    def predict(self, *words, config=MODEL, gpu=GPU):
        return self.call("predict", config, "--gpu", gpu, *words)

    def test_every_model_and_gpu_of_the_tree_has_step_times(self):
        for config in sorted(MODEL.parent.glob("*.json")):
            said = self.predict("--precision", "fp8", "--gpus", "8", config=config)
            if said.returncode:
                self.assertIn("not covered", said.stderr)
                continue
            times = [line for line in said.stdout.splitlines() if line.endswith("ns")]
            self.assertEqual(len(times), 5, config)
            self.assertNotIn("-", "".join(times), config)

    def test_wrong_calls_are_2(self):
        for words in ((), ("no-such",), ("predict",), ("predict", MODEL), ("fit",),
                      ("timeline", "x", "--blocks", "0"), ("timeline", "x", "--blocks", "-3"),
                      ("timeline", "x", "--blocks", "10", "--max-num-seqs", "0"),
                      ("accuracy", "x", "--per-sequence", "-1"), ("recording", "x", "--benchmark", "a"),
                      ("fit", self.directory), ("points", "none"), ("recording", "none")):
            said = self.call(*words)
            self.assertEqual((said.returncode, said.stdout), (2, ""), words)
            self.assertTrue(said.stderr, words)
        for option, values in (("--gpus", ("0", "9")), ("--batch", ("1", "2000000000", "-4")),
                               ("--prompt", ("0", "1e300", "nan")), ("--context", ("-1", "inf"))):
            for value in values:
                self.assertEqual(self.predict(option, value).returncode, 2, (option, value))
        self.assertEqual(self.call("--help").returncode, 0)

    def test_sizes_of_no_server_are_2(self):
        whole = json.loads(MODEL.read_text(encoding="utf-8"))
        sheet = json.loads(GPU.read_text(encoding="utf-8"))
        path = self.directory / "sizes.json"
        for change in ({"hidden_size": -4096}, {"num_hidden_layers": 0}, {"vocab_size": 1e30},
                       {"num_key_value_heads": 1000}):
            path.write_text(json.dumps({**whole, **change}), encoding="utf-8")
            said = self.predict(config=path)
            self.assertEqual((said.returncode, said.stdout), (2, ""), change)
            self.assertIn(str(path), said.stderr)
        for change in ({"memory_bandwidth": 3350}, {"memory_bandwidth": -1}, {"bf16_flops": 1e-3}):
            path.write_text(json.dumps({**sheet, **change}), encoding="utf-8")
            said = self.predict(gpu=path)
            self.assertEqual((said.returncode, said.stdout), (2, ""), change)

    def test_a_full_disk_is_74(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            said = self.call("predict", MODEL, "--gpu", GPU, stdout=full)
        self.assertEqual(said.returncode, 74)
        self.assertIn("standard output", said.stderr)

    def test_rows_of_measurements_have_their_line(self):
        index = self.directory / "index.csv"
        names = ("experiment,model,gpu,tp,target_output_len,max_num_seqs,max_num_batched_tokens,"
                 "kv_blocks,sys_prompt_len,n_ok,n\n")
        for text, words in ((names + "a,b\n", ":2: 2 cells, 11 are expected"),
                            (names + "a,b,c,two,1,1,1,1,1,1,1\n", ":2: tp: not a whole number"),
                            ("experiment\na\n", ":2: no column")):
            index.write_text(text, encoding="utf-8")
            said = self.call("fit", self.directory)
            self.assertEqual(said.returncode, 2)
            self.assertIn(f"index.csv{words}", said.stderr)


if __name__ == "__main__":
    unittest.main()
