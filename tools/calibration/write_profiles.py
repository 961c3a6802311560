"""Writes scenarios/profiles/*.yaml: step times of models on GPUs, each value with its source.

    write_profiles.py FITTED STEP_TIMES.csv DIRECTORY

FITTED is what `calibrate fit` printed; STEP_TIMES.csv has a row a configuration: time of a decode
step with one sequence more or less, `a_ms + b_ms_per_seq_at_ctx_700 x sequences`, from stage means
of measured runs. Reading a context takes 80 % of the memory's bandwidth, or as long as all that a
sequence costs if that is less; the rest is the sequence's own. Prompts cost arithmetic at 60 % of the
data sheet's.
"""
import csv
import re
import sys
from pathlib import Path

# name: parameters, those that a token meets, layers x KV heads x head size
MODELS = {
    "Llama-2-7b-hf": ("llama-2-7b", 6.74e9, 6.74e9, 32 * 32 * 128),
    "Llama-2-70b-hf": ("llama-2-70b", 68.98e9, 68.98e9, 80 * 8 * 128),
    "CodeLlama-34b-Instruct-hf": ("codellama-34b", 33.74e9, 33.74e9, 48 * 8 * 128),
    "Mixtral-8x7B-v0.1": ("mixtral-8x7b", 46.70e9, 12.88e9, 32 * 8 * 128),
    "Mixtral-8x22B-Instruct-v0.1": ("mixtral-8x22b", 140.62e9, 39.15e9, 56 * 8 * 128),
    "Llama-3.1-8B-Instruct": ("llama-3.1-8b", 8.03e9, 8.03e9, 32 * 8 * 128),
    "Llama-3.1-70B-Instruct": ("llama-3.1-70b", 70.55e9, 70.55e9, 80 * 8 * 128),
    "Qwen3-14B": ("qwen3-14b", 14.77e9, 14.77e9, 40 * 8 * 128),
    "Mistral-Nemo-Instruct-2407": ("mistral-nemo-12b", 12.25e9, 12.25e9, 40 * 8 * 128),
    "Yi-34B": ("yi-34b", 34.39e9, 34.39e9, 60 * 8 * 128),
}
# bandwidth [B/s], dense bf16 [1/s], memory that CUDA reports [GiB]
GPUS = {
    "H100": ("h100", 3.35e12, 989e12, 79.1),
    "A100-80GB": ("a100", 2.039e12, 312e12, 79.2),
    "L40S": ("l40s", 0.864e12, 362e12, 44.4),
}
MEASURED_BLOCKS = {
    ("llama-2-7b", "h100", 1): 7462, ("llama-2-70b", "h100", 4): 31356,
    ("mixtral-8x7b", "h100", 2): 27510, ("codellama-34b", "h100", 2): 26602,
    ("llama-3.1-70b", "h100", 4): 30425, ("mistral-nemo-12b", "h100", 1): 19251,
    ("yi-34b", "h100", 2): 20793,
}
ARITHMETIC = 0.6
READING = 0.8
# How far off (10 and 90 % of measured / predicted), by whether recordings were fitted to:
# docs/models/replica.md, "How far off".
ERRORS = {
    True: ("95%", "104%", "recordings predicted without themselves, and what drifts at a constant "
           "batch"),
    False: ("90%", "110%", "stages predicted from the other runs of the same model and GPUs, at "
            "contexts of 700 tokens"),
}
FREE = "decode is bound by memory below about 300 sequences"
FIT = re.compile(r"\S+/(\S+): step_base (\S+) ms, per prompt token (\S+) ms, "
                 r"per 1000 context tokens (\S+) ms, front end (\S+) ms")


