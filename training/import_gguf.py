"""GGUF -> weights: continue the training of a model whose checkpoint is gone.

Quantised weights come back as what llama.cpp computes with; training goes on from there.
"""

from __future__ import annotations

from pathlib import Path

import torch

from export_gguf import gguf, named_tensors
from model import Foretoken, ModelConfig


@torch.no_grad()
def load_weights(model: Foretoken, path: Path) -> None:
    """Copies every tensor of the file into the model of the same shape; fp32."""
    reader = gguf.GGUFReader(path)
    stored = {tensor.name: tensor for tensor in reader.tensors}
    for name, weight in named_tensors(model):
        tensor = stored.pop(name)
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        weight.copy_(torch.from_numpy(values.copy()).reshape(weight.shape))
    if stored:
        raise ValueError(f"{path.name} holds tensors of another architecture: {sorted(stored)[:3]}")
    if model.config.prompts > 0:
        model.prompts.copy_(model.embedding.weight.mean(0).expand_as(model.prompts))


def config_of(path: Path) -> ModelConfig:
    """Sizes in the file's metadata; of arch `llama` as export_gguf.py writes it."""
    fields = gguf.GGUFReader(path).fields

    def value(key: str) -> float:
        return fields[f"llama.{key}"].parts[-1][0].item()

    return ModelConfig(
        width=value("embedding_length"),
        layers=value("block_count"),
        heads=value("attention.head_count"),
        hidden=value("feed_forward_length"),
        vocabulary=value("vocab_size"),
        rope_base=value("rope.freq_base"),
        norm_epsilon=value("attention.layer_norm_rms_epsilon"),
    )


def model_from_gguf(path: Path) -> Foretoken:
    """The model as llama.cpp computes it, up to rounding; fp32, without prompt tokens."""
    model = Foretoken(config_of(path))
    load_weights(model, path)
    return model.eval()
