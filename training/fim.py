"""Fill-in-the-middle samples as an editor produces them; pure text functions, no torch.

A document is cut into pieces at line ends, and in each piece one span is taken out as the middle.
Splits are made between characters, before tokenisation, because a cursor does not respect tokens.
Sources: Bavarian et al. 2022, arXiv:2207.14255 (PSM, SPM); the token order of SPM is llama.cpp's
`spm_infill`.
"""

from __future__ import annotations

import os
import random
from typing import NamedTuple

from tokenizer import END_OF_TEXT, SPECIAL_ID, Tokenizer

SPM_SHARE = 0.15
TYPED_SHARE = 0.75  # of the PSM samples: what is typed before the cursor opens the middle
NEAR_LINES = 16  # engine/core/prompt/fim-prompt.ts: lines above the cursor's line that do so at least
FILLED = 0x8000  # marks tokens that the model is to fill in, their end included; ids are below it
KINDS = ("rest of line", "whole line", "lines", "inside line", "before closers", "any")
KIND_WEIGHTS = (0.45, 0.15, 0.15, 0.07, 0.10, 0.08)
CLOSERS = ")]}>;,:\"'`"
MAX_EXTRA_LINES = 4
MAX_ANY = 200  # characters


class Split(NamedTuple):
    """prefix + typed + middle + suffix is the text that was split; the cursor stands behind `typed`."""

    prefix: str
    middle: str
    suffix: str
    typed: str = ""  # stands behind <|fim_middle|>, in front of what is to be filled in


def cut_pieces(text: str, rng: random.Random, shortest: int, longest: int) -> list[str]:
    """Pieces of log-uniform length in characters, cut at line ends; joined they give `text`."""
    pieces, start = [], 0
    while start < len(text):
        wanted = int(shortest * (longest / shortest) ** rng.random())
        end = (
            text.rfind("\n", start, start + wanted) + 1 if start + wanted < len(text) else len(text)
        )
        if end <= start:
            end = min(start + wanted, len(text))
        pieces.append(text[start:end])
        start = end
    return pieces


def pick_line(text: str, rng: random.Random) -> tuple[int, int] | None:
    """(first non-blank offset, end offset) of a random line that holds something."""
    for _ in range(8):
        at = rng.randrange(len(text))
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        start += len(text[start:end]) - len(text[start:end].lstrip())
        if start < end:
            return start, end
    return None


def split_for_editor(text: str, rng: random.Random) -> Split | None:
    """A cursor in `text` and what a person might want inserted there; None for blank text."""
    line = pick_line(text, rng) if text else None
    if line is None:
        return None
    start, end = line
    kind = rng.choices(KINDS, KIND_WEIGHTS)[0]
    cursor = rng.randrange(start, end)
    if kind == "whole line":
        cursor = start
    elif kind == "lines":
        end = end_of_lines(text, end, rng.randint(1, MAX_EXTRA_LINES))
    elif kind == "inside line":
        end = rng.randint(cursor + 1, end)
    elif kind == "before closers":
        end = max(cursor + 1, start + len(text[start:end].rstrip(CLOSERS)))
    elif kind == "any":
        end = rng.randint(cursor + 1, min(len(text), cursor + MAX_ANY))
    return Split(text[:cursor], text[cursor:end], text[end:])


def from_line_above(split: Split, lines: int) -> Split:
    """The split with the cursor's line as far as it is typed, and `lines` more, behind the middle token.

    engine/core/prompt/fim-prompt.ts puts them there, so that typing only appends to the prompt.
    """
    start = split.prefix.rfind("\n") + 1
    for _ in range(lines):
        start = split.prefix.rfind("\n", 0, max(0, start - 1)) + 1
    return split._replace(prefix=split.prefix[:start], typed=split.prefix[start:])


def engine_lines(prefix: str) -> int:
    """Lines above the cursor's that the engine puts behind the middle token: see buildPrompt."""
    above = prefix.count("\n")
    return above - max(0, above - NEAR_LINES) // NEAR_LINES * NEAR_LINES


def end_of_lines(text: str, end: int, extra: int) -> int:
    """Offset of the end of the line that is `extra` lines further, at most the end of the text."""
    for _ in range(extra):
        following = text.find("\n", end + 1)
        if following < 0:
            return len(text.rstrip("\n")) if len(text.rstrip("\n")) > end else end
        end = following
    return end


def fim_tokens(split: Split, tokenizer: Tokenizer, spm: bool, limit: int) -> list[int] | None:
    """PSM or SPM ids with `<|endoftext|>` after the middle; far context goes, to fit `limit`.

    What is to be filled in is marked with FILLED, from the first token on that the typed text alone
    would not have.
    """
    prefix, suffix, typed = (
        tokenizer.encode(part) for part in (split.prefix, split.suffix, split.typed)
    )
    middle = tokenizer.encode(split.typed + split.middle)
    shared = len(os.path.commonprefix([typed, middle]))
    room = limit - len(middle) - 4
    if room < 0:
        return None
    suffix_room = min(len(suffix), max(room // 3, room - len(prefix)))
    prefix = prefix[max(0, len(prefix) - (room - suffix_room)) :]
    pre, mid, suf = (SPECIAL_ID[f"<|fim_{name}|>"] for name in ("prefix", "middle", "suffix"))
    before, after = [pre, *prefix], [suf, *suffix[:suffix_room]]
    context = [*after, *before] if spm else [*before, *after]
    filled = [token | FILLED for token in (*middle[shared:], END_OF_TEXT)]
    return [*context, mid, *middle[:shared], *filled]
