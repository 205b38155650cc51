"""The sizes this pipeline is run at; everything that differs between them is here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """One recipe. Tokens are counts, minutes are wall-clock time of training alone."""

    name: str
    model: dict[str, int]
    minutes: float
    batch_tokens: int
    micro_batch_tokens: int
    short_tokens: float
    long_tokens: float
    cap_mb: float  # most text from one package
    seed: int = 1
    prompts: int = 3  # m: prompt tokens taken along (prompt_rows.py)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "smoke",
            {"width": 64, "layers": 2, "heads": 2, "hidden": 192},
            1,
            8192,
            2048,
            2e6,
            5e5,
            0.3,
        ),
        Preset(
            "cpu",
            {"width": 192, "layers": 6, "heads": 3, "hidden": 512},
            109,
            8192,
            2048,
            48e6,
            12e6,
            5.0,
        ),
        Preset(
            "cpu-draft",
            {"width": 64, "layers": 2, "heads": 2, "hidden": 192},
            15,
            8192,
            2048,
            48e6,
            12e6,
            5.0,
        ),
        Preset(
            "gpu",
            {"width": 640, "layers": 12, "heads": 10, "hidden": 1728},
            25,
            262144,
            65536,
            9e8,
            2e8,
            16.0,
        ),
        Preset(
            "gpu-draft",
            {"width": 256, "layers": 4, "heads": 4, "hidden": 704},
            4,
            262144,
            65536,
            9e8,
            2e8,
            16.0,
        ),
    )
}
