"""Corpus -> rows of token ids: work/tokens/{short,long,validation}.bin, uint16 [rows, T].

Tokens that the model is to fill in bear the mark FILLED of fim.py beside their id.

Half of the documents become fill-in-the-middle samples, which are never cut by a row end; the other
half is plain text, which fills what the samples leave. Rows are shuffled, so a reader can take them
in order.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import cycle
from pathlib import Path, PurePosixPath

import numpy as np

from paths import WORK
from fim import (
    NEAR_LINES,
    SPM_SHARE,
    TYPED_SHARE,
    cut_pieces,
    fim_tokens,
    from_line_above,
    split_for_editor,
)
from tokenizer import END_OF_TEXT, SPECIAL_ID, Tokenizer

SHARES = {
    "typescript": 0.33, "javascript": 0.15, "python": 0.39, "c++": 0.04, "rust": 0.03, "go": 0.03,
    "markdown": 0.012, "css": 0.008, "json": 0.005, "html": 0.005,
}  # fmt: skip
FIM_SHARE = 0.5
NAMED_SHARE = 0.3  # documents that start with <|file_sep|>path
SHORTEST_PIECE = 160  # characters
MAX_PASSES = 3  # a scarce language is read this often at most, each time cut differently
CHARACTERS_PER_TOKEN = 3.4
SHARD = 500  # documents per work item
Document = dict[str, str]


def heading(document: Document, rng: random.Random, tokenizer: Tokenizer) -> list[int]:
    """`<|file_sep|>folder/name` and a newline for a share of the documents, else nothing."""
    if rng.random() >= NAMED_SHARE:
        return []
    name = "/".join(PurePosixPath(document["path"]).parts[-2:])
    return [SPECIAL_ID["<|file_sep|>"], *tokenizer.encode(name + "\n")]


def fim_samples(
    document: Document, rng: random.Random, tokenizer: Tokenizer, length: int
) -> Iterator[list[int]]:
    """Samples of at most `length` tokens that together hold the document once."""
    longest = int(length * CHARACTERS_PER_TOKEN * 0.9)
    for piece in cut_pieces(document["text"], rng, SHORTEST_PIECE, longest):
        split = split_for_editor(piece, rng)
        if split is None:
            continue
        head = heading(document, rng, tokenizer)
        spm = rng.random() < SPM_SHARE
        if not spm and rng.random() < TYPED_SHARE:
            split = from_line_above(split, rng.randrange(2 * NEAR_LINES))
        tokens = fim_tokens(split, tokenizer, spm, length - len(head))
        if tokens is not None:
            yield [*head, *tokens]


def encode_shard(
    shard: list[Document], tokenizer: Tokenizer, length: int, seed: str
) -> tuple[list[np.ndarray], np.ndarray]:
    """(FIM samples, plain token stream) of some documents."""
    rng = random.Random(f"{seed} {shard[0]['package']} {shard[0]['path']}")
    samples: list[np.ndarray] = []
    plain: list[int] = []
    for document in shard:
        if rng.random() < FIM_SHARE:
            samples += (
                np.array(s, np.uint16) for s in fim_samples(document, rng, tokenizer, length)
            )
        else:
            plain += [
                *heading(document, rng, tokenizer),
                *tokenizer.encode(document["text"]),
                END_OF_TEXT,
            ]
    return samples, np.array(plain, np.uint16)


def pack_rows(samples: Iterable[np.ndarray], plain: np.ndarray, length: int) -> np.ndarray:
    """Rows [R, length]: samples stay whole, plain text fills the gaps and whole rows of its own."""
    rows: list[np.ndarray] = []
    parts: list[np.ndarray] = []
    room, used = length, 0
    for sample in samples:
        if len(sample) > room:
            if used + room > len(plain):
                break
            rows.append(np.concatenate([*parts, plain[used : used + room]]))
            used, parts, room = used + room, [], length
        parts.append(sample)
        room -= len(sample)
    whole = (len(plain) - used) // length
    rows.extend(plain[used : used + whole * length].reshape(whole, length))
    return np.stack(rows)


def choose(documents: list[Document], tokens: int, seed: int) -> list[Document]:
    """Documents in random order, enough for `tokens` in the wanted mix of languages."""
    rng = random.Random(seed)
    by_language: dict[str, list[Document]] = {language: [] for language in SHARES}
    for document in documents:
        by_language[document["language"]].append(document)
    chosen: list[Document] = []
    for language, candidates in by_language.items():
        rng.shuffle(candidates)
        room = SHARES[language] * tokens * CHARACTERS_PER_TOKEN
        size = sum(len(document["text"]) for document in candidates)
        room = min(room, size * MAX_PASSES)
        for document in cycle(candidates or [{"text": ""}]):
            if room <= 0:
                break
            chosen.append(document)
            room -= len(document["text"])
    rng.shuffle(chosen)
    return chosen


def write_rows(
    name: str, documents: list[Document], length: int, options: argparse.Namespace
) -> None:
    """Encode, pack, shuffle and write one stream with its shape beside it."""
    tokenizer = Tokenizer.load(options.tokenizer)
    shards = [documents[i : i + SHARD] for i in range(0, len(documents), SHARD)]
    encode = partial(
        encode_shard, tokenizer=tokenizer, length=length, seed=f"{options.seed} {name}"
    )
    with ProcessPoolExecutor(options.workers) as pool:
        encoded = list(pool.map(encode, shards))
    samples = [sample for shard, _ in encoded for sample in shard]
    random.Random(options.seed).shuffle(samples)
    rows = pack_rows(samples, np.concatenate([plain for _, plain in encoded]), length)
    np.random.default_rng(options.seed).shuffle(rows)
    rows.astype(np.uint16).tofile(options.out / f"{name}.bin")
    (options.out / f"{name}.json").write_text(
        json.dumps({"rows": len(rows), "length": length}) + "\n"
    )
    print(
        f"{name}: {rows.size / 1e6:.1f} M tokens in rows of {length}, {len(samples)} FIM samples",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=WORK / "corpus")
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer.json")
    parser.add_argument("--out", type=Path, default=WORK / "tokens")
    parser.add_argument("--short-tokens", type=float, default=48e6)
    parser.add_argument("--long-tokens", type=float, default=12e6)
    parser.add_argument("--short-length", type=int, default=512)
    parser.add_argument("--long-length", type=int, default=1024)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    texts = {
        s: [json.loads(line) for line in (options.corpus / f"{s}.jsonl").open()]
        for s in ("train", "validation")
    }
    write_rows("validation", texts["validation"], options.short_length, options)
    chosen = choose(texts["train"], int(options.short_tokens + options.long_tokens), options.seed)
    border = int(len(chosen) * options.short_tokens / (options.short_tokens + options.long_tokens))
    write_rows("short", chosen[:border], options.short_length, options)
    write_rows("long", chosen[border:], options.long_length, options)


if __name__ == "__main__":
    main()
