"""How often is the draft's first guess what the target writes? On the target's greedy continuations.

Both files go through the same fp32 code; the continuations come from the target's GGUF in llama.cpp.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import torch

from evaluate import read_documents
from import_gguf import model_from_gguf
from line_fim import line_prompt, line_splits
from model import Foretoken
from paths import WORK
from tokenizer import Tokenizer
from verify_export import ask


LANGUAGES, CASES, MAX_TOKENS, RANKS = ("typescript", "javascript", "python"), 60, 48, (1, 5, 10)
PLAIN_PROMPT = 200  # tokens of a document's start


@torch.no_grad()
def ranks_hit(draft: Foretoken, prompt: list[int], written: list[int]) -> torch.Tensor:
    """[RANKS] counts of written tokens that are among the draft's first k at their place."""
    logits = draft.logits(torch.tensor([[*prompt, *written]]))[0, len(prompt) - 1 : -1]
    hit = logits.topk(max(RANKS)).indices == torch.tensor(written)[:, None]
    return torch.stack([hit[:, :k].any(1).sum() for k in RANKS])


def agreement(
    draft: Foretoken, target: Path, prompts: list[list[int]]
) -> dict[str, float | list[float]]:
    """Shares over all tokens the target writes."""
    answers = ask(target, [{"tokens": prompt, "max": MAX_TOKENS} for prompt in prompts])
    written = [answer["ids"] for answer in answers]
    hits = sum(ranks_hit(draft, p, w) for p, w in zip(prompts, written) if w)
    tokens = sum(map(len, written))
    shares = {f"top_{k}": hits[i].item() / tokens for i, k in enumerate(RANKS)}
    return {"prompts": len(prompts), "tokens": tokens, **shares}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draft", type=Path, required=True)
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=WORK / "corpus" / "test.jsonl")
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    draft, tokenizer = model_from_gguf(options.draft), Tokenizer.load(options.tokenizer)
    languages = read_documents(options.corpus, options.seed)
    found: dict[str, object] = {"draft_parameters": sum(p.numel() for p in draft.parameters())}
    for language in LANGUAGES:
        documents = languages[language]
        splits = line_splits(documents, CASES, random.Random(options.seed))
        middles = [line_prompt(split, "engine", tokenizer) for split in splits]
        starts = [tokenizer.encode(d["text"])[:PLAIN_PROMPT] for d in documents[:CASES]]
        found[language] = {
            "fill_in": agreement(draft, options.target, [p for p in middles if p]),
            "plain": agreement(draft, options.target, [p for p in starts if p]),
        }
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
