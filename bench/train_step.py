"""How fast a hospital trains: ``python -m bench.train_step [--pixels 224 96] [--batch 32] [--steps N] [--repeats R]``.

In one process, taking turns, on the same synthetic slices: this project's local training (`common.training.train`),
version 1's loop, and the bare step on a batch that is a float tensor in memory already, which is the limit. Goals on a
CPU: 0.95 of the bare step and faster than version 1. The last line is the ratio over version 1 at 224 px.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from torch.nn import functional

from bench._blocks import Block, alternate, median_ratio
from bench._version1 import Slices as Files
from bench._version1 import Version1
from common.config.settings import TrainPlan
from common.data.cache import open_library
from common.data.scan import scan_folder
from common.model.registry import build_model
from common.phantoms.folders import make_phantoms
from common.training.augment import augment, to_batch
from common.training.batches import Slices
from common.training.device import autocast, available_cores, pick_device, uses_bfloat16
from common.training.optim import make_optimiser
from common.training.train import RoundContext, train

OURS, VERSION1, BARE = "this project", "version 1's loop", "bare step"
_HEADLINE_PIXELS = 224
_SLICES_PER_CLASS = 40
_WORK = {"cpu": 3, "cuda": 40}  # steps of a block at 224 px
_MOST_STEPS = 200


@dataclass(frozen=True)
class Workload:
    """What every contestant trains on.

    Attributes
    ----------
    paths : list of Path
        As many files as a block has images; repeated where there are fewer.
    slices : Slices
        The same, decoded.
    indices : ndarray of int64
        Of the files among the decoded slices.
    pixels, batch : int
        Side of a slice, slices in a step.
    device : torch.device
        Where to train.
    """

    paths: list[Path]
    slices: Slices
    indices: np.ndarray
    pixels: int
    batch: int
    device: torch.device

    def part(self, steps: int) -> Workload:
        """Return the first steps of it, to warm up with."""
        images = steps * self.batch
        return Workload(self.paths[:images], self.slices, self.indices[:images], self.pixels, self.batch, self.device)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = _options(arguments)
    device = pick_device(options.device)
    torch.set_num_threads(options.threads)
    console = Console(highlight=False)
    products = "bfloat16" if uses_bfloat16(device, TrainPlan().precision) else "float32"
    console.print(
        f"batch {options.batch}, {options.threads} threads, {_name(device)}, PyTorch {torch.__version__}, "
        f"load {os.getloadavg()[0]:.1f} at the start; {OURS} and the {BARE} in {products}, version 1 in float32"
    )
    ratios: dict[int, float] = {}
    for pixels in options.pixels:
        steps = options.steps or _steps(pixels, device)
        with tempfile.TemporaryDirectory() as folder:
            work = make_workload(Path(folder), pixels, options.batch, steps, device)
            speeds = measure(work, options.repeats)
        console.print(results(speeds, pixels, steps))
        ratios[pixels] = median_ratio(speeds[OURS], speeds[VERSION1])
        bare = median_ratio(speeds[OURS], speeds[BARE])
        console.print(f"{pixels} px: ours/bare {bare:.3f} (goal 0.95), ours/version 1 {ratios[pixels]:.2f} (goal 1.0)")
    pixels = _HEADLINE_PIXELS if _HEADLINE_PIXELS in ratios else options.pixels[0]
    print(
        f"ratio={ratios[pixels]:.2f} (images/s of this project over version 1's loop, "
        f"{pixels} px, batch {options.batch}, {options.threads} threads)"
    )


def make_workload(folder: Path, pixels: int, batch: int, steps: int, device: torch.device) -> Workload:
    """Draw synthetic slices at this size, and decode them once as a hospital does.

    Parameters
    ----------
    folder : Path
        An empty folder.
    pixels : int
        Side of the files and of the model's input.
    batch, steps : int
        A block is so many steps of so many slices.
    device : torch.device
        Where to train.
    """
    hospital = make_phantoms(folder / "slices", image_size=pixels, slices_per_class=_SLICES_PER_CLASS, faults=False)[0]
    scan = scan_folder(hospital, {})
    library = open_library(scan, pixels, folder / "cache")
    order = np.random.default_rng(0).permutation(len(scan.files))
    indices = np.resize(order, steps * batch).astype(np.int64)
    paths = [hospital / scan.files[index].relative_path for index in indices]
    return Workload(paths, Slices(library.pixels, scan.labels), indices, pixels, batch, device)


def measure(work: Workload, repeats: int) -> dict[str, list[float]]:
    """Warm every contestant up with one step, then let them take turns; returns images per second of each block."""
    makers: dict[str, Callable[[Workload], Block]] = {OURS: _ours, VERSION1: _version1, BARE: _bare}
    for make in makers.values():
        make(work.part(1))()
    return alternate({name: _finished(make(work), work.device) for name, make in makers.items()}, repeats)


def _finished(block: Block, device: torch.device) -> Block:
    """Wait for the device before the clock stops."""

    def run() -> int:
        images = block()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return images

    return run


def _ours(work: Workload) -> Block:
    """Return a hospital's training of one epoch, its new optimiser included."""
    model = build_model().to(work.device).to(memory_format=torch.channels_last)
    plan = TrainPlan(batch_size=work.batch, lr=1e-4)
    moment = RoundContext(seed=0, hospital="bench", server_round=1, rounds=10)
    return lambda: train(model, work.slices, work.indices, plan, moment).samples


