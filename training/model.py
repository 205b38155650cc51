"""The network: a small Llama (RMSNorm, rotary positions, SwiGLU, no biases, untied output).

Shapes: B rows, T positions, D model width, H heads of size K (D = H*K), F feed-forward width, V
vocabulary. Rotary positions are interleaved (pairs 2i, 2i+1), which is what llama.cpp's arch
`llama` computes, so the weights go into the GGUF as they are, without the row permutation that
half-split RoPE needs. Source of the architecture: Touvron et al. 2023, arXiv:2302.13971; rotary: Su
et al. 2021, arXiv:2104.09864.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prompt_rows import PromptRows

QUERY_BLOCK = 256  # on the CPU queries go in blocks, so that keys after a block are never computed
LOGIT_CHUNK, CUDA_LOGIT_CHUNK = 512, 8192  # positions whose V logits exist at one time


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of one network; every width is a multiple of 32 because Q8_0 packs 32 weights."""

    width: int
    layers: int
    heads: int
    hidden: int
    vocabulary: int = 8192
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5
    prompts: int = 0  # m: prompt tokens taken along (prompt_rows.py)

    @property
    def head_size(self) -> int:
        """K, the width of one attention head."""
        return self.width // self.heads

    def as_dict(self) -> dict[str, float]:
        """Plain data for the checkpoint."""
        return asdict(self)


def rotary_tables(length: int, size: int, base: float) -> tuple[Tensor, Tensor]:
    """cos and sin, each [length, size], every angle repeated for the two members of its pair."""
    frequency = base ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)
    angle = torch.arange(length, dtype=torch.float32)[:, None] * frequency[None, :]
    angle = angle.repeat_interleave(2, dim=1)
    return angle.cos(), angle.sin()


def pair_rotation(size: int) -> Tensor:
    """R [size, size] with (x @ R)[2i] = -x[2i+1], (x @ R)[2i+1] = x[2i]; beats striding."""
    matrix = torch.zeros(size, size)
    even = torch.arange(0, size, 2)
    matrix[even + 1, even] = -1.0
    matrix[even, even + 1] = 1.0
    return matrix


class RMSNorm(nn.Module):
    """x / rms(x) * weight; the statistics are taken in fp32. x: [..., D]."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] -> [..., D]."""
        mean_square = x.float().pow(2).mean(-1, keepdim=True)
        scale = torch.rsqrt(mean_square + self.epsilon).to(x.dtype)
        return x * scale * self.weight


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal softmax(q k^T / sqrt(K)) v; q, k, v: [B, H, T, K] -> [B, H, T, K]."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    length = q.shape[2]
    q = q * (1.0 / math.sqrt(q.shape[3]))
    blocks = []
    for start in range(0, length, QUERY_BLOCK):
        end = min(start + QUERY_BLOCK, length)
        scores = q[:, :, start:end] @ k[:, :, :end].transpose(2, 3)
        mask = torch.full((end - start, end), float("-inf"), dtype=q.dtype).triu(start + 1)
        blocks.append(torch.softmax(scores + mask, dim=-1) @ v[:, :, :end])
    return blocks[0] if len(blocks) == 1 else torch.cat(blocks, dim=2)


