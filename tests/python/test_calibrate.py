"""The program `calibrate` as it is called: exit codes, sizes of no server, files that are full."""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from played import PROGRAM, ROOT

CALIBRATE = pathlib.Path(PROGRAM).with_name("calibrate")
MODEL = ROOT / "tools/calibration/models/llama-3.1-8b-instruct.json"
GPU = ROOT / "tools/calibration/gpus/h100.json"


def steps(printed):
    return [line for line in printed.splitlines() if "kv_memory" not in line]


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
            said = self.predict("--precision", "fp8", "--gpus", "8", config=config,
                                gpu=GPU.with_name("b300.json"))
            if said.returncode:
                self.assertRegex(said.stderr, "not covered|must be divisible by")
                continue
            times = re.findall(r": -?[0-9]+ns$", said.stdout, re.MULTILINE)
            self.assertEqual(len(times), 5, config)
            self.assertNotIn("-", "".join(times), config)

    def memory(self, said):
        self.assertEqual(said.returncode, 0, said.stderr)
        return int(re.search(r"kv_memory: .*# (\d+) blocks", said.stdout)[1])

    def test_blocks_are_those_of_vllm_on_four_servers(self):
        for model, gpus, blocks in (("llama-2-7b-hf", 1, 7462), ("llama-2-70b-hf", 4, 31356),
                                    ("codellama-34b-instruct-hf", 2, 26602),
                                    ("mixtral-8x7b-v0.1", 2, 27510)):
            said = self.predict("--gpus", str(gpus), config=MODEL.with_name(model + ".json"))
            self.assertAlmostEqual(self.memory(said) / blocks, 1, delta=0.005, msg=model)

    def test_weights_that_do_not_fit_are_refused(self):
        large = MODEL.with_name("llama-3.1-70b-instruct.json")
        said = self.predict(config=large)
        self.assertEqual((said.returncode, said.stdout), (2, ""))
        self.assertIn("more --gpus or a smaller --precision is needed", said.stderr)
        self.assertGreater(self.memory(self.predict("--gpus", "4", config=large)),
                           self.memory(self.predict("--gpus", "2", config=large)))
        sheet = json.loads(GPU.read_text(encoding="utf-8"))
        del sheet["memory"]
        path = self.directory / "gpu.json"
        path.write_text(json.dumps(sheet), encoding="utf-8")
        said = self.predict(config=large, gpu=path)  # not known: not judged
        self.assertEqual(said.returncode, 0)
        self.assertNotIn("kv_memory", said.stdout)

    def test_weights_are_in_what_the_file_says(self):
        whole = json.loads(MODEL.read_text(encoding="utf-8"))
        path = self.directory / "config.json"
        asked = {p: self.predict("--precision", p).stdout for p in ("bf16", "fp8", "fp4", "int4")}
        for form, quantization in (
                ("bf16", None), ("bf16", {}), ("fp8", {"quant_method": "fp8"}),
                ("fp8", {"quant_method": "fbgemm_fp8"}),
                ("fp8", {"quant_method": "modelopt", "quant_algo": "FP8"}),
                ("fp4", {"quant_method": "modelopt", "quant_algo": "NVFP4"}),
                ("fp4", {"quant_method": "mxfp4"}),
                ("int4", {"quant_method": "awq", "bits": 4}),
                ("int4", {"quant_method": "gptq", "bits": 4, "group_size": 128}),
                ("int4", {"quant_method": "bitsandbytes", "load_in_4bit": True}),
                ("fp8", {"quant_method": "compressed-tensors", "config_groups":
                         {"group_0": {"weights": {"num_bits": 8, "type": "float"}}}}),
                ("int4", {"quant_method": "compressed-tensors", "config_groups":
                          {"group_0": {"weights": {"num_bits": 4, "type": "int"}}}})):
            path.write_text(json.dumps({**whole, "quantization_config": quantization}),
                            encoding="utf-8")
            said = self.predict(config=path)
            # What scales take differs: test_predict.py.
            self.assertEqual((steps(said.stdout), said.stderr), (steps(asked[form]), ""),
                             quantization)
        said = self.predict("--precision", "bf16", config=path)
        self.assertEqual(said.stdout, asked["bf16"])
        self.assertIn("says int4 of its weights, bf16 is predicted", said.stderr)
        for quantization in ({"quant_method": "gptq", "bits": 8}, {"quant_method": "hqq"},
                             {"quant_method": "bitsandbytes", "load_in_8bit": True}):
            path.write_text(json.dumps({**whole, "quantization_config": quantization}),
                            encoding="utf-8")
            said = self.predict(config=path)
            self.assertEqual((said.returncode, said.stdout), (2, ""), quantization)
            self.assertIn("not one of bf16, fp8, fp4, int4", said.stderr)

    def recording(self, *words, **changes):
        result = {"duration": 4, "start_times": [10, 11, 13], "input_lens": [1, 2, 3],
                  "output_lens": [4, 5, 6], "ttfts": [0.1, 0.1, 0.1], "itls": [[], [], []]}
        path = self.directory / "result.json"
        path.write_text(json.dumps({**result, **changes}), encoding="utf-8")
        return self.call("recording", path, *words)

    def test_a_result_is_read_as_the_scenario_reads_it(self):
        self.assertEqual(self.recording().stdout.splitlines()[3].split(",")[0], "3000000")
        self.assertEqual(self.recording(mean_tpot_ms=float("nan")).returncode, 0)
        late = {"start_times": [10000, 11000, 13000]}
        said = self.recording(**late)
        self.assertEqual((said.returncode, said.stdout), (2, ""))
        self.assertIn("its `duration` is 4 s; if they are in ms say --time-unit ms", said.stderr)
        self.assertEqual(self.recording("--time-unit", "ms", **late).stdout,
                         self.recording().stdout)
        said = self.recording(output_lens=[4, 5])
        self.assertEqual((said.returncode, said.stdout), (2, ""))
        self.assertIn("its lists do not have a value for each request", said.stderr)

    @unittest.skipUnless(pathlib.Path(PROGRAM).exists(), "stampede is not built")
    def test_the_how_to_works_as_it_is_written(self):
        page = (ROOT / "docs/how-to/predict-your-vllm.md").read_text(encoding="utf-8")
        said, name = re.search(r"build/calibrate (recording result\.json) > (\S+)", page).groups()
        begun = re.search(r"\$ stampede (init my-server --template vllm)$", page, re.MULTILINE)[1]
        self.assertIn(f"Write `file: {name}`", page)
        self.assertIn("`loop: true`", page)
        self.recording()
        recording = subprocess.run([CALIBRATE, *said.split()], capture_output=True, text=True,
                                   cwd=self.directory, check=True).stdout
        (self.directory / name).write_text(recording, encoding="utf-8")
        subprocess.run([PROGRAM, *begun.split()], capture_output=True, cwd=self.directory,
                       check=True)
        scenario = self.directory / "my-server.yaml"
        text = re.sub(r"\bfile: .*", f"file: {name}", scenario.read_text(encoding="utf-8"))
        scenario.write_text(re.sub(r"(?m)^ *loop: true.*\n", "", text), encoding="utf-8")
        subprocess.run([PROGRAM, "run", scenario, "--quiet", "--out", self.directory / "out"],
                       capture_output=True, check=True)
        summary = json.loads((self.directory / "out/summary.json").read_text(encoding="utf-8"))
        self.assertEqual(summary["requests"]["offered"], 3)  # once, and nothing else

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