def _version1(work: Workload) -> Block:
    labels = work.slices.labels[work.indices].tolist()
    return Version1(Files(work.paths, labels, work.pixels), work.batch, work.device).epoch


def _bare(work: Workload) -> Block:
    """Return the steps alone: one batch, prepared before the clock starts, again and again."""
    model = build_model().to(work.device).to(memory_format=torch.channels_last)
    plan = TrainPlan(batch_size=work.batch, lr=1e-4)
    optimiser = make_optimiser(model, plan)
    chosen = work.indices[: work.batch]
    images = augment(to_batch(work.slices.pixels[chosen]), plan.augment, torch.Generator().manual_seed(0))
    images = images.to(work.device, memory_format=torch.channels_last)
    labels = torch.from_numpy(work.slices.labels[chosen]).to(work.device)

    def run() -> int:
        model.train()
        for _ in range(len(work.indices) // work.batch):
            optimiser.zero_grad(set_to_none=True)
            with autocast(work.device, plan.precision):
                loss = functional.cross_entropy(model(images), labels)
            loss.backward()
            optimiser.step()
        return len(work.indices)

    return run


def results(speeds: dict[str, list[float]], pixels: int, steps: int) -> Table:
    """Return the table of one size."""
    blocks = len(speeds[OURS])
    table = Table(
        title=f"{pixels} px: images per second, {blocks} blocks of {steps} steps each",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column("", no_wrap=True)
    for heading in ("median", "lowest", "highest", "over bare", "over v1"):
        table.add_column(heading, justify="right")
    for name, values in speeds.items():
        table.add_row(
            name,
            *(f"{value:.2f}" for value in (statistics.median(values), min(values), max(values))),
            f"{median_ratio(values, speeds[BARE]):.3f}",
            f"{median_ratio(values, speeds[VERSION1]):.2f}",
        )
    return table


def _steps(pixels: int, device: torch.device) -> int:
    """Return steps of a block such that blocks of every size take about as long."""
    return min(_MOST_STEPS, max(1, round(_WORK[device.type] * (_HEADLINE_PIXELS / pixels) ** 2)))


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.train_step", description="Compare local training with version 1's loop and the bare step."
    )
    parser.add_argument("--pixels", type=int, nargs="+", default=[224, 96], help="sides of the slices (224 96)")
    parser.add_argument("--batch", type=int, default=32, help="slices in a step (32)")
    parser.add_argument("--steps", type=int, help="steps of a block (3 at 224 px on a CPU, more where they are short)")
    parser.add_argument("--repeats", type=int, default=3, help="blocks of each contestant (3)")
    parser.add_argument("--threads", type=int, default=available_cores(), help="CPU threads (all cores)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
