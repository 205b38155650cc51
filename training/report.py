"""figures.json of evaluate.py -> the Markdown tables of the model card, on standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path

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
    """Held-out single lines in each order of prompt."""
    rows = [
        [
            name,
            order,
            f"{f['cases']}",
            f"{f['exact_match']:.1%}",
            f"{f['edit_similarity']:.3f}",
            f"{f['stops_within_line']:.0%}",
        ]
        for order, figures in orders.items()
        for name, f in figures.items()
    ]
    head = ["language", "order", "lines", "exact match", "edit similarity", "stops within the line"]
    return table(head, rows)


def main() -> None:
    figures = json.loads(Path(sys.argv[1]).read_text())
    position = figures["position"]
    print(f"Parameters: {figures['parameters']:,}")
    print(f"Tokens seen: {position['tokens'] / 1e6:.1f} M in {position['step']:,} steps")
    print(f"Training time: {position['elapsed_s'] / 60:.0f} minutes")
    print(f"Validation loss: {figures['validation_curve'][-1][1]:.3f} nats per token (FIM rows)\n")
    print(text_table(figures["test_text"]), end="\n\n")
    print(fim_table(figures["line_fim"]), end="\n\n")
    print(f"Greedy repetition (4-grams): {figures['greedy_repetition_4gram']:.0%}")


if __name__ == "__main__":
    main()
