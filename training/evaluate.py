"""The model card's figures, from held-out packages only: one command, fixed seeds.

Bits per byte come from torch in fp32; fill-in-the-middle and repetition come from the GGUF itself
through llama.cpp, so they describe the file people load.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import torch
from torch.nn import functional as F

from export_gguf import load_model
from paths import WORK
from fim import Split, fim_tokens, pick_line
from model import Foretoken
from tokenizer import END_OF_TEXT, Tokenizer
from verify_export import ask

WINDOW, STRIDE = (
    1024,
    512,
)  # tokens; each prediction but a document's first ones sees at least 512 tokens
CHARACTERS_PER_LANGUAGE = 250_000
FIM_CASES, FIM_CONTEXT, FIM_MAX = (
    200,
    640,
    48,
)  # per language; tokens of prompt; tokens generated at most
REPETITION_PROMPTS, REPETITION_PROMPT, REPETITION_TOKENS = 40, 200, 96
Document = dict[str, str]


def read_documents(corpus: Path, seed: int) -> dict[str, list[Document]]:
    """Test documents by language in a fixed random order."""
    by_language: defaultdict[str, list[Document]] = defaultdict(list)
    for line in corpus.open():
        document = json.loads(line)
        by_language[document["language"]].append(document)
    for documents in by_language.values():
        random.Random(seed).shuffle(documents)
    return dict(by_language)


@torch.no_grad()
def document_nats(model: Foretoken, ids: list[int]) -> float:
    """Summed loss of a document after `<|endoftext|>`, in overlapping windows."""
    stream = torch.tensor([END_OF_TEXT, *ids])
    total, scored = 0.0, 1
    for start in range(0, max(1, len(stream) - STRIDE), STRIDE):
        window = stream[start : start + WINDOW]
        losses = F.cross_entropy(model.logits(window[None, :-1])[0], window[1:], reduction="none")
        total += losses[scored - start - 1 :].sum().item()
        scored = start + len(window)
    return total


def bits_per_byte(
    model: Foretoken, tokenizer: Tokenizer, documents: list[Document]
) -> dict[str, float]:
    """Loss per token and per byte over the first documents of a language."""
    nats = tokens = size = characters = 0.0
    for document in documents:
        if characters > CHARACTERS_PER_LANGUAGE:
            break
        ids = tokenizer.encode(document["text"])
        nats += document_nats(model, ids)
        tokens += len(ids)
        size += len(document["text"].encode("utf8"))
        characters += len(document["text"])
    return {
        "tokens": tokens,
        "nats_per_token": nats / tokens,
        "bits_per_byte": nats / math.log(2) / size,
    }


def line_splits(documents: list[Document], count: int, rng: random.Random) -> Iterator[Split]:
    """A cursor before or inside a random line of a document; the middle is the rest of it."""
    made = 0
    while made < count:
        text = rng.choice(documents)["text"]
        line = pick_line(text, rng)
        if line is None:
            continue
        start, end = line
        cursor = start if rng.random() < 0.3 else rng.randrange(start, end)
        if text[cursor:end].strip():
            made += 1
            yield Split(text[:cursor], text[cursor:end], text[end:])


def edit_similarity(left: str, right: str) -> float:
    """1 - Levenshtein distance / longer length."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return 1 - row[-1] / max(len(left), len(right), 1)


def line_prompt(split: Split, order: str, tokenizer: Tokenizer) -> list[int] | None:
    """Prompt of a split without its middle: "engine", "psm" or "spm" (see fim.py)."""
    typed: list[int] = []
    if order == "engine":
        start = split.prefix.rfind("\n") + 1
        typed = tokenizer.encode(split.prefix[start:].rstrip())
        split = split._replace(prefix=split.prefix[:start])
    context = FIM_CONTEXT - len(typed)
    tokens = fim_tokens(split._replace(middle=""), tokenizer, order == "spm", context)
    return None if tokens is None else [*tokens[:-1], *typed]


def line_fim(
    gguf: Path, tokenizer: Tokenizer, documents: list[Document], order: str, seed: int
) -> dict[str, float]:
    """Exact match and edit similarity of the first generated line with what stood there.

    White space at both ends does not count: where the cursor stands behind some, the engine's order
    leaves it to the model to repeat.
    """
    splits, requests = [], []
    for split in line_splits(documents, FIM_CASES, random.Random(seed)):
        tokens = line_prompt(split, order, tokenizer)
        if tokens is not None:
            splits.append(split)
            requests.append({"tokens": tokens, "max": FIM_MAX})
    answers = [tokenizer.decode(answer["ids"]) for answer in ask(gguf, requests)]
    pairs = [
        (answer.split("\n")[0].strip(), split.middle.strip())
        for answer, split in zip(answers, splits)
    ]
    return {
        "cases": len(pairs),
        "exact_match": sum(a == b for a, b in pairs) / len(pairs),
        "edit_similarity": sum(edit_similarity(*pair) for pair in pairs) / len(pairs),
        "stops_within_line": sum("\n" not in answer for answer in answers) / len(pairs),
    }


def repetition(gguf: Path, tokenizer: Tokenizer, documents: list[Document]) -> float:
    """Share of 4-grams in greedy continuations that already occurred in the same continuation."""
    prompts = [
        tokenizer.encode(document["text"])[:REPETITION_PROMPT]
        for document in documents[:REPETITION_PROMPTS]
    ]
    requests: list[dict[str, object]] = [
        {"tokens": prompt, "max": REPETITION_TOKENS} for prompt in prompts if prompt
    ]
    repeated = total = 0
    for answer in ask(gguf, requests):
        grams = list(zip(*(answer["ids"][i:] for i in range(4))))
        repeated += len(grams) - len(set(grams))
        total += len(grams)
    return repeated / max(total, 1)


def loss_curve(log: Path) -> list[tuple[int, float]]:
    """(step, validation nats per token) pairs of the training log."""
    lines = [json.loads(line) for line in log.open()] if log.exists() else []
    curve = [(line["step"], line["validation"]) for line in lines if "validation" in line]
    assert all(a[0] <= b[0] for a, b in pairwise(curve))
    return curve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=WORK / "corpus" / "test.jsonl")
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, position = load_model(options.checkpoint)
    tokenizer = Tokenizer.load(options.tokenizer)
    languages = read_documents(options.corpus, options.seed)
    figures: dict[str, object] = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "position": position,
        "validation_curve": loss_curve(options.checkpoint.parent / "log.jsonl"),
        "test_text": {
            k: bits_per_byte(model, tokenizer, docs) for k, docs in sorted(languages.items())
        },
    }
    figures["line_fim"] = {
        order: {
            k: line_fim(options.gguf, tokenizer, languages[k], order, options.seed)
            for k in ("typescript", "javascript", "python")
        }
        for order in ("engine", "psm", "spm")
    }
    mixed = [
        document
        for docs in zip(*(languages[k] for k in ("typescript", "python")))
        for document in docs
    ]
    figures["greedy_repetition_4gram"] = repetition(options.gguf, tokenizer, mixed)
    options.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
