"""Muon for hidden matrices, Adam for embeddings, output and norms, over one flat fp32 master copy.

All parameters live in one flat buffer, so that worker processes share weights and gradients as
plain memory. Muon: Jordan et al. 2024 (the Newton-Schulz coefficients are theirs); Adam: Kingma and
Ba 2015, arXiv:1412.6980.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5
MOMENTUM = 0.95
MUON_RATE, MUON_DECAY = 0.02, 0.05
ADAM_RATES = {
    "embedding": 0.01, "output": 0.004, "norm": 0.01, "matrix": 0.003, "prompts": 0.01,
}  # fmt: skip
BETAS, EPSILON = (0.9, 0.95), 1e-10


@dataclass(frozen=True)
class Slot:
    """Where one parameter lies in the flat buffers."""

    name: str
    offset: int
    shape: torch.Size

    def of(self, flat: Tensor) -> Tensor:
        """The parameter's view of a flat buffer."""
        return flat[self.offset : self.offset + self.shape.numel()].view(self.shape)

    @property
    def kind(self) -> str:
        """Which learning rate applies: embedding, output, prompts, norm or matrix."""
        if "norm" in self.name:
            return "norm"
        first = self.name.split(".")[0]
        return first if first in ("embedding", "output", "prompts") else "matrix"


def flatten(model: nn.Module, dtype: torch.dtype) -> tuple[Tensor, Tensor, list[Slot]]:
    """(fp32 master, working copy in `dtype` that the model's parameters now view, slots)."""
    slots, offset = [], 0
    for name, parameter in model.named_parameters():
        slots.append(Slot(name, offset, parameter.shape))
        offset += parameter.numel()
    master = torch.cat([p.detach().flatten().float() for p in model.parameters()])
    working = master.to(dtype)
    for slot, parameter in zip(slots, model.parameters()):
        parameter.data = slot.of(working)
    return master, working, slots


def orthogonalise(matrices: Tensor) -> Tensor:
    """Nearest semi-orthogonal matrices, roughly: [N, R, C] bf16 with R <= C -> same shape."""
    a, b, c = NEWTON_SCHULZ
    x = matrices / (matrices.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


class Optimizer:
    """State and update rule; `state()` and `load()` make it resumable."""

    def __init__(self, master: Tensor, slots: list[Slot], use_muon: bool = True) -> None:
        self.master, self.step_count = master, 0
        self.first, self.second = torch.zeros_like(master), torch.zeros_like(master)
        self.muon = [slot for slot in slots if use_muon and slot.kind == "matrix"]
        self.adam = [slot for slot in slots if slot not in self.muon]

    def state(self) -> dict[str, Tensor | int]:
        """What a checkpoint has to hold besides the master weights."""
        return {"first": self.first, "second": self.second, "steps": self.step_count}

    def load(self, state: dict[str, Tensor | int]) -> None:
        """Continue from `state()`."""
        self.first.copy_(state["first"])
        self.second.copy_(state["second"])
        self.step_count = int(state["steps"])

    def step(self, gradient: Tensor, rate: float) -> None:
        """One update of the master; `rate` in 0..1 is the schedule's factor."""
        self.step_count += 1
        for slot in self.adam:
            self.adam_update(slot, gradient, rate * ADAM_RATES[slot.kind])
        shapes = {slot.shape for slot in self.muon}
        for shape in sorted(shapes):
            self.muon_update([slot for slot in self.muon if slot.shape == shape], gradient, rate)

    def adam_update(self, slot: Slot, gradient: Tensor, rate: float) -> None:
        """Adam with bias correction on one parameter."""
        g, m, v = (slot.of(flat) for flat in (gradient, self.first, self.second))
        m.lerp_(g, 1 - BETAS[0])
        v.lerp_(g * g, 1 - BETAS[1])
        mean = m / (1 - BETAS[0] ** self.step_count)
        scale = (v / (1 - BETAS[1] ** self.step_count)).sqrt_().add_(EPSILON)
        slot.of(self.master).addcdiv_(mean, scale, value=-rate)

    def muon_update(self, slots: list[Slot], gradient: Tensor, rate: float) -> None:
        """Nesterov momentum, orthogonalised, on all matrices of one shape at once."""
        updates = []
        for slot in slots:
            g, m = slot.of(gradient), slot.of(self.first)
            m.lerp_(g, 1 - MOMENTUM)
            updates.append(g.lerp(m, MOMENTUM))
        rows, columns = slots[0].shape
        stacked = torch.stack(updates).bfloat16()
        tall = rows > columns
        stacked = orthogonalise(stacked.transpose(1, 2) if tall else stacked)
        stacked = (stacked.transpose(1, 2) if tall else stacked).float()
        scale = rate * MUON_RATE * max(1.0, rows / columns) ** 0.5
        for slot, update in zip(slots, stacked):
            weight = slot.of(self.master)
            weight.mul_(1 - rate * MUON_RATE * MUON_DECAY).add_(update, alpha=-scale)
