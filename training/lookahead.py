"""How well can the tokens after the next one be guessed? Prompt tokens against what else could guess.

On one model and the same rows, each trained to the model's own predictions (KL, distances weighted
0.8^(i-1)) and asked for the model's argmax i tokens after the next, on rows of packages that were
never trained on:

- untrained: prompt rows that hold the mean embedding
- taken along: the prompt tokens of the checkpoint, as they came out of the model's training
- prompt tokens: trained with the model frozen (PPD, arXiv:2405.18628, section 3)
- Medusa: one residual layer and one output matrix per distance on the last hidden state, which start
  as identity and as the model's own (Medusa-1, arXiv:2401.10774, section 2.1)
- skip-gram: a table, what followed a token at that distance most often in the training rows

Shapes as in prompt_rows.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from export_gguf import load_model
from import_gguf import load_weights
from model import Foretoken, ModelConfig
from presets import PRESETS
from prompt_rows import PromptRows, draw_insertions, place_prompt_rows, prompt_loss
from train import open_rows

BATCH_ROWS, PROMPTS, RANKS = 4, 3, 10
PROMPT_RATE, HEAD_RATE = 1e-2, 1e-3  # the paper's; Medusa's own
Guesser = Callable[[Tensor, np.ndarray], Tensor]  # ids [B, T], points [R] -> logits [B, R*m, V]


def batches(rows: np.ndarray, seed: int) -> Iterator[tuple[Tensor, np.ndarray]]:
    """(ids [B, T], insertion points [R]), row after row."""
    rng = np.random.default_rng(seed)
    for start in range(0, len(rows) - BATCH_ROWS + 1, BATCH_ROWS):
        ids = torch.from_numpy(rows[start : start + BATCH_ROWS].astype(np.int64))
        yield ids, draw_insertions(rng, ids.shape[1], PROMPTS)


def placed_rows(model: Foretoken, ids: Tensor, points: np.ndarray) -> PromptRows:
    """The prompt rows of a batch."""
    return place_prompt_rows(points, PROMPTS, ids.shape[1], model.output.weight)


def prompt_guesser(model: Foretoken) -> Guesser:
    """Guesses of the prompt tokens that the model holds."""

    def guess(ids: Tensor, points: np.ndarray) -> Tensor:
        _, guessed = model.forward_with_prompts(ids, placed_rows(model, ids, points))
        return model.output(guessed)

    return guess


class MedusaHeads(nn.Module):
    """m heads on the hidden state of the last real token."""

    def __init__(self, model: Foretoken) -> None:
        super().__init__()
        width, vocabulary = model.config.width, model.config.vocabulary
        self.model = [model]  # not a submodule: it is frozen
        self.inner = nn.ModuleList(nn.Linear(width, width) for _ in range(PROMPTS))
        self.outer = nn.ModuleList(
            nn.Linear(width, vocabulary, bias=False) for _ in range(PROMPTS)
        )
        for inner, outer in zip(self.inner, self.outer):
            nn.init.zeros_(inner.weight)
            nn.init.zeros_(inner.bias)
            outer.weight.data.copy_(model.output.weight)

    def forward(self, ids: Tensor, points: np.ndarray) -> Tensor:
        """[B, T], [R] -> logits [B, R*m, V]."""
        with torch.no_grad():
            hidden = self.model[0](ids)[:, torch.from_numpy(points)]
        rows = [outer(hidden + F.silu(inner(hidden))) for inner, outer in zip(self.inner, self.outer)]
        return torch.stack(rows, dim=2).flatten(1, 2)


def skip_gram_guesser(model: Foretoken, rows: np.ndarray) -> Guesser:
    """Counts over the rows; [m, V] tables of the RANKS most frequent followers."""
    vocabulary = model.config.vocabulary
    tables = torch.zeros(PROMPTS, vocabulary, vocabulary, dtype=torch.int32)
    for i in range(PROMPTS):
        pairs = rows[:, : -(i + 2)].astype(np.int64) * vocabulary + rows[:, i + 2 :]
        tables[i] = torch.from_numpy(
            np.bincount(pairs.ravel(), minlength=vocabulary**2).reshape(vocabulary, -1)
        ).int()

    def guess(ids: Tensor, points: np.ndarray) -> Tensor:
        last = ids[:, torch.from_numpy(points)]
        return torch.stack([table[last] for table in tables], dim=2).flatten(1, 2).float()

    return guess


def fit(
    model: Foretoken, guess: Guesser, parameters: list[nn.Parameter], rows: np.ndarray, rate: float
) -> None:
    """AdamW without decay, cosine rate, one pass over the rows; the model itself stays frozen."""
    for parameter in model.parameters():
        parameter.requires_grad_(any(parameter is each for each in parameters))
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0)
    steps = len(rows) // BATCH_ROWS
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for ids, points in batches(rows, seed=2):
        teacher = teacher_logits(model, ids, points)
        logits = guess(ids, points)
        log_target, log_found = (torch.log_softmax(x, dim=-1) for x in (teacher, logits))
        divergence = (log_target.exp() * (log_target - log_found)).sum(-1)
        loss = prompt_loss(divergence.view(len(ids), -1, PROMPTS).mean(dim=(0, 1)))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()


@torch.no_grad()
def teacher_logits(model: Foretoken, ids: Tensor, points: np.ndarray) -> Tensor:
    """What the real rows predict: [B, R*m, V]."""
    return model.output(model(ids)[:, placed_rows(model, ids, points).teachers])


@torch.no_grad()
def accuracies(model: Foretoken, guess: Guesser, rows: np.ndarray) -> list[list[float]]:
    """[m][k - 1]: share of guesses whose first k hold the model's argmax, k up to RANKS."""
    hits, total = torch.zeros(PROMPTS, RANKS), 0
    for ids, points in batches(rows, seed=3):
        truth = teacher_logits(model, ids, points).argmax(-1)
        found = guess(ids, points).topk(RANKS).indices == truth[..., None]
        hits += found.view(-1, PROMPTS, RANKS).sum(0)
        total += len(ids) * len(points)
    return (hits.cumsum(1) / total).tolist()


