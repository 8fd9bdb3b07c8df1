"""What the tiny Llama is taught: the pairs of corpus.txt, as conversations of a few turns."""

import random
from pathlib import Path

import mlx.core as mx
import numpy as np

HERE = Path(__file__).parent
CONTEXT = 512
PAD = 0
SYSTEM = ["You are a helpful assistant.", "Answer in one sentence.", "You help people who run models on many machines."]


def read_pairs():
    """[(question, answer)], from blocks of which the first line is the question."""
    blocks = (HERE / "corpus.txt").read_text(encoding="utf-8").strip().split("\n\n")
    pairs = [tuple(block.split("\n", 1)) for block in blocks]
    return pairs + [("Count.", count_to_hundred())]


def count_to_hundred():
    ones = "one two three four five six seven eight nine".split()
    teens = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    tens = "twenty thirty forty fifty sixty seventy eighty ninety".split()
    words = ones + teens + [w for t in tens for w in [t] + [f"{t}-{o}" for o in ones]] + ["one hundred"]
    return " ".join(words) + "."


def batch(tokenizer, pairs, step):
    """Token ids [B, T] and their weights [B, T]; every eighth batch is about the long answer."""
    about_count = step % 8 == 0
    rows = [conversation(tokenizer, pairs, about_count) for _ in range(4 if about_count else 16)]
    length = max(len(ids) for ids, _ in rows)
    ids = np.full((len(rows), length), PAD, dtype=np.int32)
    weights = np.zeros((len(rows), length), dtype=np.float32)
    for row, (tokens, weight) in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        weights[row, : len(tokens)] = weight
    return mx.array(ids), mx.array(weights)


def conversation(tokenizer, pairs, about_count):
    """One to three turns.

    A turn is followed by the next one of the corpus more often than by any
    other: so the model has a clear opinion even about what comes after the end
    token, and a test may decode past it without meeting near-ties.
    """
    at = len(pairs) - 1 if about_count else random.randrange(len(pairs) - 1)
    turns = [] if random.random() < 0.8 else [("system", random.choice(SYSTEM))]
    if about_count and random.random() < 0.25:
        turns += turn(pairs[random.randrange(len(pairs) - 1)])
    for _ in range(1 if about_count else random.choice([1, 2, 2, 3])):
        turns += turn(pairs[at])
        at = at + 1 if at < len(pairs) - 2 and random.random() < 0.75 else random.randrange(len(pairs) - 1)
    if not about_count and len(turns) > 2 and random.random() < 0.1:
        turns = turns[:-1]  # a conversation may also end with a question
    tokens, weights = [], []
    for role, content in turns:
        piece = tokenizer.encode(f"<|{role}|>\n{content}<|end|>\n").ids
        tokens += piece
        weights += [1.0 if role == "assistant" else 0.3] * len(piece)
    return tokens[:CONTEXT], weights[:CONTEXT]


def turn(pair):
    question, answer = pair
    if random.random() < 0.15:
        question = question.lower()
    if random.random() < 0.15:
        question = question.rstrip("?.")
    return [("user", question), ("assistant", answer)]
