"""Prompt tokens taken along in the training of the model itself (PPD, arXiv:2405.18628, section 3).

After an insertion point t (the last real token seen) stand m prompt rows: row i, from 1, at position
t + i, in the place of token t + i, and it is to predict what the real row t + i predicts. It attends
to the real tokens up to t and to the rows 1..i of its own chain; real rows never attend to prompt
rows, so the model's own logits stay what they are. Unlike in the frozen recipe that trains prompt
tokens for any model, the gradient also reaches the model: it learns to look ahead.

Shapes: B rows, T tokens, m prompt tokens, R insertion points per row, P = R*m, D width, V vocabulary.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

DISTANCE_DECAY = 0.8  # weight of a distance against the one before it; PPD section 3
LOSS_WEIGHT = 0.3  # of the prompt rows' loss beside the model's own
INSERTION_SHARE = 0.17  # prompt rows per real row


class PromptRows(NamedTuple):
    """Where the P prompt rows of a micro-batch stand; the same for all its B rows."""

    positions: Tensor  # int64 [P]
    mask: Tensor  # 0 or -inf [P, T + P]
    teachers: Tensor  # int64 [P]: real row whose prediction each is to make


def insertion_count(length: int, prompts: int) -> int:
    """R for rows of `length` tokens."""
    return max(1, int(length * INSERTION_SHARE / prompts))


def place_prompt_rows(insertions: np.ndarray, prompts: int, length: int, like: Tensor) -> PromptRows:
    """Rows for insertion points [R], each below length - prompts; masks get the dtype of `like`."""
    points = torch.as_tensor(insertions, dtype=torch.int64, device=like.device)
    distances = torch.arange(1, prompts + 1, device=like.device)
    positions = (points[:, None] + distances).flatten()
    owner = torch.arange(len(points), device=like.device).repeat_interleave(prompts)
    distance = distances.repeat(len(points))
    sees_token = torch.arange(length, device=like.device) <= points[owner][:, None]
    sees_row = (owner[:, None] == owner) & (distance <= distance[:, None])
    mask = torch.zeros(len(owner), length + len(owner), dtype=like.dtype, device=like.device)
    mask.masked_fill_(~torch.cat([sees_token, sees_row], dim=1), float("-inf"))
    return PromptRows(positions, mask, positions)


def draw_insertions(rng: np.random.Generator, length: int, prompts: int) -> np.ndarray:
    """R different insertion points, rising."""
    count = insertion_count(length, prompts)
    return np.sort(rng.choice(length - prompts, size=min(count, length - prompts), replace=False))


def divergence_by_distance(
    student: Tensor, teacher: Tensor, weight: Tensor, prompts: int
) -> Tensor:
    """Mean KL(teacher || student) in nats for each distance [m].

    student and teacher are hidden states [B, P, D], weight the output matrix [V, D]. Nothing flows
    into the teacher; into the output matrix the gradient comes through the student alone.
    """
    with torch.no_grad():
        target = torch.log_softmax((teacher @ weight.t()).float(), dim=-1)
    found = torch.log_softmax((student @ weight.t()).float(), dim=-1)
    divergence = (target.exp() * (target - found)).sum(-1)
    return divergence.view(len(student), -1, prompts).mean(dim=(0, 1))


def prompt_loss(divergences: Tensor) -> Tensor:
    """sum of 0.8^(i-1) * KL_i / m; divergences [m]."""
    prompts = len(divergences)
    decay = DISTANCE_DECAY ** torch.arange(prompts, device=divergences.device)
    return (divergences * decay).sum() / prompts
