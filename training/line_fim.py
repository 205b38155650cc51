"""Held-out single lines: the cursor before or inside a line, the rest of the line wanted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from fim import Split, engine_lines, fim_tokens, from_line_above, pick_line
from quality import inserted, parsing_share, repeats_suffix
from tokenizer import Tokenizer
from verify_export import ask

FIM_CASES, FIM_CONTEXT, FIM_MAX = 200, 640, 48  # per language; tokens of prompt; of answer at most
SAMPLE_LINES = 3  # of the prompt, shown in a sample
Document = dict[str, str]


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
    if order == "engine":
        split = from_line_above(split, engine_lines(split.prefix))
        split = split._replace(typed=split.typed.rstrip(" \t"))
    tokens = fim_tokens(split._replace(middle=""), tokenizer, order == "spm", FIM_CONTEXT)
    return None if tokens is None else tokens[:-1]


def line_figures(
    gguf: Path, tokenizer: Tokenizer, splits: list[Split], order: str, language: str
) -> tuple[dict[str, float], list[dict[str, str]]]:
    """(figures, one sample per line in order): how near the first generated line comes.

    White space at both ends does not count: where the cursor stands behind some, the engine's order
    leaves it to the model to repeat.
    """
    asked = [(split, line_prompt(split, order, tokenizer)) for split in splits]
    asked = [(split, tokens) for split, tokens in asked if tokens is not None]
    answers = ask(gguf, [{"tokens": tokens, "max": FIM_MAX} for _, tokens in asked])
    texts = [tokenizer.decode(answer["ids"]) for answer in answers]
    cases = [(split, text) for (split, _), text in zip(asked, texts)]
    pairs = [(text.split("\n")[0].strip(), split.middle.strip()) for split, text in cases]
    figures = {
        "cases": len(pairs),
        "exact_match": sum(a == b for a, b in pairs) / len(pairs),
        "edit_similarity": sum(edit_similarity(*pair) for pair in pairs) / len(pairs),
        "stops_within_line": sum("\n" not in text for text in texts) / len(pairs),
        "repeats_suffix": sum(repeats_suffix(text, split.suffix) for split, text in cases) / len(pairs),
    }
    if order == "engine":
        completed = [inserted(split, text, order) for split, text in cases]
        figures |= parsing_share(language, ["".join(split) for split, _ in cases], completed)
    return figures, [sample(split, text, language) for split, text in cases]


def sample(split: Split, answer: str, language: str) -> dict[str, str]:
    """What the model card shows of a case."""
    shown = "\n".join(split.prefix.split("\n")[-SAMPLE_LINES:])
    return {
        "language": language,
        "prompt": shown,
        "completion": answer.split("\n")[0],
        "expected": split.middle,
    }
