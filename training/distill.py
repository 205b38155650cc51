"""The draft's loss: the target's predictions and the text's own next tokens, mixed.

Shapes: N positions, D and E widths of student and teacher, V vocabulary. Both models share V. Source:
Hinton et al. 2015, arXiv:1503.02531, at temperature 1, which is what greedy agreement asks for.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from model import CUDA_LOGIT_CHUNK, LOGIT_CHUNK, Foretoken

TEACHER_SHARE = 0.8  # of the wanted distribution; the rest is the token that stands in the text


class Teacher(NamedTuple):
    """What the target makes of some positions; nothing flows back into it."""

    hidden: Tensor  # [N, E]
    weight: Tensor  # [V, E]


class LinearDistillation(torch.autograd.Function):
    """Summed cross-entropy of hidden @ weight.T with a mix of teacher and text, chunk by chunk.

    hidden [N, D], weight [V, D], targets [N], importance [N]. As in LinearCrossEntropy the gradients
    are formed on the way: d loss / d logits = (softmax(logits) - wanted) * importance.
    """

    @staticmethod
    def forward(
        ctx, hidden: Tensor, weight: Tensor, teacher: Teacher, targets: Tensor, importance: Tensor
    ) -> Tensor:
        """Loss in nats, summed with importance; the teacher's entropy is part of it."""
        loss = torch.zeros((), device=hidden.device)
        d_hidden = torch.empty_like(hidden)
        d_weight = torch.zeros(weight.shape, device=weight.device)
        chunk = CUDA_LOGIT_CHUNK if hidden.is_cuda else LOGIT_CHUNK
        for start in range(0, len(hidden), chunk):
            part = slice(start, start + chunk)
            index, factor = targets[part, None], importance[part, None]
            wanted = torch.softmax(teacher.hidden[part] @ teacher.weight.t(), 1, torch.float32)
            wanted.mul_(TEACHER_SHARE)
            wanted.scatter_add_(1, index, torch.full_like(wanted[:, :1], 1 - TEACHER_SHARE))
            found = torch.log_softmax(hidden[part] @ weight.t(), 1, torch.float32)
            loss -= ((wanted * found).sum(1, keepdim=True) * factor).sum()
            gradient = found.exp_().sub_(wanted).mul_(factor).to(hidden.dtype)
            d_hidden[part] = gradient @ weight
            d_weight += gradient.t() @ hidden[part]
        ctx.save_for_backward(d_hidden, d_weight.to(weight.dtype))
        return loss

    @staticmethod
    def backward(ctx, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """Scale the stored gradients by the incoming one."""
        d_hidden, d_weight = ctx.saved_tensors
        scaled = (d * upstream.to(d.dtype) for d in (d_hidden, d_weight))
        return *scaled, None, None, None


def distillation_loss(
    hidden: Tensor, weight: Tensor, target: Foretoken, ids: Tensor, importance: Tensor
) -> Tensor:
    """Summed loss in nats for hidden [B, T, D] over ids and importance [B, T]."""
    with torch.no_grad():
        teacher = Teacher(target(ids).flatten(0, 1), target.output.weight)
    following = ids.roll(-1, dims=1).flatten()
    flat = hidden.flatten(0, 1), weight, teacher, following, importance.flatten()
    return LinearDistillation.apply(*flat)
