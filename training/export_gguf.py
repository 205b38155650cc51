"""Checkpoint + tokenizer -> GGUF of arch `llama`, in F32, F16 or Q8_0.

gguf-py comes from llama.cpp's source, which run.sh unpacks to work/llama.cpp. Norms stay F32 in
every format. Special tokens are marked control and the FIM ids are also written as metadata, so a
reader needs no naming rule.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from paths import WORK
from model import Foretoken, ModelConfig
from optimizer import flatten
from tokenizer import END_OF_TEXT, SIZE, SPECIAL_ID, SPECIALS, Tokenizer

sys.path.insert(0, str(WORK / "llama.cpp" / "gguf-py"))
import gguf  # noqa: E402

CONTEXT_LENGTH = 1024  # the longest rows trained on; positions beyond are noise to the model
FORMATS = {
    "F32": gguf.GGMLQuantizationType.F32,
    "F16": gguf.GGMLQuantizationType.F16,
    "Q8_0": gguf.GGMLQuantizationType.Q8_0,
}
BLOCK_TENSORS = {
    "attention_norm": "attn_norm", "query": "attn_q", "key": "attn_k", "value": "attn_v",
    "attention_out": "attn_output", "feed_norm": "ffn_norm",
    "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
}  # fmt: skip
OUTER_TENSORS = {"embedding": "token_embd", "final_norm": "output_norm", "output": "output"}


def load_model(checkpoint: Path) -> tuple[Foretoken, dict[str, float]]:
    """The fp32 model of a checkpoint and the position (steps, tokens, seconds) it was saved at."""
    saved = torch.load(checkpoint, map_location="cpu")
    model = Foretoken(ModelConfig(**saved["config"]))
    master, working, _ = flatten(model, torch.float32)
    working.copy_(saved["master"])
    del master
    return model.eval(), saved["position"]


def named_tensors(model: Foretoken) -> Iterator[tuple[str, Tensor]]:
    """(GGUF name, weight) of every parameter of the model itself; prompt tokens are none of them."""
    for name, weight in model.named_parameters():
        if name == "prompts":
            continue
        parts = name.split(".")
        if parts[0] == "blocks":
            yield f"blk.{parts[1]}.{BLOCK_TENSORS[parts[2]]}.weight", weight.detach()
        else:
            yield f"{OUTER_TENSORS[parts[0]]}.weight", weight.detach()


def add_shape(writer: gguf.GGUFWriter, config: ModelConfig) -> None:
    """Hyperparameters of arch `llama`."""
    writer.add_context_length(CONTEXT_LENGTH)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.hidden)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.heads)
    writer.add_rope_dimension_count(config.head_size)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_vocab_size(config.vocabulary)


def add_vocabulary(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    """Token texts, merges and the special ids under the keys llama.cpp reads."""
    texts = tokenizer.token_texts()
    assert len(set(texts)) == SIZE, "two tokens share a text; llama.cpp would refuse the vocabulary"
    plain = SIZE - len(SPECIALS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(texts)
    writer.add_token_types(
        [gguf.TokenType.NORMAL] * plain + [gguf.TokenType.CONTROL] * len(SPECIALS)
    )
    writer.add_token_merges(tokenizer.merge_texts())
    writer.add_bos_token_id(END_OF_TEXT)
    writer.add_eos_token_id(END_OF_TEXT)
    writer.add_eot_token_id(END_OF_TEXT)
    writer.add_pad_token_id(SPECIAL_ID["<|fim_pad|>"])
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    keys = {
        "pre": "fim_prefix",
        "suf": "fim_suffix",
        "mid": "fim_middle",
        "pad": "fim_pad",
        "rep": "repo_name",
        "sep": "file_sep",
    }
    for key, name in keys.items():
        writer.add_uint32(f"tokenizer.ggml.fim_{key}_token_id", SPECIAL_ID[f"<|{name}|>"])


def export(model: Foretoken, tokenizer: Tokenizer, path: Path, name: str, form: str) -> None:
    """Write one GGUF."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_author("Foretoken")
    writer.add_license("mit")
    writer.add_description(
        "Small code completion model with fill-in-the-middle, trained from scratch by training/."
    )
    writer.add_file_type({"F32": 0, "F16": 1, "Q8_0": 7}[form])
    add_shape(writer, model.config)
    add_vocabulary(writer, tokenizer)
    for tensor_name, weight in named_tensors(model):
        target = FORMATS[form] if weight.ndim > 1 else FORMATS["F32"]
        writer.add_tensor(
            tensor_name, gguf.quants.quantize(weight.numpy(), target), raw_dtype=target
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def write_prompt_tokens(model: Foretoken, path: Path) -> None:
    """The m x D prompt embeddings as bare little-endian float32, row after row."""
    model.prompts.detach().cpu().float().numpy().astype("<f4").tofile(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer.json")
    parser.add_argument("--name", default="Foretoken Code 6M")
    parser.add_argument("--format", choices=sorted(FORMATS), default="Q8_0")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--prompts", type=Path, help="also write the prompt tokens, bare float32")
    options = parser.parse_args()
    model, _ = load_model(options.checkpoint)
    export(model, Tokenizer.load(options.tokenizer), options.out, options.name, options.format)
    if options.prompts is not None and model.config.prompts > 0:
        write_prompt_tokens(model, options.prompts)


if __name__ == "__main__":
    main()
