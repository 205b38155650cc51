"""GGUF -> weights and vocabulary: continue the training of a model whose checkpoint is gone.

Quantised weights come back as what llama.cpp computes with; training goes on from there. Run as a
script it writes work/tokenizer.json: a corpus that has changed would give another vocabulary.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from export_gguf import gguf, named_tensors
from model import Foretoken, ModelConfig
from paths import WORK
from tokenizer import Tokenizer, byte_characters


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
        model.prompts.copy_(prompts_beside(path, model))


def prompts_beside(path: Path, model: Foretoken) -> torch.Tensor:
    """Prompt tokens [m, D] that were trained for the file before; the mean embedding without any."""
    found = path.with_suffix(".prompt-tokens.gguf")
    if not found.exists():
        return model.embedding.weight.mean(0).expand_as(model.prompts)
    tensor = next(t for t in gguf.GGUFReader(found).tensors if t.data.size == model.prompts.numel())
    return torch.from_numpy(tensor.data.copy()).reshape(model.prompts.shape)


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


def tokenizer_of(path: Path) -> Tokenizer:
    """The vocabulary of a file that export_gguf.py wrote: its merges, in the order they were learnt."""
    field = gguf.GGUFReader(path).fields["tokenizer.ggml.merges"]
    characters = {char: bytes([byte]) for byte, char in enumerate(byte_characters())}
    ids = {bytes([byte]): byte for byte in range(256)}
    merges = []
    for index in field.data:
        merge = bytes(field.parts[index]).decode("utf8")
        left, right = (b"".join(characters[c] for c in part) for part in merge.split(" "))
        merges.append((ids[left], ids[right]))
        ids[left + right] = len(ids)
    return Tokenizer(merges)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer.json")
    options = parser.parse_args()
    tokenizer_of(options.gguf).save(options.tokenizer)


if __name__ == "__main__":
    main()
