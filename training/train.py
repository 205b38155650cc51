"""Train a preset from packed tokens, within a wall-clock budget, resumable at any checkpoint.

The schedule follows the clock, not the step count: the rate is constant, then falls linearly to
almost nothing when the budget ends, and the last part of the budget reads long rows. On the CPU
several worker processes share the weights and take micro-batches from one counter, so a busy core
only takes fewer of them.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch import multiprocessing as mp

from paths import WORK
from distill import distillation_loss
from fim import FILLED
from import_gguf import load_weights, model_from_gguf
from model import Foretoken, ModelConfig, initialise, linear_cross_entropy
from prompt_rows import (
    LOSS_WEIGHT,
    divergence_by_distance,
    draw_insertions,
    place_prompt_rows,
    prompt_loss,
)
from optimizer import Optimizer, Slot, flatten
from presets import PRESETS, Preset

WARM_UP, DECAY_START, LONG_START, LAST_RATE = 0.02, 0.25, 0.8, 0.01  # shares of budget and rate
MIDDLE_WEIGHT = 4.0  # of a filled-in token in the loss; they are 6 % of all and what users see
CONTINUATIONS = "continuations"  # rows that continuations.py makes
CHECKPOINT_S, REPORT_STEPS, VALIDATION_ROWS = 240, 10, 48


class Task(NamedTuple):
    """An optimizer step's work: `count` micro-batches of `rows` rows from row `first` on."""

    stream: str
    first: int
    rows: int
    count: int


def open_marked(name: str) -> np.ndarray:
    """Packed rows uint16 [R, T] with the marks of fim.py, memory mapped."""
    folder = WORK / "tokens"
    shape = json.loads((folder / f"{name}.json").read_text())
    return np.memmap(folder / f"{name}.bin", np.uint16, "r", shape=(shape["rows"], shape["length"]))


def open_rows(name: str) -> np.ndarray:
    """Packed rows of token ids, uint16 [R, T]."""
    return open_marked(name) & (FILLED - 1)


def rate_at(progress: float) -> float:
    """Factor on the learning rates at a share 0..1 of the budget."""
    if progress < WARM_UP:
        return max(0.05, progress / WARM_UP)
    if progress < DECAY_START:
        return 1.0
    return max(LAST_RATE, 1 - (1 - LAST_RATE) * (progress - DECAY_START) / (1 - DECAY_START))


def importance_of(rows: np.ndarray, plain: float, middle: float) -> np.ndarray:
    """Weight of each position's target, fp32 [B, T]: `middle` for filled-in ones and their end.

    The last position of a row has no target and weighs nothing.
    """
    weights = np.zeros(rows.shape, np.float32)
    weights[:, :-1] = np.where(rows[:, 1:] & FILLED, middle, plain)
    return weights


def ids_of(rows: np.ndarray, device: str) -> Tensor:
    """Token ids int64 of marked rows."""
    return torch.from_numpy((rows & (FILLED - 1)).astype(np.int64)).to(device)


def row_loss(
    model: Foretoken, rows: np.ndarray, device: str, weights: np.ndarray
) -> tuple[Tensor, float]:
    """(weighted sum of nats, sum of weights) for marked rows [B, T]."""
    ids = ids_of(rows, device)
    return next_token_loss(model, model(ids), ids, weights), float(weights.sum())


def next_token_loss(model: Foretoken, hidden: Tensor, ids: Tensor, weights: np.ndarray) -> Tensor:
    """Weighted sum of nats; hidden [B, T, D], ids and weights [B, T]."""
    importance = torch.from_numpy(weights).to(ids.device)
    return linear_cross_entropy(hidden, model.output.weight, ids.roll(-1, dims=1), importance)


def main_loss(
    model: Foretoken, hidden: Tensor, ids: Tensor, weights: np.ndarray, target: Foretoken | None
) -> Tensor:
    """Weighted sum of nats against the text, or for a draft against its target as well."""
    if target is None:
        return next_token_loss(model, hidden, ids, weights)
    importance = torch.from_numpy(weights).to(ids.device)
    return distillation_loss(hidden, model.output.weight, target, ids, importance)


def joint_losses(
    model: Foretoken,
    rows: np.ndarray,
    device: str,
    weights: np.ndarray,
    rng: np.random.Generator,
    target: Foretoken | None = None,
) -> tuple[Tensor, Tensor]:
    """(weighted sum of nats, divergence of the prompt rows by distance [m]) for marked rows [B, T]."""
    ids = ids_of(rows, device)
    prompts, length = model.config.prompts, ids.shape[1]
    insertions = draw_insertions(rng, length, prompts)
    placed = place_prompt_rows(insertions, prompts, length, like=model.output.weight)
    hidden, guessed = model.forward_with_prompts(ids, placed)
    teacher = hidden[:, placed.teachers].detach()
    divergences = divergence_by_distance(guessed, teacher, model.output.weight, prompts)
    return main_loss(model, hidden, ids, weights, target), divergences


