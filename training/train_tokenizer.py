"""Learn the 8192-token vocabulary from a language-balanced sample of the training split."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from paths import WORK
from pack import SHARES
from tokenizer import Tokenizer, train


def balanced_sample(corpus: Path, megabytes: float, seed: int) -> list[str]:
    """Texts drawn at random until each language holds its share of `megabytes`."""
    documents = [json.loads(line) for line in corpus.open()]
    random.Random(seed).shuffle(documents)
    room = {language: share * megabytes * 1e6 for language, share in SHARES.items()}
    texts = []
    for document in documents:
        if room[document["language"]] > 0:
            room[document["language"]] -= len(document["text"])
            texts.append(document["text"])
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=WORK / "corpus" / "train.jsonl")
    parser.add_argument("--out", type=Path, default=WORK / "tokenizer.json")
    parser.add_argument("--sample-mb", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    texts = balanced_sample(options.corpus, options.sample_mb, options.seed)
    tokenizer: Tokenizer = train(texts)
    tokenizer.save(options.out)
    probe = texts[:200]
    tokens = sum(len(tokenizer.encode(text)) for text in probe)
    print(
        f"{len(tokenizer.merges)} merges, {sum(map(len, probe)) / tokens:.2f} characters per token"
    )


if __name__ == "__main__":
    main()
