"""Rows for the draft: text that the target itself continues, greedily in even rows, sampled in odd ones.

A draft is asked where the target writes, not where people do, so it should have seen that. Written to
work/tokens/continuations.bin, uint16 [rows, PROMPT + CONTINUED].
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fim import FILLED
from import_gguf import model_from_gguf
from model import Foretoken
from paths import WORK
from train import open_marked

PROMPT, CONTINUED, BATCH = 256, 48, 32  # tokens, tokens, rows at one time
CURSOR_SHARE = 0.75  # of the prompts end at the cursor of a fill-in, if the row has one


def prompt_of(row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """PROMPT token ids of a marked row [T], which end where something is to be filled in when they can."""
    filled = (row & FILLED) != 0
    ends = np.flatnonzero(filled[1:] & ~filled[:-1]) + 1
    ends = ends[ends >= PROMPT]
    at_cursor = len(ends) > 0 and rng.random() < CURSOR_SHARE
    end = int(rng.choice(ends)) if at_cursor else int(rng.integers(PROMPT, len(row) + 1))
    return row[end - PROMPT : end] & (FILLED - 1)


class Cache:
    """Keys and values of every layer for the tokens read so far."""

    def __init__(self, model: Foretoken, prompts: Tensor) -> None:
        self.model, self.length = model, 0
        self.past: list[tuple[Tensor, Tensor] | None] = [None] * len(model.blocks)
        self.hidden = self.read(prompts)

    def read(self, ids: Tensor) -> Tensor:
        """Append ids [B, T] (T = 1 after the first call); hidden state of the last, [B, D]."""
        x = self.model.embedding(ids)
        cos, sin, rotation = self.model.rotary(PROMPT + CONTINUED, x)  # cached there
        at = slice(self.length, self.length + ids.shape[1])
        tables = cos[at], sin[at], rotation
        for layer, block in enumerate(self.model.blocks):
            mixed, self.past[layer] = block.attend_after(
                block.attention_norm(x), tables, self.past[layer]
            )
            x = x + mixed
            x = x + block.feed(block.feed_norm(x))
        self.length += ids.shape[1]
        return self.model.final_norm(x[:, -1])


def pick(logits: Tensor, generator: torch.Generator) -> Tensor:
    """Next token of each row [B]: the likeliest in even rows, drawn at temperature 1 in odd ones."""
    drawn = torch.multinomial(torch.softmax(logits, dim=-1), 1, generator=generator)[:, 0]
    even = torch.arange(len(logits), device=logits.device) % 2 == 0
    return torch.where(even, logits.argmax(-1), drawn)


@torch.no_grad()
def continued(model: Foretoken, prompts: Tensor, generator: torch.Generator) -> Tensor:
    """[B, PROMPT] -> [B, PROMPT + CONTINUED]."""
    cache, ids = Cache(model, prompts), [prompts]
    for _ in range(CONTINUED):
        ids.append(pick(model.output(cache.hidden), generator)[:, None])
        cache.hidden = cache.read(ids[-1])
    return torch.cat(ids, dim=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=Path, required=True, help="GGUF")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = model_from_gguf(options.target).to(device)
    stream, rng = open_marked("short"), np.random.default_rng(options.seed)
    generator = torch.Generator(device).manual_seed(options.seed)
    rows: list[np.ndarray] = []
    until = time.monotonic() + options.minutes * 60
    while not rows or time.monotonic() < until:
        chosen = stream[rng.integers(len(stream), size=BATCH)]
        prompts = np.stack([prompt_of(row, rng) for row in chosen]).astype(np.int64)
        ids = torch.from_numpy(prompts).to(device)
        rows.append(continued(model, ids, generator).cpu().numpy())
    found = np.concatenate(rows).astype(np.uint16)
    found[:, PROMPT:] |= FILLED
    found.tofile(WORK / "tokens" / "continuations.bin")
    shape = {"rows": len(found), "length": found.shape[1]}
    (WORK / "tokens" / "continuations.json").write_text(json.dumps(shape) + "\n")
    print(f"continuations: {len(found)} rows, {len(found) * CONTINUED} tokens of the target's own")


if __name__ == "__main__":
    main()
