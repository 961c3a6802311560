"""Cost of a prompt token and of a decoding sequence by Vidur's measured kernels, Llama-2 on H100.

    vidur_slopes.py DIRECTORY

DIRECTORY holds mlp_h100_meta-llama_Llama-2-7b-hf.csv.gz, ..._Llama-2-70b-hf.csv.gz and
all_reduce_h100_dgx.csv.gz: microsoft/vidur, data/profiling, packed. Attention is not in them.
CodeLlama-34B: layers of Llama-2-70B's width, 48 instead of 80, an MLP of 22,016 instead of 28,672.
"""
import sys

import numpy as np
import pandas as pd

MLP = ["mlp_up_proj", "mlp_act", "mlp_down_proj"]
OTHERS = ["input_layernorm", "attn_pre_proj", "attn_rope", "attn_post_proj",
          "post_attention_layernorm", "add", "add"]
# kernels of, GPUs, layers, width, parameters, share of the MLP
MODELS = {
    "Llama-2-7B": ("Llama-2-7b-hf", 1, 32, 4096, 6.74e9, 1),
    "CodeLlama-34B": ("Llama-2-70b-hf", 2, 48, 8192, 33.74e9, 22016 / 28672),
    "Llama-2-70B": ("Llama-2-70b-hf", 4, 80, 8192, 68.98e9, 1),
}
H100 = 989e12  # dense bf16 [1/s]


def all_reduce(directory, gpus, size):
    """Of `size` bytes, on a straight line through the measured medians [ms]."""
    if gpus == 1:
        return 0
    rows = pd.read_csv(f"{directory}/all_reduce_h100_dgx.csv.gz")
    rows = rows[(rows.collective == "all_reduce") & (rows.num_workers == gpus)]
    line = rows.groupby("size")["time_stats.all_reduce.median"].median()
    line = line[line.index <= 64e6]
    return np.polyval(np.polyfit(line.index, line.values, 1), size)


def main():
    directory, = sys.argv[1:]
    for name, (kernels, gpus, layers, width, parameters, share) in MODELS.items():
        rows = pd.read_csv(f"{directory}/mlp_h100_meta-llama_{kernels}.csv.gz")
        rows = rows[rows.num_tensor_parallel_workers == gpus].groupby("num_tokens").mean(
            numeric_only=True)
        tokens = rows.index.values
        step = layers * (sum(rows[f"time_stats.{k}.median"].fillna(0) for k in OTHERS) +
                         share * sum(rows[f"time_stats.{k}.median"] for k in MLP) +
                         2 * all_reduce(directory, gpus, 2 * width * tokens)).values
        long, short = (tokens >= 512) & (tokens <= 2048), tokens <= 128
        slope = np.polyfit(tokens[long], step[long], 1)[0]
        whole = (step[long] @ tokens[long]) / (tokens[long] @ tokens[long])
        peak = 2 * parameters / gpus / H100 * 1000
        print(f"{name}: prompt token {slope * 1000:.1f} us ({peak / slope:.0%} of the peak), "
              f"with nothing besides {whole * 1000:.1f} us ({peak / whole:.0%}); "
              f"sequence {np.polyfit(tokens[short], step[short], 1)[0] * 1000:.1f} us")


if __name__ == "__main__":
    main()
