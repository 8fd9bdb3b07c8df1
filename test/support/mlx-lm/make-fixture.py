"""Writes fixture.json: what mlx-lm says in one process, for the engine's tests to agree with.

    python3.11 -m venv venv
    venv/bin/pip install mlx==0.32.4 mlx-cpu==0.32.4 mlx-lm==0.32.2 transformers==5.23.0 tokenizers==0.23.3
    venv/bin/python make-fixture.py TINY_DIR SMOLLM2_DIR

TINY_DIR is native/models/tiny, SMOLLM2_DIR what the importer of apps/plane
wrote. Everything is computed in f32 on the CPU. The BLAS does not matter for
ids (the leads are written down beside them); with a preloaded OpenBLAS it is
done in half a minute, see blas_preload.c.

For each prompt:
  promptTokens   the chat template's ids, with the mark for the answer
  greedyTokens   ids that follow, the end token being ignored
  greedyText     the text that follows, the end token being obeyed
  stopsAfter     how many ids that text and its end token take, null when it did not end
  smallestLead   by how much the winner led at its closest, in logits; prompts
                 are chosen so that this is far above any tolerance of a test
  logits         of the last token of the prompt, rounded to 6 decimals
"""

import hashlib
import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import mlx.core as mx
from mlx_lm import load
from mlx_lm.models.cache import make_prompt_cache

FIRST_LOGITS = 16
PROMPTS = {
    # Past the end token the tiny model goes on with its corpus; 270 ids are all of "Count.", whose end is the end of the corpus.
    "tiny": [
        (64, [{"role": "user", "content": "What is a rank?"}]),
        (64, [{"role": "user", "content": "Who is late?"}]),
        (64, [{"role": "user", "content": "Say hello in Greek."}]),
        (270, [{"role": "user", "content": "Count."}]),
        (
            64,
            [
                {"role": "system", "content": "Answer in one sentence."},
                {"role": "user", "content": "What is a send?"},
                {"role": "assistant", "content": "A send hands an array to one other rank, which must receive it."},
                {"role": "user", "content": "What is a receive?"},
            ],
        ),
    ],
    "smollm2": [
        (64, [{"role": "user", "content": "What is the capital of France?"}]),
        (64, [{"role": "user", "content": "Count from one to ten."}]),
        (
            64,
            [
                {"role": "system", "content": "You answer briefly."},
                {"role": "user", "content": "Name three colours."},
                {"role": "assistant", "content": "Red, green and blue."},
                {"role": "user", "content": "Name three animals."},
            ],
        ),
    ],
}


def main():
    mx.set_default_device(mx.cpu)
    dirs = {"tiny": Path(sys.argv[1]), "smollm2": Path(sys.argv[2])}
    fixture = {
        "versions": {name: version(name) for name in ["mlx", "mlx-lm", "transformers", "tokenizers"]},
        "models": {name: describe(dir, PROMPTS[name]) for name, dir in dirs.items()},
    }
    # One prompt a line: a diff then says which one changed.
    text = json.dumps(fixture, ensure_ascii=False, indent=1)
    Path(__file__).with_name("fixture.json").write_text(join_lists(text) + "\n", encoding="utf-8")


def describe(dir, prompts):
    model, tokenizer = load(str(dir))
    model.set_dtype(mx.float32)
    files = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    return {
        "sha256": {name: hashlib.sha256((dir / name).read_bytes()).hexdigest() for name in files},
        "dtype": "float32",
        "prompts": [answer(model, tokenizer, messages, count) for count, messages in prompts],
    }


def answer(model, tokenizer, messages, count):
    prompt = list(tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False))
    cache, tokens, ids, leads, first = make_prompt_cache(model), prompt, [], [], None
    while len(ids) < count:
        logits = model(mx.array([tokens]), cache=cache)[0, -1]
        first = logits if first is None else first
        second, winner = mx.sort(logits)[-2:].tolist()
        leads.append(winner - second)
        tokens = [mx.argmax(logits).item()]
        ids += tokens
    ends = [at for at, token in enumerate(ids) if token in tokenizer.eos_token_ids]
    print(repr(tokenizer.decode(ids[: ends[0]] if ends else ids)), "smallest lead", round(min(leads), 3), flush=True)
    return {
        "messages": messages,
        "promptTokens": prompt,
        "greedyTokens": ids,
        "greedyText": tokenizer.decode(ids[: ends[0]] if ends else ids),
        "stopsAfter": ends[0] + 1 if ends else None,
        "smallestLead": round(min(leads), 4),
        "smallestLeadBeforeStop": round(min(leads[: ends[0] + 1] if ends else leads), 4),
        "logits": summarise(first),
    }


def summarise(logits):
    values = logits.tolist()
    return {
        "first": [round(v, 6) for v in values[:FIRST_LOGITS]],
        "argmax": max(range(len(values)), key=values.__getitem__),
        "max": round(max(values), 6),
        "mean": round(math.fsum(values) / len(values), 6),
        "l2": round(math.sqrt(math.fsum(v * v for v in values)), 6),
    }


def join_lists(text):
    """Puts lists of numbers on one line each."""
    lines, inside = [], False
    for line in text.split("\n"):
        word = line.strip()
        if inside:
            lines[-1] += word if word.startswith("]") else word.replace(",", ", ")
            inside = not word.startswith("]")
        else:
            lines.append(line)
            inside = word.endswith('": [') and word.split('"')[1] in ("promptTokens", "greedyTokens", "first")
    return "\n".join(lines)


main()
