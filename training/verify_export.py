"""Does llama.cpp see the model that was trained? Token ids, round trip and greedy text.

F32 and F16 files must agree on every id; Q8_0 may part from torch where two tokens are nearly tied,
so its count of equal leading tokens is reported and only a bad one (under half on average) fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import torch

from export_gguf import FORMATS, export, load_model
from paths import HERE, WORK
from model import Foretoken
from tokenizer import END_OF_TEXT, Tokenizer

GREEDY_TOKENS = 40
TEXTS = (
    "function add(a: number, b: number): number {\n  return a + b;\n}\n",
    "def read(path):\n    with open(path) as f:\n        return [int(x) for x in f]\n",
    "const naïve = 'Grüße, 世界 🎉 ñ';\t\r\n\r\n   // it's we'll I'D\n",
    "x = 12345.678e-9   \n\n\n  if (!a&&b||c) { ++i; }  ",
    "<|fim_prefix|>not a special here<|endoftext|>",
)
PROMPTS = (
    "import React from 'react';\n\nexport function ",
    "def main():\n    parser = argparse.ArgumentParser(",
    "for (let i = 0; i < ",
    "class Node:\n    def __init__(self, ",
    "/** Returns the",
)


def ask(model: Path, requests: list[dict[str, object]]) -> list[dict[str, list[int]]]:
    """Answers of complete.mjs, in order."""
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    command = ["node", str(HERE / "complete.mjs"), str(model)]
    output = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


@torch.no_grad()
def greedy(model: Foretoken, tokens: list[int], count: int) -> list[int]:
    """Most likely continuation in fp32, ending with `<|endoftext|>` if it comes."""
    ids = list(tokens)
    while len(ids) < len(tokens) + count:
        ids.append(int(model.logits(torch.tensor([ids]))[0, -1].argmax()))
        if ids[-1] == END_OF_TEXT:
            break
    return ids[len(tokens) :]


def equal_start(left: list[int], right: list[int]) -> int:
    """How many leading ids agree."""
    pairs = zip(left, right)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def check_tokenizer(path: Path, tokenizer: Tokenizer) -> None:
    """Ids equal ours, and they decode to the text."""
    for text, answer in zip(TEXTS, ask(path, [{"text": text} for text in TEXTS])):
        assert answer["ids"] == tokenizer.encode(text), f"token ids differ for {text!r}"
        assert answer["text"] == text, f"no round trip for {text!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, _ = load_model(options.checkpoint)
    tokenizer = Tokenizer.load(options.tokenizer)
    prompts = [tokenizer.encode(prompt) for prompt in PROMPTS]
    expected = [greedy(model, prompt, GREEDY_TOKENS) for prompt in prompts]
    requests: list[dict[str, object]] = [
        {"tokens": prompt, "max": GREEDY_TOKENS} for prompt in prompts
    ]
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMATS:
            path = Path(folder) / f"{form}.gguf"
            export(model, tokenizer, path, "verify", form)
            check_tokenizer(path, tokenizer)
            same = [equal_start(a["ids"], b) for a, b in zip(ask(path, requests), expected)]
            wanted = [len(ids) for ids in expected]
            print(f"{form}: equal leading tokens {same} of {wanted}")
            exact = form != "Q8_0"
            assert (
                same == wanted if exact else sum(same) >= sum(wanted) / 2
            ), f"{form} differs from torch"
    print(repr(tokenizer.decode(expected[0])))


if __name__ == "__main__":
    main()
