"""Trains the tiny Llama of the tests and writes it in mlx-lm's layout, in place.

Run it by hand, once; the result is committed. README.md says with what.

The model is meant to learn its few answers by heart: a test asks a question,
knows the sentence that must come back, and needs no download. It is a real
Llama all the same (grouped attention, rotary positions, tied embeddings), and
its sizes divide by 2, 4 and (heads, vocabulary) 8, so every plan can split it.
"""

import json
import math
import random
import sys
import time
from importlib.metadata import version
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_flatten
from mlx_lm import load
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.models.llama import Model, ModelArgs
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from conversations import CONTEXT, PAD, SYSTEM, batch, read_pairs

HERE = Path(__file__).parent
SEED = 20
STEPS = 800
PEAK_RATE = 3e-3
SPECIAL = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
END = 1
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 128,
    "num_hidden_layers": 4,
    "intermediate_size": 448,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 16,
    "vocab_size": 512,
    "max_position_embeddings": CONTEXT,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "rope_traditional": False,
    "tie_word_embeddings": True,
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "bos_token_id": None,
    "eos_token_id": END,
    "pad_token_id": PAD,
    "torch_dtype": "float16",
}
# Only constructs that Python's Jinja and @huggingface/jinja read alike.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
)
# The prompts whose answers tests may rely on; written to expected.json.
EXPECTED = ["What is a rank?", "Who is late?", "Count.", "Say hello in Greek."]


def main():
    random.seed(SEED)
    mx.random.seed(SEED)
    mx.set_default_device(mx.cpu)
    log = Log(HERE / "train.log")
    log(" ".join(f"{p} {version(p)}" for p in ["mlx", "mlx-lm", "tokenizers", "numpy"]), f"python {sys.version.split()[0]}")

    pairs = read_pairs()
    tokenizer = make_tokenizer(pairs)
    model = Model(ModelArgs.from_dict(CONFIG))
    initialise(model)
    size = sum(v.size for _, v in tree_flatten(model.parameters()))
    log(f"seed {SEED}, {len(pairs)} pairs, vocabulary {tokenizer.get_vocab_size()}, {size} parameters, {STEPS} steps")

    train(model, tokenizer, pairs, log)
    write_model(model, tokenizer)
    missed = check_all(pairs, log)
    log("saved", f"{(HERE / 'model.safetensors').stat().st_size} bytes")
    if missed:
        sys.exit(f"{missed} answers are not known by heart: train longer")


def make_tokenizer(pairs):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=CONFIG["vocab_size"],
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    text = [line for pair in pairs for line in pair] + SYSTEM
    tokenizer.train_from_iterator(text, trainer)
    assert tokenizer.get_vocab_size() == CONFIG["vocab_size"], "the corpus is too small for the vocabulary"
    return tokenizer


def initialise(model):
    """Small normal weights: MLX's uniform ones make a tied embedding start far too sure of itself."""

    def draw(name, value):
        if value.ndim == 1:
            return mx.ones_like(value)
        scale = 0.02 / math.sqrt(2 * CONFIG["num_hidden_layers"]) if "o_proj" in name or "down_proj" in name else 0.02
        return mx.random.normal(value.shape) * scale

    model.load_weights([(name, draw(name, value)) for name, value in tree_flatten(model.parameters())])


def train(model, tokenizer, pairs, log):
    schedule = optim.join_schedules(
        [optim.linear_schedule(0, PEAK_RATE, 40), optim.cosine_decay(PEAK_RATE, STEPS - 40, PEAK_RATE / 50)], [40]
    )
    optimizer = optim.AdamW(schedule, betas=[0.9, 0.98], weight_decay=0.01)
    step_of = nn.value_and_grad(model, loss_of)
    began, recent = time.time(), []
    for step in range(1, STEPS + 1):
        ids, weights = batch(tokenizer, pairs, step)
        loss, gradients = step_of(model, ids, weights)
        gradients, _ = optim.clip_grad_norm(gradients, 1.0)
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state, loss)
        recent.append(loss.item())
        if step % 50 == 0:
            log(f"step {step:5d}  loss {sum(recent) / len(recent):.4f}  rate {optimizer.learning_rate.item():.2e}  {time.time() - began:.0f} s")
            recent = []


def loss_of(model, ids, weights):
    logits = model(ids[:, :-1])
    losses = nn.losses.cross_entropy(logits, ids[:, 1:])
    wanted = weights[:, 1:]
    return (losses * wanted).sum() / wanted.sum()


def write_model(model, tokenizer):
    weights = {name: value.astype(mx.float16) for name, value in tree_flatten(model.parameters())}
    mx.save_safetensors(str(HERE / "model.safetensors"), weights, {"format": "mlx"})
    tokenizer.save(str(HERE / "tokenizer.json"))
    write_json("config.json", CONFIG)
    write_json(
        "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": SPECIAL[END],
            "pad_token": SPECIAL[PAD],
            "add_bos_token": False,
            "clean_up_tokenization_spaces": False,
            "model_max_length": CONTEXT,
            "chat_template": CHAT_TEMPLATE,
        },
    )


def check_all(pairs, log):
    """Loads what was written as anybody would and asks every question; returns the number of wrong answers."""
    model, tokenizer = load(str(HERE))
    model.set_dtype(mx.float32)
    expected, missed = [], 0
    for question, answer in pairs:
        prompt = tokenizer.apply_chat_template([{"role": "user", "content": question}], add_generation_prompt=True, return_dict=False)
        ids, margin = greedy(model, prompt)
        given = tokenizer.decode(ids[:-1])
        missed += given != answer
        log(f"{'ok   ' if given == answer else 'WRONG'} margin {margin:5.2f}  {len(ids):3d} tokens  {question}  {given[:70]!r}")
        if question in EXPECTED:
            expected.append({"prompt": question, "answer": given, "promptTokens": list(prompt), "greedyTokens": ids})
    expected.sort(key=lambda entry: EXPECTED.index(entry["prompt"]))
    rows = [json.dumps(entry, ensure_ascii=False) for entry in expected]
    (HERE / "expected.json").write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
    return missed


def greedy(model, prompt):
    """Ids up to and with the end token, and the smallest lead of a winner over the second (in logits)."""
    cache, ids, margin, tokens = make_prompt_cache(model), [], math.inf, prompt
    while len(prompt) + len(ids) < CONTEXT and (not ids or ids[-1] != END):
        logits = model(mx.array([tokens]), cache=cache)[0, -1]
        second, first = mx.sort(logits)[-2:].tolist()
        margin = min(margin, first - second)
        ids.append(mx.argmax(logits).item())
        tokens = ids[-1:]
    return ids, margin


def write_json(name, value):
    (HERE / name).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


class Log:
    """Prints, and keeps what it printed."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")

    def __call__(self, *words):
        print(*words, flush=True)
        print(*words, file=self.file, flush=True)


main()
