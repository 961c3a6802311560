"""`calibrate predict`: memory, settings and refusals of servers that nobody measured."""
import csv
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from played import PROGRAM, ROOT

CALIBRATE = pathlib.Path(PROGRAM).with_name("calibrate")
MODELS = ROOT / "tools/calibration/models"
GPUS = ROOT / "tools/calibration/gpus"
FP8 = {"quant_method": "compressed-tensors", "ignore": ["lm_head"],
       "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}}}
SCENARIO = """
apiVersion: stampede/v1alpha1
kind: Scenario
metadata: {name: one, summary: one}
spec:
  duration: 4min
  demand: {rate: RATE}
  clients:
    - name: chat
      first_prompt: {mean: 1000, cv: 0.2}
      answer: {mean: 200, cv: 0.2}
      continue_probability: 0%
      total_timeout: 600s
      retry: {policy: none}
  serving:
    pools:
      - name: replicas
POOL
  regions:
    - {name: server, nodes: 1, pools: [{replicas: 1}]}
  network: {bgp: {propagation_min: 0s, propagation_max: 0s}, intra_region_one_way: 0s, inter_region_one_way: 0s}
  gateway: {sessions: {hold: 0s}}
  kv_cache: {initial_bytes: 0B, initial_sessions: 0}
"""


def indented(text):
    return "".join("        " + line for line in text.splitlines(keepends=True))


@unittest.skipUnless(CALIBRATE.exists(), "calibrate is not built")
class Predict(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)

    def predict(self, model, *words, gpu="h200", **changes):
        config = json.loads((MODELS / f"{model}.json").read_text(encoding="utf-8"))
        path = self.directory / "config.json"
        path.write_text(json.dumps({**config, **changes}, indent=1), encoding="utf-8")
        return subprocess.run([CALIBRATE, "predict", path, "--gpu", GPUS / f"{gpu}.json", *words],
                              capture_output=True, text=True)

    def value(self, said, name):
        self.assertEqual(said.returncode, 0, said.stderr)
        return float(re.search(rf"\b{name}: ([\d.]+)", said.stdout)[1])

    def refusal(self, said):
        self.assertEqual((said.returncode, said.stdout), (2, ""))
        return said.stderr

    def test_keys_and_values_are_in_the_models_type_unless_the_file_has_a_scheme(self):
        llama, words = "llama-3.1-8b-instruct", ("--context", "1000")
        for quantization, size in (
                (None, 131072), (FP8, 131072), ({"quant_method": "fp8"}, 131072),
                ({**FP8, "kv_cache_scheme": None}, 131072),
                ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, 131072),
                ({**FP8, "kv_cache_scheme": {"num_bits": 8, "type": "float"}}, 65536),
                ({"quant_method": "modelopt", "quant_algo": "FP8", "kv_cache_quant_algo": "FP8"},
                 65536)):
            said = self.predict(llama, *words, quantization_config=quantization)
            self.assertEqual(self.value(said, "token_bytes"), size, quantization)
        scheme = {**FP8, "kv_cache_scheme": {"num_bits": 8, "type": "float"}}
        reading = {}
        for asked, size in (("auto", 65536), ("bf16", 131072), ("fp8", 65536)):
            said = self.predict(llama, "--kv-cache-dtype", asked, quantization_config=scheme)
            self.assertEqual(self.value(said, "token_bytes"), size, asked)
            reading[asked] = self.value(said, "step_per_thousand_context_tokens")
        self.assertAlmostEqual(reading["bf16"] / reading["fp8"], 2, delta=0.001)
        self.assertEqual(reading["auto"], reading["fp8"])
        said = self.predict("gpt-oss-120b", "--precision", "fp4", "--context", "100")
        self.assertEqual(self.value(said, "token_bytes"), 73728)
        said = self.predict("deepseek-r1", "--precision", "fp8", "--gpus", "8")
        self.assertEqual(self.value(said, "token_bytes"), 8 * 70272)
        self.assertIn("kv_cache_quant_algo", self.refusal(self.predict(
            llama, quantization_config={"quant_method": "modelopt", "quant_algo": "FP8",
                                        "kv_cache_quant_algo": "INT8"})))
        self.assertIn("--kv-cache-dtype", self.refusal(self.predict(
            llama, "--kv-cache-dtype", "int8")))

    def test_a_layer_with_a_window_keeps_no_more(self):
        for context, size in ((100, 73728), (128, 73728), (1000, (128 + 1000) * 18 * 2048 / 1000)):
            said = self.predict("gpt-oss-120b", "--precision", "fp4", "--context", str(context))
            self.assertEqual(self.value(said, "token_bytes"), round(size), context)
            comment = "18 of 36 layers keep the last 128 only"
            self.assertEqual(comment in said.stdout, context > 128)

    def test_embeddings_and_what_the_file_names_stay_in_bf16(self):
        llama = "llama-3.1-8b-instruct"
        layers, words = 6979321856, 128256 * 4096
        self.assertEqual(self.value(self.predict(llama), "weights"), 2 * layers + 4 * words)
        for quantization, size in (
                (FP8, layers + 4 * words),
                ({**FP8, "ignore": ["re:.*self_attn.*", "lm_head"]},
                 layers + 4 * words + 32 * 41943040),
                ({**FP8, "ignore": ["model.layers.0.self_attn.q_proj"]},
                 layers + 4 * words + 4096 * 4096),
                ({"quant_method": "awq", "bits": 4, "group_size": 128},
                 layers * (0.5 + 2.5 / 128) + 4 * words),
                ({"quant_method": "modelopt", "quant_algo": "NVFP4",
                  "exclude_modules": ["*self_attn*", "lm_head"]},
                 (layers - 32 * 41943040) * 0.5625 + 2 * 32 * 41943040 + 4 * words)):
            said = self.predict(llama, quantization_config=quantization)
            self.assertEqual(self.value(said, "weights"), size, quantization)
        # As published: 65.2 GB.
        said = self.predict("gpt-oss-120b", quantization_config={
            "quant_method": "mxfp4", "modules_to_not_convert": [
                "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens",
                "lm_head"]})
        self.assertAlmostEqual(self.value(said, "weights") / 65.2e9, 1, delta=0.005)
        self.assertIn("not a regular expression", self.refusal(self.predict(
            llama, quantization_config={**FP8, "ignore": ["re:*("]})))

    def test_what_cannot_be_spread_over_gpus_is_refused(self):
        llama = "llama-3.1-8b-instruct"
        for words, changes, reason in (
                (("--gpus", "3"), {}, "total number of attention heads (32) must be divisible by "
                 "tensor parallel size (3)"),
                (("--gpus", "4"), {"num_attention_heads": 24, "num_key_value_heads": 6,
                                   "head_dim": 128}, "total number of KV heads (6)"),
                (("--gpus", "4", "--expert-parallel", "4"), {}, "the model has no experts"),
                (("--gpus", "8"), {"intermediate_size": 14340}, "intermediate_size (14340)")):
            self.assertIn(reason, self.refusal(self.predict(llama, *words, **changes)))
        # More GPUs than KV heads: each head is held twice.
        one = self.value(self.predict(llama, "--gpus", "4"), "token_bytes")
        said = self.predict(llama, "--gpus", "8", num_key_value_heads=4)
        self.assertEqual(self.value(said, "token_bytes"), one)
        blocks = {"quant_method": "fp8", "weight_block_size": [128, 128]}
        qwen = "qwen3-235b-a22b"
        self.assertIn("moe_intermediate_size (1536) / 8 GPUs is 192, not divisible by "
                      "weight_block_size (128)",
                      self.refusal(self.predict(qwen, "--gpus", "8", quantization_config=blocks)))
        for words in (("--gpus", "4"), ("--gpus", "8", "--expert-parallel", "8"),
                      ("--gpus", "8", "--precision", "bf16")):
            self.assertEqual(self.predict(qwen, *words, quantization_config=blocks).returncode, 0)

    def test_a_context_that_never_fits_is_refused(self):
        llama = "llama-3.1-8b-instruct"
        blocks = int(re.search(r"# (\d+) blocks", self.predict(llama).stdout)[1])
        self.assertEqual(self.predict(llama, "--context", str(16 * blocks)).returncode, 0)
        self.assertIn(f"one sequence needs {blocks + 1} blocks of 16 tokens, there are {blocks}",
                      self.refusal(self.predict(llama, "--context", str(16 * blocks + 1))))

    def test_the_error_covers_the_line_at_few_sequences(self):
        words = ("--precision", "bf16", "--gpus", "4", "--context", "900")

        def step(said, sequences):
            return (self.value(said, "step_base") + sequences * self.value(
                said, "step_per_sequence") + 0.9 * sequences * self.value(
                    said, "step_per_thousand_context_tokens"))

        moe = self.predict("qwen3-235b-a22b", *words, "--batch", "128", gpu="b300")
        own = self.predict("qwen3-235b-a22b", *words, "--batch", "2", gpu="b300")
        self.assertRegex(moe.stdout, r"# With 1 sequence a step takes \d+ % of what the line says, "
                         "which is too slow there: `low` says so")
        for sequences in (1, 2):
            ratio = step(own, sequences) / step(moe, sequences)
            self.assertGreater(ratio, self.value(moe, "low") / 100)
            self.assertLess(ratio, 0.809)  # what it was by the measured points alone
        dense = self.predict("llama-3.1-8b-instruct")
        self.assertNotIn("says so", dense.stdout)
        self.assertEqual(self.value(dense, "low"), 80.9)

    def sheet(self, text, *words):
        path = self.directory / "gpu.json"
        path.write_text(text, encoding="utf-8")
        return subprocess.run([CALIBRATE, "predict", MODELS / "llama-3.1-8b-instruct.json", "--gpu",
                               path, *words], capture_output=True, text=True)

    def test_a_gpu_file_has_its_faults_named_where_they_are(self):
        good = '"memory_bandwidth": 3.35e12,\n "bf16_flops": 989e12'
        self.assertEqual(self.sheet("{" + good + "}").returncode, 0)
        self.assertIn('gpu.json: no "link_bandwidth" [B/s], which --gpus 2 needs',
                      self.refusal(self.sheet("{" + good + "}", "--gpus", "2")))
        for text, words in (
                ("{" + good + ',\n "fp8_flop": 1979e12}',
                 'gpu.json:3:2: "fp8_flop": no such key; did you mean \'fp8_flops\'?'),
                ('{"memory": 80, ' + good + "}", 'gpu.json:1:12: "memory" [B] is 80: from 1e+09 to '
                 "1e+13 is wanted, such as 84.9e9"),
                ('{"memory_bandwidth": 3.35e12,\n "bf16_flops": 1.979e18}',
                 'gpu.json:2:16: "bf16_flops" [1/s] is 1.979e+18: from 1e+12 to 3e+16 is wanted'),
                ('{"memory": "80GB", ' + good + "}", 'gpu.json:1:12: "memory" [B]: a number is '
                 'wanted, such as 84.9e9, not "80GB"'),
                ('{"memory_bandwidth": 3.35e12}', 'gpu.json:1:1: no "bf16_flops" [1/s], such as'),
                ("[]", "gpu.json:1:1: an object is wanted"),
                ("{\n" + good + ",\n}", "gpu.json:4:1: not JSON: "),
                ("[" * 100000, "gpu.json: too many brackets in brackets")):
            self.assertIn(words, self.refusal(self.sheet(text)), text[:80])

    def test_a_config_has_its_faults_named_where_they_are(self):
        llama = "llama-3.1-8b-instruct"
        for changes, words in (
                ({"num_hidden_layers": "32"}, r'config.json:2:\d+: "num_hidden_layers": a whole number '
                 'is wanted, not "32"'),
                ({"num_hidden_layers": None}, r'config.json:1:1: no "num_hidden_layers" \(also called'),
                ({"num_key_value_heads": 64}, r'config.json:\d+:\d+: "num_key_value_heads": 64 of 32'),
                ({"num_hidden_layers": None, "block_configs": [{"ffn": {}}]},
                 r'config.json:\d+:\d+: not covered: layers that differ from each other '
                 r'\("block_configs"\)'),
                ({"num_attention_heads": None, "state_size": 16}, r"not covered: layers without "
                 r'attention \("state_size"\)'),
                ({"num_attention_heads": None, "num_decoder_layers": 24}, "not covered: an encoder "
                 "beside the decoder"),
                ({"is_encoder_decoder": True}, "not covered: an encoder beside the decoder"),
                ({"quantization_config": {"quant_method": "gptq", "bits": 8}},
                 r'config.json:\d+:11: "bits": weights in int8: not one of bf16, fp8, fp4, int4'),
                ({"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {
                    "group_0": {"weights": {"num_bits": 8, "type": "int"}}}}},
                 r'config.json:\d+:\d+: "config_groups": weights in int8'),
                ({"text_config": {"hidden_size": 4096}}, r'config.json:\d+:17: no "num_hidden')):
            self.assertRegex(self.refusal(self.predict(llama, **changes)), words)
        for precision in ("awq", "w8a8", "int8"):
            self.assertIn("bf16,fp8,fp4,int4",
                          self.refusal(self.predict(llama, "--precision", precision)))
        # Asked for what it can predict, it does.
        said = self.predict(llama, "--precision", "fp8",
                            quantization_config={"quant_method": "gptq", "bits": 8})
        self.assertEqual(said.returncode, 0)
        self.assertIn("says int8 of its weights, fp8 is predicted", said.stderr)

    def played(self, pool, rate):
        path, rows = self.directory / "one.yaml", self.directory / "rows.csv"
        path.write_text(SCENARIO.replace("RATE", rate).replace("POOL\n", indented(pool)),
                        encoding="utf-8")
        out = tempfile.mkdtemp(dir=self.directory) + "/out"
        ended = subprocess.run([PROGRAM, "run", path, "--quiet", "--out", out, "--requests", rows],
                               capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        with rows.open(encoding="utf-8") as file:
            answered = [r for r in csv.DictReader(file) if r["outcome"] == "succeeded"]
        return (sum(float(r["ttft_seconds"]) for r in answered) / len(answered),
                sum(int(r["output_tokens"]) for r in answered))

    @unittest.skipUnless(pathlib.Path(PROGRAM).exists(), "stampede is not built")
    def test_what_is_pasted_agrees_with_the_profile_of_the_same_server(self):
        said = self.predict("llama-3.1-8b-instruct", gpu="h100")
        self.assertEqual(said.returncode, 0, said.stderr)
        profile = "profile: llama-3.1-8b-h100-tp1\n"
        # With the step times of the profile nothing is left that differs: the settings are the same.
        ours = re.sub(r"(?m)^  step_.*\n|^  kv_memory.*\n", "", said.stdout)
        # As if settings had not been printed.
        bare = re.sub(r"(?m)^  (max|prefix|async|reserve).*\n|^front_end(.*\n)*", "", said.stdout)
        for rate, near in (("5/s", 0.1), ("20/s", 0.25)):
            shipped = self.played(profile, rate)
            self.assertEqual(self.played(profile + ours, rate), shipped)
            self.assertAlmostEqual(self.played(said.stdout, rate)[0] / shipped[0], 1, delta=near,
                                   msg=rate)
            self.assertLess(self.played(bare, rate)[0] / shipped[0], 0.8)
        pasted, shipped = self.played(said.stdout, "30/s")[1], self.played(profile, "30/s")[1]
        self.assertAlmostEqual(pasted / shipped, 1, delta=0.05)
        self.assertGreater(self.played(bare, "30/s")[1] / shipped, 1.08)
        shown = (ROOT / "scenarios/profiles/llama-3.1-8b-h100-tp1.yaml").read_text(encoding="utf-8")
        for name in ("max_num_seqs", "max_num_batched_tokens", "prefix_caching",
                     "async_scheduling", "cpu_per_request"):
            setting = re.compile(rf"^ *{name}: (\S+)", re.MULTILINE)
            self.assertEqual(setting.search(said.stdout)[1], setting.search(shown)[1], name)
        said = self.predict("llama-3.1-8b-instruct", "--batch", "64",
                            "--max-num-batched-tokens", "8192")
        self.assertEqual(self.value(said, "max_num_seqs"), 64)
        self.assertEqual(self.value(said, "max_num_batched_tokens"), 8192)


if __name__ == "__main__":
    unittest.main()