class Crew:
    """The processes that compute gradients; the creating process is member 0."""

    def __init__(
        self,
        model: Foretoken,
        working: Tensor,
        slots: list[Slot],
        size: int,
        device: str,
        target: Foretoken | None = None,
    ) -> None:
        self.target = target  # whose predictions a draft learns
        self.model, self.working, self.slots, self.size, self.device = (
            model,
            working,
            slots,
            size,
            device,
        )
        names = ["short", "long", "validation", *([CONTINUATIONS] if target is not None else [])]
        self.streams = {name: open_marked(name) for name in names}
        self.gradients = [torch.zeros(working.numel(), device=device) for _ in range(size)]
        # Per member: nats, their weight, micro-batches, and the prompt rows' nats by distance.
        self.losses = torch.zeros(size, 3 + model.config.prompts, dtype=torch.float64)
        context = mp.get_context("fork")
        self.counter, self.barrier = context.Value("l", 0), context.Barrier(size)
        self.queues = [context.SimpleQueue() for _ in range(size - 1)]
        if size > 1:
            for tensor in (working, self.losses, *self.gradients):
                tensor.share_memory_()
            self.processes = [
                context.Process(target=self.follow, args=(i,), daemon=True) for i in range(1, size)
            ]
            for process in self.processes:
                process.start()

    def follow(self, member: int) -> None:
        """Body of a worker process: do each task that arrives until the parent ends."""
        torch.set_num_threads(1)
        while True:
            self.work(member, self.queues[member - 1].get())
            self.barrier.wait()

    def work(self, member: int, task: Task) -> None:
        """Take micro-batches until none is left; gradients and losses are this member's own."""
        self.gradients[member].zero_()
        self.losses[member].zero_()
        stream = self.streams[task.stream]
        while (index := self.take()) < task.count:
            start = task.first + index * task.rows
            rows = stream[np.arange(start, start + task.rows) % len(stream)]
            weights = importance_of(rows, 1.0, MIDDLE_WEIGHT)
            rng = np.random.default_rng(start)
            loss, divergences = self.losses_of(rows, weights, rng)
            total = float(weights.sum())
            joint = loss / total
            if len(divergences) > 0:
                joint = joint + LOSS_WEIGHT * prompt_loss(divergences)
            (joint / task.count).backward()
            figures = [loss.item(), total, 1.0, *divergences.tolist()]
            self.losses[member] += torch.tensor(figures, dtype=torch.float64)
            for slot, parameter in zip(self.slots, self.model.parameters()):
                slot.of(self.gradients[member]).add_(parameter.grad)
                parameter.grad = None

    def losses_of(
        self, rows: np.ndarray, weights: np.ndarray, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """(weighted sum of nats, divergence of the prompt rows by distance [m], m may be 0)."""
        if self.model.config.prompts == 0:
            ids = ids_of(rows, self.device)
            loss = main_loss(self.model, self.model(ids), ids, weights, self.target)
            return loss, torch.empty(0)
        return joint_losses(self.model, rows, self.device, weights, rng, self.target)

    def take(self) -> int:
        """The next micro-batch number of this step."""
        with self.counter.get_lock():
            self.counter.value += 1
            return self.counter.value - 1

    def step(self, task: Task) -> tuple[Tensor, list[float]]:
        """(flat fp32 gradient, [nats per token, divergence of the prompt rows by distance...])."""
        self.counter.value = 0
        for queue in self.queues:
            queue.put(task)
        self.work(0, task)
        self.barrier.wait()
        for other in self.gradients[1:]:
            self.gradients[0].add_(other)
        nats, weight, batches, *divergences = self.losses.sum(0).tolist()
        return self.gradients[0], [nats / weight, *(each / batches for each in divergences)]


@torch.no_grad()
def mean_losses(model: Foretoken, rows: np.ndarray, device: str) -> dict[str, float]:
    """Nats per token of rows uint16 [R, T]: all tokens, and filled-in ones alone."""
    losses = {}
    for name, plain in (("validation", 1.0), ("validation_middle", 0.0)):
        sums = [
            row_loss(model, part, device, importance_of(part, plain, 1.0))
            for part in np.array_split(rows, max(1, len(rows) // 8))
        ]
        losses[name] = sum(loss.item() for loss, _ in sums) / sum(total for _, total in sums)
    return losses


def validation_losses(crew: Crew) -> dict[str, float]:
    """Nats per token on the first rows of the validation packages."""
    return mean_losses(crew.model, crew.streams["validation"][:VALIDATION_ROWS], crew.device)


class Run:
    """One training run: weights, optimizer, position in the data and the clock."""

    def __init__(self, preset: Preset, folder: Path, options: argparse.Namespace) -> None:
        self.preset, self.folder, self.budget_s = preset, folder, options.minutes * 60
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model = Foretoken(ModelConfig(**preset.model, prompts=preset.prompts))
        initialise(model, preset.seed)
        if options.init_gguf is not None:
            load_weights(model, options.init_gguf)
        self.model = model.to(device)
        self.master, self.working, slots = flatten(self.model, torch.bfloat16)
        self.optimizer = Optimizer(self.master, slots, not options.adam_only)
        self.position = {"step": 0, "tokens": 0, "elapsed_s": 0.0}
        self.position |= {"short": 0, "long": 0, CONTINUATIONS: 0}
        self.peak = options.rate
        if (folder / "checkpoint.pt").exists():
            self.resume()
        self.stopped = False
        self.crew = Crew(
            self.model,
            self.working,
            slots,
            options.workers if device == "cpu" else 1,
            device,
            self.load_target(options.target, device),
        )

    def load_target(self, path: Path | None, device: str) -> Foretoken | None:
        """The model a draft learns from, as its shipped file computes it, frozen and in bf16."""
        if path is None:
            return None
        return model_from_gguf(path).requires_grad_(False).to(device, torch.bfloat16)

    def stop(self, *_: object) -> None:
        """Signal handler: end after the current step, with a checkpoint."""
        self.stopped = True

    def resume(self) -> None:
        """Continue from the last checkpoint."""
        saved = torch.load(self.folder / "checkpoint.pt", map_location=self.master.device)
        self.master.copy_(saved["master"])
        self.working.copy_(self.master)
        self.optimizer.load(saved["optimizer"])
        self.position |= saved["position"]

    def save(self) -> None:
        """Write the checkpoint; the rename makes it all or nothing."""
        state = {
            "config": self.model.config.as_dict(),
            "preset": self.preset.name,
            "position": self.position,
            "master": self.master,
            "optimizer": self.optimizer.state(),
        }
        torch.save(state, self.folder / "checkpoint.tmp")
        (self.folder / "checkpoint.tmp").rename(self.folder / "checkpoint.pt")

    def report(self, **values: float | str) -> None:
        """One JSON line in the log and on the terminal."""
        line = json.dumps(
            {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
        )
        print(line, flush=True)
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(line + "\n")

    def stream_at(self, progress: float) -> str:
        """Short rows, then long ones; a draft reads its target's continuations every third step."""
        if self.crew.target is not None and self.position["step"] % 3 == 2:
            return CONTINUATIONS
        return "short" if progress < LONG_START else "long"

    def one_step(self) -> list[float]:
        """One optimizer step; returns the losses of `Crew.step`."""
        progress = self.position["elapsed_s"] / self.budget_s
        stream = self.stream_at(progress)
        length = self.crew.streams[stream].shape[1]
        rows = max(1, self.preset.micro_batch_tokens // length)
        count = max(1, self.preset.batch_tokens // (rows * length))
        gradient, loss = self.crew.step(Task(stream, self.position[stream], rows, count))
        self.optimizer.step(gradient, self.peak * rate_at(progress))
        self.working.copy_(self.master)
        self.position[stream] += rows * count
        self.position["step"] += 1
        self.position["tokens"] += rows * count * length
        return loss

    def go(self, call_s: float) -> None:
        """Steps until the budget, or this call's share of it, is spent."""
        start, base_s, saved_at = time.monotonic(), self.position["elapsed_s"], time.monotonic()
        losses: list[list[float]] = []
        until = min(start + call_s, start + self.budget_s - base_s)
        while time.monotonic() < until and not self.stopped:
            losses.append(self.one_step())
            self.position["elapsed_s"] = base_s + time.monotonic() - start
            if self.position["step"] % REPORT_STEPS == 0:
                loss, *guesses = np.mean(losses, axis=0).tolist()
                named = {f"prompt_{i}": each for i, each in enumerate(guesses, 1)}
                self.report(**self.position, loss=loss, **named)
                losses.clear()
            if time.monotonic() - saved_at > CHECKPOINT_S:
                self.save()
                saved_at = time.monotonic()
                self.report(step=self.position["step"], **validation_losses(self.crew))
        self.save()
        self.report(**self.position, **validation_losses(self.crew))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=sorted(PRESETS), required=True)
    parser.add_argument(
        "--minutes", type=float, help="budget the schedule is tied to; default: the preset's"
    )
    parser.add_argument(
        "--call-minutes", type=float, default=1e9, help="stop this call earlier; resume later"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--adam-only", action="store_true")
    parser.add_argument("--init-gguf", type=Path, help="continue from this model's weights")
    parser.add_argument("--target", type=Path, help="GGUF of the model that this draft learns from")
    parser.add_argument("--rate", type=float, default=1.0, help="peak of the rates' factor")
    parser.add_argument("--run", type=Path, help="folder of the run; default: work/run-<preset>")
    options = parser.parse_args()
    preset = PRESETS[options.preset]
    options.minutes = options.minutes or preset.minutes
    folder = options.run or WORK / f"run-{preset.name}"
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    run = Run(preset, folder, options)
    signal.signal(signal.SIGTERM, run.stop)  # set after the fork, so workers still die with SIGTERM
    run.go(options.call_minutes * 60)


if __name__ == "__main__":
    main()
