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
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks import benchmark_figures
from export_gguf import load_model
from import_gguf import model_from_gguf
from line_fim import FIM_CASES, Document, line_figures, line_splits
from lookahead import accuracies, prompt_guesser
from model import Foretoken
from paths import WORK
from tokenizer import END_OF_TEXT, Tokenizer
from fim import FILLED
from train import mean_losses, open_marked
from verify_export import ask

WINDOW, STRIDE = (
    1024,
    512,
)  # tokens; each prediction but a document's first ones sees at least 512 tokens
CHARACTERS_PER_LANGUAGE = 250_000
REPETITION_PROMPTS, REPETITION_PROMPT, REPETITION_TOKENS = 40, 200, 96
VALIDATION_ROWS = 192  # of 512 tokens
SAMPLES = 10
LINE_LANGUAGES = ("typescript", "javascript", "python")


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


def line_fim(
    gguf: Path, tokenizer: Tokenizer, languages: dict[str, list[Document]], order: str, seed: int
) -> tuple[dict[str, dict[str, float]], list[dict[str, str]]]:
    """(figures by language, first samples of the languages in turn)."""
    figures, samples = {}, []
    for language in LINE_LANGUAGES:
        splits = list(line_splits(languages[language], FIM_CASES, random.Random(seed)))
        figures[language], shown = line_figures(gguf, tokenizer, splits, order, language)
        samples.append(shown)
    return figures, [each for turn in zip(*samples) for each in turn][:SAMPLES]


def validation_figures(model: Foretoken) -> dict[str, object]:
    """Nats per token on rows of the validation packages, and top-k of the prompt tokens there."""
    rows = np.asarray(open_marked("validation")[:VALIDATION_ROWS])
    ids = rows & (FILLED - 1)
    figures: dict[str, object] = dict(mean_losses(model, rows, "cpu"))
    if model.config.prompts > 0:
        figures["prompt_top_k_by_distance"] = accuracies(model, prompt_guesser(model), ids)
    return figures


def loss_curve(log: Path) -> list[tuple[int, float]]:
    """(step, validation nats per token) pairs of the training log."""
    lines = [json.loads(line) for line in log.open()] if log.exists() else []
    curve = [(line["step"], line["validation"]) for line in lines if "validation" in line]
    assert all(a[0] <= b[0] for a, b in pairwise(curve))
    return curve


def load_model_and_history(options: argparse.Namespace) -> tuple[Foretoken, dict[str, object]]:
    """The model in fp32, and how it was trained as far as a checkpoint tells."""
    if options.checkpoint is None:
        return model_from_gguf(options.gguf), {}
    model, position = load_model(options.checkpoint)
    curve = loss_curve(options.checkpoint.parent / "log.jsonl")
    return model, {"position": position, "validation_curve": curve}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="without it: the weights of the GGUF")
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=WORK / "corpus" / "test.jsonl")
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer.json")
    parser.add_argument("--baseline", type=Path, help="GGUF to compare validation losses with")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, history = load_model_and_history(options)
    tokenizer = Tokenizer.load(options.tokenizer)
    languages = read_documents(options.corpus, options.seed)
    figures: dict[str, object] = {
        "parameters": sum(p.numel() for p in model.parameters()),
        **history,
        "test_text": {
            k: bits_per_byte(model, tokenizer, docs) for k, docs in sorted(languages.items())
        },
    }
    figures["validation"] = validation_figures(model)
    if options.baseline is not None:
        figures["validation_baseline"] = validation_figures(model_from_gguf(options.baseline))
    orders = {
        order: line_fim(options.gguf, tokenizer, languages, order, options.seed)
        for order in ("engine", "psm", "spm")
    }
    figures["line_fim"] = {order: found for order, (found, _) in orders.items()}
    figures["samples"] = orders["engine"][1]
    figures["benchmarks"] = benchmark_figures(model, options.gguf, tokenizer)
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
