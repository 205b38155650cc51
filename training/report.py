"""figures.json of evaluate.py -> the Markdown tables of the model card, on standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path

Validation = dict[str, float]
LineFigures = dict[str, dict[str, float]]


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def text_table(languages: dict[str, dict[str, float]]) -> str:
    """Loss on plain held-out text."""
    rows = [
        [name, f"{f['tokens']:,.0f}", f"{f['nats_per_token']:.3f}", f"{f['bits_per_byte']:.3f}"]
        for name, f in languages.items()
    ]
    return table(["language", "tokens", "nats per token", "bits per byte"], rows)


def fim_table(orders: dict[str, LineFigures]) -> str:
    """Held-out single lines in each order of prompt; syntax is judged in the engine's order only."""
    rows = [
        [
            name,
            order,
            f"{f['exact_match']:.1%}",
            f"{f['edit_similarity']:.3f}",
            f"{f['stops_within_line']:.0%}",
            f"{f['repeats_suffix']:.1%}",
            f"{f['parses']:.0%} of {f['judged']}" if "parses" in f else "",
        ]
        for order, figures in orders.items()
        for name, f in figures.items()
    ]
    head = ["language", "order", "exact match", "edit similarity", "stops within the line"]
    return table([*head, "repeats the suffix", "still parses"], rows)


def validation_table(figures: dict[str, Validation]) -> str:
    """Rows of the validation packages: all tokens and filled-in ones."""
    rows = [
        [name, f"{f['validation']:.4f}", f"{f['validation_middle']:.4f}"]
        for name, f in figures.items()
    ]
    return table(["model", "nats per token", "filled-in tokens"], rows)


def prompt_table(top_k: list[list[float]]) -> str:
    """Share of prompt rows whose first k guesses hold what the real row predicts first."""
    rows = [
        [str(distance), *(f"{row[k - 1]:.1%}" for k in (1, 5, 10))]
        for distance, row in enumerate(top_k, 1)
    ]
    return table(["distance", "top 1", "top 5", "top 10"], rows)


def sample_text(samples: list[dict[str, str]]) -> str:
    """Prompt with the cursor as a bar, what the model wrote and what stood there."""
    return "\n\n".join(
        f"{i}. {each['language']}\n\n```\n{each['prompt']}|\n```\n\n"
        f"   completion `{each['completion']}`, in the file `{each['expected']}`"
        for i, each in enumerate(samples, 1)
    )


def main() -> None:
    figures = json.loads(Path(sys.argv[1]).read_text())
    print(f"Parameters: {figures['parameters']:,}")
    if "position" in figures:
        position = figures["position"]
        print(f"Tokens seen: {position['tokens'] / 1e6:.1f} M in {position['step']:,} steps")
        print(f"Training time: {position['elapsed_s'] / 60:.0f} minutes")
        last = figures["validation_curve"][-1][1]
        print(f"Validation loss: {last:.3f} nats per token (FIM rows)")
    print()
    print(text_table(figures["test_text"]), end="\n\n")
    print(fim_table(figures["line_fim"]), end="\n\n")
    compared = {"this": figures["validation"]}
    if "validation_baseline" in figures:
        compared["baseline"] = figures["validation_baseline"]
    print(validation_table(compared), end="\n\n")
    if "prompt_top_k_by_distance" in figures["validation"]:
        print(prompt_table(figures["validation"]["prompt_top_k_by_distance"]), end="\n\n")
    print(json.dumps(figures["benchmarks"], indent=1), end="\n\n")
    print(sample_text(figures["samples"]), end="\n\n")
    print(f"Greedy repetition (4-grams): {figures['greedy_repetition_4gram']:.0%}")


if __name__ == "__main__":
    main()
