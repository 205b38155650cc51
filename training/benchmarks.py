"""Figures on benchmark files that are given from outside (FORETOKEN_BENCHMARKS) and never trained on.

A file whose rows have a suffix is single-line infilling (as of HumanEval, Python); one whose rows
have a language is code to be continued from a signature (as of MBXP). Nothing generated is executed:
a small model's figures are how near the text comes, not how often tests pass.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import torch
from torch.nn import functional as F

from fim import Split
from line_fim import line_figures
from model import Foretoken
from quality import parse_all
from tokenizer import Tokenizer
from verify_export import ask

MOST_TASKS, MOST_TOKENS = 120, 32  # per file; tokens generated for the first line of a body
Row = dict[str, str]


def benchmark_files() -> dict[str, list[Row]]:
    """{file name without endings: rows} of the JSONL files named, which may be gzipped."""
    files = filter(None, os.environ.get("FORETOKEN_BENCHMARKS", "").split(":"))
    found = {}
    for file in files:
        text = subprocess.run(["zcat", "-f", file], capture_output=True, check=True).stdout
        found[Path(file).name.split(".")[0]] = [
            json.loads(line) for line in text.decode("utf8").splitlines()
        ]
    return found


def spread(rows: list[Row], count: int) -> list[Row]:
    """`count` rows at equal distances, so that no part of the file is preferred."""
    step = max(1.0, len(rows) / count)
    return [rows[int(i * step)] for i in range(min(count, len(rows)))]


def infilling(gguf: Path, tokenizer: Tokenizer, rows: list[Row]) -> dict[str, float]:
    """Single lines in the engine's order; each row's solution is the line with its newline."""
    splits = [
        Split(row["prompt"], row["canonical_solution"].rstrip("\n"), "\n" + row["suffix"])
        for row in rows
    ]
    return line_figures(gguf, tokenizer, splits, "engine", "python")[0]


class Scored(NamedTuple):
    """Loss of known text after a prompt, in nats, and its size in tokens and bytes."""

    nats: float
    tokens: int
    size: int


@torch.no_grad()
def score(model: Foretoken, prompt: list[int], solution: list[int], size: int) -> Scored:
    """Loss of the solution's tokens in fp32."""
    ids = torch.tensor([*prompt, *solution])
    logits = model.logits(ids[None, :-1])[0, len(prompt) - 1 :]
    nats = F.cross_entropy(logits, ids[len(prompt) :], reduction="sum").item()
    return Scored(nats, len(solution), size)


def continuation(
    model: Foretoken, gguf: Path, tokenizer: Tokenizer, rows: list[Row]
) -> dict[str, float]:
    """Bits per byte of the known solutions, and whether the first generated line parses.

    The function is closed behind that line, by one brace more if the line opens a block.
    """
    prompts = [tokenizer.encode(row["prompt"]) for row in rows]
    scored = [
        score(model, prompt, tokenizer.encode(text), len(text.encode("utf8")))
        for prompt, text in zip(prompts, (row["canonical_solution"] for row in rows))
    ]
    nats, tokens, size = (sum(column) for column in zip(*scored))
    answers = ask(gguf, [{"tokens": prompt, "max": MOST_TOKENS} for prompt in prompts])
    lines = [tokenizer.decode(answer["ids"]).split("\n")[0] for answer in answers]
    closed = [row["prompt"] + line + "\n}" for row, line in zip(rows, lines)]
    opened = [text + "}" for text in closed]
    language = rows[0]["language"]
    whole = [a or b for a, b in zip(parse_all(language, closed), parse_all(language, opened))]
    return {
        "tasks": len(rows),
        "nats_per_token": nats / tokens,
        "bits_per_byte": nats / math.log(2) / size,
        "first_line_parses": sum(whole) / len(whole),
    }


def benchmark_figures(model: Foretoken, gguf: Path, tokenizer: Tokenizer) -> dict[str, object]:
    """{benchmark: figures}; empty when no file is named."""
    found: dict[str, object] = {}
    for name, rows in benchmark_files().items():
        chosen = spread(rows, MOST_TASKS)
        if "suffix" in rows[0]:
            found[name] = infilling(gguf, tokenizer, chosen)
        else:
            found[name] = continuation(model, gguf, tokenizer, chosen)
    return found