def attention_with_prompts(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Causal attention for the first T rows, by mask [P, T + P] for the P prompt rows behind them."""
    length = q.shape[2] - len(mask)
    real = causal_attention(q[:, :, :length], k[:, :, :length], v[:, :, :length])
    scores = q[:, :, length:] @ k.transpose(2, 3) * (1.0 / math.sqrt(q.shape[3]))
    return torch.cat([real, torch.softmax(scores + mask, dim=-1) @ v], dim=2)


class Block(nn.Module):
    """One layer: x + attention(norm(x)), then x + feed-forward(norm(x))."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, hidden = config.width, config.hidden
        self.heads = config.heads
        self.attention_norm = RMSNorm(width, config.norm_epsilon)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.attention_out = nn.Linear(width, width, bias=False)
        self.feed_norm = RMSNorm(width, config.norm_epsilon)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def rotated(
        self, x: Tensor, rotary: tuple[Tensor, Tensor, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """[B, T, D] -> q, k at their positions and v, each [B, H, T, K]."""
        rows, length, _ = x.shape
        cos, sin, rotation = rotary
        q, k, v = (
            linear(x).view(rows, length, self.heads, -1).transpose(1, 2)
            for linear in (self.query, self.key, self.value)
        )
        return q * cos + (q @ rotation) * sin, k * cos + (k @ rotation) * sin, v

    def attend(
        self, x: Tensor, rotary: tuple[Tensor, Tensor, Tensor], mask: Tensor | None
    ) -> Tensor:
        """x: [B, T, D] -> [B, T, D]; rotary: cos and sin [T, K] and the pair rotation [K, K]."""
        q, k, v = self.rotated(x, rotary)
        mixed = (
            causal_attention(q, k, v) if mask is None else attention_with_prompts(q, k, v, mask)
        )
        return self.attention_out(mixed.transpose(1, 2).reshape(x.shape))

    def attend_after(
        self,
        x: Tensor,
        rotary: tuple[Tensor, Tensor, Tensor],
        past: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """[B, T, D] after cached k and v [B, H, S, K] -> [B, T, D] and the cache with T more.

        Without a cache the T tokens are causal among themselves; with one T must be 1.
        """
        q, k, v = self.rotated(x, rotary)
        if past is not None:
            k, v = (torch.cat(pair, dim=2) for pair in zip(past, (k, v)))
            scores = q @ k.transpose(2, 3) * (1.0 / math.sqrt(q.shape[3]))
            mixed = torch.softmax(scores, dim=-1) @ v
        else:
            mixed = causal_attention(q, k, v)
        return self.attention_out(mixed.transpose(1, 2).reshape(x.shape)), (k, v)

    def feed(self, x: Tensor) -> Tensor:
        """SwiGLU, [..., D] -> [..., D]."""
        return self.down(F.silu(self.gate(x)) * self.up(x))

    def forward(
        self, x: Tensor, rotary: tuple[Tensor, Tensor, Tensor], mask: Tensor | None = None
    ) -> Tensor:
        """[B, T, D] -> [B, T, D]; with mask [P, T], the last P rows are prompt rows."""
        x = x + self.attend(self.attention_norm(x), rotary, mask)
        return x + self.feed(self.feed_norm(x))


class Foretoken(nn.Module):
    """Token ids [B, T] to hidden states [B, T, D]; `logits` turns those into scores over V."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.final_norm = RMSNorm(config.width, config.norm_epsilon)
        self.output = nn.Linear(config.width, config.vocabulary, bias=False)
        if config.prompts > 0:
            self.prompts = nn.Parameter(torch.zeros(config.prompts, config.width))
        self.rotary_cache: dict[tuple[int, torch.dtype], tuple[Tensor, Tensor, Tensor]] = {}

    def rotary(self, length: int, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Tables for `length` positions in the dtype and on the device of `like`."""
        key = (length, like.dtype)
        if key not in self.rotary_cache:
            cos, sin = rotary_tables(length, self.config.head_size, self.config.rope_base)
            tables = (cos, sin, pair_rotation(self.config.head_size))
            self.rotary_cache[key] = tuple(table.to(like) for table in tables)
        return self.rotary_cache[key]

    def forward(self, ids: Tensor) -> Tensor:
        """[B, T] int64 -> normalised hidden states [B, T, D]."""
        x = self.embedding(ids)
        rotary = self.rotary(ids.shape[1], x)
        for block in self.blocks:
            x = block(x, rotary)
        return self.final_norm(x)

    def forward_with_prompts(self, ids: Tensor, rows: PromptRows) -> tuple[Tensor, Tensor]:
        """[B, T] -> hidden states of the tokens [B, T, D] and of the prompt rows [B, P, D]."""
        length = ids.shape[1]
        x = self.embedding(ids)
        prompts = self.prompts.repeat(len(rows.positions) // len(self.prompts), 1)
        x = torch.cat([x, prompts.expand(len(ids), -1, -1)], dim=1)
        cos, sin, rotation = self.rotary(length, x)
        at = torch.cat([torch.arange(length, device=ids.device), rows.positions])
        for block in self.blocks:
            x = block(x, (cos[at], sin[at], rotation), rows.mask)
        x = self.final_norm(x)
        return x[:, :length], x[:, length:]

    def logits(self, ids: Tensor) -> Tensor:
        """[B, T] -> [B, T, V]; for evaluation, as training uses linear_cross_entropy."""
        return self.output(self.forward(ids))


class LinearCrossEntropy(torch.autograd.Function):
    """Summed next-token loss of hidden @ weight.T that never holds all logits.

    hidden [N, D], weight [V, D], targets [N], importance [N] (0: ignored). Gradients are formed in
    the forward pass, chunk by chunk: d loss / d logits = (softmax(logits) - onehot) * importance.
    """

    @staticmethod
    def forward(ctx, hidden: Tensor, weight: Tensor, targets: Tensor, importance: Tensor) -> Tensor:
        """Loss in nats, summed with the targets' importance; a fp32 scalar."""
        loss = torch.zeros((), device=hidden.device)
        d_hidden = torch.empty_like(hidden)
        d_weight = torch.zeros(weight.shape, device=weight.device)
        chunk = CUDA_LOGIT_CHUNK if hidden.is_cuda else LOGIT_CHUNK
        for start in range(0, len(hidden), chunk):
            part = slice(start, start + chunk)
            index, factor = targets[part, None], importance[part, None]
            chances = torch.softmax(hidden[part] @ weight.t(), dim=1, dtype=torch.float32)
            loss -= (chances.gather(1, index).clamp_min_(1e-30).log_() * factor).sum()
            chances.scatter_add_(1, index, torch.full_like(index, -1, dtype=torch.float32))
            gradient = chances.mul_(factor).to(hidden.dtype)
            d_hidden[part] = gradient @ weight
            d_weight += gradient.t() @ hidden[part]
        ctx.save_for_backward(d_hidden, d_weight.to(weight.dtype))
        return loss

    @staticmethod
    def backward(ctx, upstream: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Scale the stored gradients by the incoming one."""
        d_hidden, d_weight = ctx.saved_tensors
        scaled = (d * upstream.to(d.dtype) for d in (d_hidden, d_weight))
        return *scaled, None, None


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, targets: Tensor, importance: Tensor
) -> Tensor:
    """Summed loss in nats for hidden [..., D], targets and importance [...]."""
    flat = hidden.flatten(0, -2), weight, targets.flatten(), importance.flatten()
    return LinearCrossEntropy.apply(*flat)


def initialise(model: Foretoken, seed: int) -> None:
    """Normal weights; matrices that write into the residual stream start at zero."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if parameter.ndim < 2:
            continue
        if name == "prompts":
            parameter.data.copy_(model.embedding.weight.data.mean(0).expand_as(parameter))
            continue
        if name.endswith(("attention_out.weight", "down.weight")):
            parameter.data.zero_()
            continue
        deviation = 0.02 if name.startswith(("embedding", "output")) else parameter.shape[1] ** -0.5
        parameter.data.normal_(0.0, deviation, generator=generator)
