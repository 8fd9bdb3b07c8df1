"""Measures mlx-lm on one machine: what the engine's figures are compared with.

    LD_PRELOAD=./blas_preload.so python baseline.py MODEL_DIR [--prompt 128] [--generate 64] [--threads 2]

Prints one line of JSON:
  {"prefillTokensPerSecond", "decodeTokensPerSecond", "threads", "blas", ...}

On Linux the caller preloads OpenBLAS 0.3.34 (PyPI scipy-openblas32, through
blas_preload.c beside this file; the same library that the engine binds). MLX's
wheel carries netlib's reference BLAS, more than ten times slower in prefill: a
comparison without the preload would measure that, and flatter the engine.
`blas` says what was really bound, found by looking which library answers for
cblas_sgemm, and `matmulGflops` proves it. On macOS nothing is preloaded: the
wheel uses Accelerate, and Metal by default.

How it is measured: ids are random (seeded) text of no meaning, greedy, the end
token ignored; weights in f32 on the CPU (bf16 and f16 are slower there), as
they are elsewhere. One warm-up of the same shape first. Prefill is from the
call to the first id, in mlx-lm's own loop; decode is from the first id to the
last one. Median of --repeat runs.
"""

import argparse
import ctypes
import json
import os
import random
import statistics
import time


def main():
    options = parse()
    # Before OpenBLAS sees its first matrix.
    if options.threads:
        set_threads(options.threads)
    import mlx.core as mx
    from mlx_lm import load

    model, tokenizer = load(options.model)
    if not mx.metal.is_available():
        model.set_dtype(mx.float32)
    mx.eval(model.parameters())
    random.seed(7)
    vocabulary = min(tokenizer.vocab_size, model.args.vocab_size)
    prompt = [random.randrange(10, vocabulary) for _ in range(options.prompt)]

    measure(model, prompt, options.generate)
    runs = [measure(model, prompt, options.generate) for _ in range(options.repeat)]
    prefill, decode = zip(*runs)
    print(
        json.dumps(
            {
                "prefillTokensPerSecond": round(statistics.median(prefill), 2),
                "decodeTokensPerSecond": round(statistics.median(decode), 2),
                "threads": threads(),
                "blas": blas_name(),
                "matmulGflops": round(matmul_gflops(mx), 1),
                "promptTokens": options.prompt,
                "generatedTokens": options.generate,
                "runs": [[round(p, 2), round(d, 2)] for p, d in runs],
                "peakMemoryBytes": mx.get_peak_memory(),
                "mlx": mx.__version__,
            }
        )
    )


def parse():
    parser = argparse.ArgumentParser(description="Measures mlx-lm; prints one JSON line.")
    parser.add_argument("model", help="a directory in mlx-lm's layout")
    parser.add_argument("--prompt", type=int, default=128, help="tokens of the prompt")
    parser.add_argument("--generate", type=int, default=64, help="tokens to generate")
    parser.add_argument("--repeat", type=int, default=3, help="measured runs after the warm-up")
    parser.add_argument("--threads", type=int, default=0, help="threads of OpenBLAS; its own choice if 0")
    return parser.parse_args()


def measure(model, prompt, count):
    """(prefill tokens a second, decode tokens a second) of one run."""
    import mlx.core as mx
    from mlx_lm.generate import generate_step

    began = time.perf_counter()
    first = last = None
    for n, (token, _) in enumerate(generate_step(mx.array(prompt), model, max_tokens=count)):
        last = time.perf_counter()
        first = first or last
    assert n + 1 == count, f"{n + 1} tokens instead of {count}"
    return len(prompt) / (first - began), (count - 1) / (last - first)


def matmul_gflops(mx):
    a, b = mx.random.normal((512, 512)), mx.random.normal((512, 512))
    mx.eval(a, b)
    times = []
    for _ in range(6):
        began = time.perf_counter()
        mx.eval(a @ b)
        times.append(time.perf_counter() - began)
    return 2 * 512**3 / min(times) / 1e9


def openblas():
    """The functions of OpenBLAS, when it is in this process; by either of its two spellings."""
    process = ctypes.CDLL(None)
    for prefix in ("scipy_", ""):
        if hasattr(process, f"{prefix}openblas_get_config"):
            return process, prefix
    return None, ""


def blas_name():
    library, prefix = openblas()
    if not library or not hasattr(ctypes.CDLL(None), "cblas_sgemm"):
        return "the wheel's own"
    config = getattr(library, f"{prefix}openblas_get_config")
    config.restype = ctypes.c_char_p
    return config().decode().strip()


def threads():
    library, prefix = openblas()
    return getattr(library, f"{prefix}openblas_get_num_threads")() if library else (os.cpu_count() or 1)


def set_threads(count):
    library, prefix = openblas()
    if library:
        getattr(library, f"{prefix}openblas_set_num_threads")(count)


main()