def compare(model: Foretoken, train: np.ndarray, test: np.ndarray) -> dict[str, object]:
    """Figures of every way to guess; the model ends with its frozen-recipe prompt tokens."""
    size = sum(p.numel() for name, p in model.named_parameters() if name != "prompts")
    found: dict[str, object] = {"model_parameters": size, "train_tokens": int(train.size)}

    def record(name: str, guess: Guesser, parameters: int) -> None:
        table = accuracies(model, guess, test)
        share = parameters / size
        found[name] = {"parameters": parameters, "share": share, "top_k_by_distance": table}
        print(name, f"{share:.6%}", [[round(row[k], 3) for k in (0, 4, 9)] for row in table], flush=True)

    guess, prompts = prompt_guesser(model), model.prompts
    if bool((prompts != prompts[0]).any()):
        record("taken along", guess, prompts.numel())
    prompts.data.copy_(model.embedding.weight.data.mean(0).expand_as(prompts))
    record("untrained", guess, prompts.numel())
    fit(model, guess, [prompts], train, PROMPT_RATE)
    record("prompt tokens", guess, prompts.numel())
    heads = MedusaHeads(model)
    weights = list(heads.parameters())
    fit(model, heads, weights, train, HEAD_RATE)
    record("medusa", heads, sum(p.numel() for p in weights))
    record("skip-gram", skip_gram_guesser(model, train), 0)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--gguf", type=Path, help="instead of a checkpoint: a model of preset cpu")
    parser.add_argument("--rows", type=int, default=2400, help="training rows of 512 tokens")
    parser.add_argument("--test-rows", type=int, default=96)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    if options.checkpoint is not None:
        model, _ = load_model(options.checkpoint)
    else:
        model = Foretoken(ModelConfig(**PRESETS["cpu"].model, prompts=PROMPTS))
        load_weights(model, options.gguf)
    train = np.asarray(open_rows("short")[-options.rows :])
    test = np.asarray(open_rows("validation")[: options.test_rows])
    options.out.write_text(json.dumps(compare(model, train, test), indent=1) + "\n")


if __name__ == "__main__":
    main()
