"""Byte-level BPE that splits text the way llama.cpp's pre-tokenizer `qwen2` does.

A vocabulary has SIZE ids: 256 bytes, then merges in the order they were learnt, then SPECIALS.
Needs Debian's python3-regex for \\p classes; no torch. The file is {"merges": [[left, right], ..]}.
Sources: llama.cpp's LLAMA_VOCAB_PRE_TYPE_QWEN2 for the splitting; Radford et al. 2019 for the BPE.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import regex

SIZE = 8192
FIM = (
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
)
RESERVED = tuple(
    f"<|reserved_{i}|>" for i in range(9)
)  # spare rows, for prompt tokens and the like
SPECIALS = ("<|endoftext|>", *FIM, *RESERVED)
FIRST_SPECIAL = SIZE - len(SPECIALS)
SPECIAL_ID = {name: FIRST_SPECIAL + i for i, name in enumerate(SPECIALS)}
END_OF_TEXT = SPECIAL_ID["<|endoftext|>"]

SPLIT = regex.compile(
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
Pair = tuple[int, int]


def byte_characters() -> list[str]:
    """GPT-2's printable stand-in for each byte, used when token texts are written to a GGUF."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]


class Tokenizer:
    """Encodes and decodes; specials are only produced by id, never parsed out of text."""

    def __init__(self, merges: list[Pair]) -> None:
        self.merges = merges
        self.rank = {pair: 256 + i for i, pair in enumerate(merges)}
        self.bytes_of = [bytes([i]) for i in range(256)]
        for left, right in merges:
            self.bytes_of.append(self.bytes_of[left] + self.bytes_of[right])
        self.cache: dict[str, list[int]] = {}

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Read the file that `save` writes."""
        return cls([(left, right) for left, right in json.loads(path.read_text())["merges"]])

    def save(self, path: Path) -> None:
        """Write the merges; everything else follows from them."""
        path.write_text(json.dumps({"merges": self.merges}) + "\n")

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text."""
        ids: list[int] = []
        for word in SPLIT.findall(text):
            known = self.cache.get(word)
            if known is None:
                known = self.cache[word] = self.merge_word(list(word.encode("utf8")))
            ids += known
        return ids

    def merge_word(self, ids: list[int]) -> list[int]:
        """Apply the earliest learnt merge until none applies."""
        never = len(self.bytes_of)
        while len(ids) > 1:
            best = min(
                range(len(ids) - 1), key=lambda i: self.rank.get((ids[i], ids[i + 1]), never)
            )
            merged = self.rank.get((ids[best], ids[best + 1]))
            if merged is None:
                break
            ids = merge_pair(ids, (ids[best], ids[best + 1]), merged)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Text of ids; specials vanish, broken UTF-8 becomes U+FFFD."""
        return b"".join(self.bytes_of[i] for i in ids if i < len(self.bytes_of)).decode(
            "utf8", "replace"
        )

    def token_texts(self) -> list[str]:
        """All SIZE token texts in GPT-2's byte alphabet, specials last, as a GGUF lists them."""
        alphabet = byte_characters()
        return ["".join(alphabet[b] for b in piece) for piece in self.bytes_of] + list(SPECIALS)

    def merge_texts(self) -> list[str]:
        """`left right` per merge, in GPT-2's byte alphabet."""
        texts = self.token_texts()
        return [f"{texts[left]} {texts[right]}" for left, right in self.merges]


def merge_pair(ids: list[int], pair: Pair, merged: int) -> list[int]:
    """Replace each occurrence of `pair`, left to right."""
    result: list[int] = []
    i = 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            result.append(merged)
            i += 2
        else:
            result.append(ids[i])
            i += 1
    return result


def train(texts: Iterable[str], merges_wanted: int = FIRST_SPECIAL - 256) -> Tokenizer:
    """Learn merges greedily by pair frequency; ties go to the smaller pair, for determinism."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(SPLIT.findall(text))
    kept = [(word, count) for word, count in counts.items() if count > 1 or len(counts) < 100_000]
    words = [list(word.encode("utf8")) for word, _ in kept]
    weights = [count for _, count in kept]
    pairs: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)
    for place, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += weights[place]
            places[pair].add(place)
    return Tokenizer(learn_merges(words, weights, pairs, places, merges_wanted))


def learn_merges(
    words: list[list[int]],
    weights: list[int],
    pairs: Counter[Pair],
    places: dict[Pair, set[int]],
    wanted: int,
) -> list[Pair]:
    """The merge loop; the heap may hold stale counts, which are skipped when they surface."""
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    while len(merges) < wanted and heap:
        count, pair = heapq.heappop(heap)
        if -count != pairs[pair]:
            continue
        merged = 256 + len(merges)
        merges.append(pair)
        touched: set[Pair] = set()
        for place in places.pop(pair):
            old, new = words[place], merge_pair(words[place], pair, merged)
            for sign, word in ((-1, old), (1, new)):
                for neighbour in zip(word, word[1:]):
                    pairs[neighbour] += sign * weights[place]
                    touched.add(neighbour)
                    if sign > 0:
                        places[neighbour].add(place)
            words[place] = new
        pairs.pop(pair, None)
        for changed in touched - {pair}:
            if pairs[changed] > 0:
                heapq.heappush(heap, (-pairs[changed], changed))
    return merges