def profile(model, gpu, tp, budget, step, sources):
    name, weights, active, kv_heads = MODELS[model]
    gpu_name, bandwidth, flops, gib = GPUS[gpu]
    a, b, c, d, alpha = step
    token_bytes = kv_heads * 2 * 2
    low, high, error = ERRORS[sources[0].startswith("fitted")]
    blocks = MEASURED_BLOCKS.get((name, gpu_name, tp))
    if blocks:
        memory = [f"  kv_blocks: {blocks}  # num_gpu_blocks in the server's log"]
    else:
        memory = [
            "  kv_memory:  # 90 % of what CUDA reports, less bf16 weights and 0.15 or 0.6 GiB "
            "a GPU",
            f"    gpu_memory: {gib}GiB", f"    gpus: {tp}", f"    weights: {2 * weights / 1e9:g}GB",
            f"    overhead: {0.15 if tp == 1 else 0.6}GiB",
            f"    token_bytes: {token_bytes}B  # layers x KV heads x head size x 2 x 2 B"]
    lines = [f"# {model} on {tp} {gpu}, bf16, vLLM 0.15. "
             "Written by tools/calibration/write_profiles.py",
             "engine:", f"  step_base: {a * 1000:.0f}us  # {sources[0]}",
             f"  step_per_sequence: {b * 1e6:.0f}ns  # {sources[4]}",
             f"  step_per_prompt_token: {c * 1e6:.0f}ns  # {sources[1]}",
             f"  step_per_thousand_context_tokens: {d * 1e6:.0f}ns  # {sources[2]}",
             f"  step_error:  # {error}", f"    low: {low}", f"    high: {high}",
             "  max_num_seqs: 128  # as measured, like the next",
             f"  max_num_batched_tokens: {budget}", *memory,
             "  prefix_caching: true  # vLLM's defaults, like the next", "  async_scheduling: true",
             "front_end:", f"  response_latency: {alpha * 1000:.0f}us  # {sources[3]}",
             "  cpu_per_request: 0s  # no CPU limit was met", ""]
    return f"{name}-{gpu_name}-tp{tp}", "\n".join(lines)


def main():
    fitted_text, table, directory = sys.argv[1:]
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    fitted = {m[1]: [float(x) for x in m.groups()[1:]]
              for m in FIT.finditer(Path(fitted_text).read_text())}
    written = set()

    def write(*args):
        name, text = profile(*args)
        if name not in written:
            (directory / f"{name}.yaml").write_text(text)
        written.add(name)

    ours = "fitted to the model's runs at moderate load (calibrate fit)"
    rows = [r for r in csv.DictReader(open(table)) if r["precision"] == "FP16"]
    # Of several rows of a configuration, the one with most points, and without offloading.
    rows.sort(key=lambda r: (r["cpu_offload"] == "True", r["max_num_batched_tokens"] != "2048",
                             -int(r["n_points"])))
    for r in rows:
        model, gpu, tp = r["model"], r["gpu"], int(r["tp"])
        if model not in MODELS or gpu not in GPUS:
            continue
        if model in fitted and gpu == "H100" and (model, tp) in {
                ("Llama-2-7b-hf", 1), ("Llama-2-70b-hf", 4), ("CodeLlama-34b-Instruct-hf", 2),
                ("Mixtral-8x7B-v0.1", 2)}:
            write(model, gpu, tp, 2048, [*fitted[model][:1], 0, *fitted[model][1:]],
                  [ours] * 4 + [FREE])
            continue
        _, _, active, kv_heads = MODELS[model]
        _, bandwidth, flops, _ = GPUS[gpu]
        read = kv_heads * 4 / tp / bandwidth * 1000  # [ms]
        slope = float(r["b_ms_per_seq_at_ctx_700"])
        held = min(slope / 700, read / READING)
        rest = slope - 700 * held
        about = f"{r['n_points']} stage means of measured runs"
        write(model, gpu, tp, int(r["max_num_batched_tokens"]),
              (float(r["a_ms"]), rest, 2 * active / tp / (ARITHMETIC * flops) * 1000, held * 1000,
               7.0 if tp == 1 else 9.0),
              [about, "60 % of the GPU's dense bf16 arithmetic",
               "80 % of the memory's bandwidth" if rest > 0 else about,
               "as fitted for Llama-2 and CodeLlama on H100 with as many GPUs or more",
               about + ", beyond the context's" if rest > 0 else FREE])


if __name__ == "__main__":
    main()
