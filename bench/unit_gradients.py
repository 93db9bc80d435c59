"""How fast patients' gradients are clipped and summed: ``python -m bench.unit_gradients [--pixels 64] [--patients 8]``.

Three ways to the same sums, each in a process of its own, on one thread: Opacus' GradSampleModule, torch.func's vmap of
grad, and one backward pass a patient. A way's gradients are checked against the third's.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from common.config.settings import EVERY_WEIGHT, HEAD
from common.labels import NUM_CLASSES
from common.model.registry import build_model
from common.training.part import train_only

CLIP = 1.0
_PART_ROOM = 10  # patients whose gradients Opacus and vmap hold at a time, of every weight


@dataclass(frozen=True)
class Work:
    """What every way is given."""

    images: Tensor
    labels: Tensor
    patients: list[list[int]]


Way = Callable[[nn.Module, Work], list[Tensor]]


def by_opacus(model: nn.Module, work: Work) -> list[Tensor]:
    """Let hooks keep each slice's gradients, and add those of a patient."""
    from opacus.grad_sample import GradSampleModule

    trained = [weight for weight in model.parameters() if weight.requires_grad]
    hooked = GradSampleModule(model, loss_reduction="sum")
    sums = [torch.zeros_like(weight) for weight in trained]
    for part in _parts(work.patients):
        chosen = [index for patient in part for index in patient]
        cross_entropy(hooked(work.images[chosen]), work.labels[chosen], reduction="sum").backward()
        each = [weight.grad_sample for weight in trained]  # type: ignore[attr-defined]
        _add_clipped(sums, each, [len(patient) for patient in part])
        for weight in trained:
            weight.grad_sample = weight.grad = None  # type: ignore[attr-defined]
    hooked.to_standard_module()
    return sums


def by_vmap(model: nn.Module, work: Work) -> list[Tensor]:
    """Let torch.func map the gradient of a slice over slices, and add those of a patient."""
    from torch.func import functional_call, grad, vmap

    trained = {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}
    fixed = {name: weight.detach() for name, weight in model.named_parameters() if not weight.requires_grad}

    def loss(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        scores = functional_call(model, {**fixed, **weights}, image.unsqueeze(0))
        return cross_entropy(scores, label.unsqueeze(0))

    gradients = vmap(grad(loss), in_dims=(None, 0, 0))
    sums = [torch.zeros_like(weight) for weight in trained.values()]
    for part in _parts(work.patients):
        chosen = [index for patient in part for index in patient]
        found = gradients(trained, work.images[chosen], work.labels[chosen])
        _add_clipped(sums, [found[name] for name in trained], [len(patient) for patient in part])
    return sums


def one_by_one(model: nn.Module, work: Work) -> list[Tensor]:
    """Go backward once a patient."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    sums = [torch.zeros_like(weight) for weight in trained]
    for patient in work.patients:
        loss = cross_entropy(model(work.images[patient]), work.labels[patient])
        found = torch.autograd.grad(loss, trained)
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(found)))
        torch._foreach_add_(sums, found, alpha=min(1.0, CLIP / float(norm)))
    return sums


WAYS: dict[str, Way] = {"Opacus": by_opacus, "torch.func": by_vmap, "one by one": one_by_one}


def _parts(patients: list[list[int]]) -> list[list[list[int]]]:
    return [patients[at : at + _PART_ROOM] for at in range(0, len(patients), _PART_ROOM)]


def _add_clipped(sums: list[Tensor], each: Sequence[Tensor], sizes: list[int]) -> None:
    """Add the clipped means of runs of `sizes` slices' gradients, each of shape ``[slices, ...]``."""
    means = [torch.stack([run.mean(0) for run in gradient.split(sizes)]) for gradient in each]
    squares = sum(mean.flatten(1).square().sum(1) for mean in means)
    factors = (CLIP / squares.sqrt()).clamp(max=1)  # type: ignore[union-attr]
    for total, mean in zip(sums, means, strict=True):
        total.add_(torch.tensordot(factors, mean, dims=1))


def work_of(pixels: int, patients: int, slices: int) -> Work:
    """Return random slices; how long they take does not depend on what they show."""
    draw = torch.Generator().manual_seed(1)
    images = torch.randn(patients * slices, 3, pixels, pixels, generator=draw)
    labels = torch.randint(NUM_CLASSES, (patients * slices,), generator=draw)
    return Work(images, labels, np.arange(patients * slices).reshape(patients, slices).tolist())


def measure(way: str, network: str, part: str, sizes: tuple[int, int, int], repeats: int) -> dict[str, float]:
    """Return the seconds and CPU seconds of a patient (least of `repeats`), peak memory, and a sum to compare."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = build_model(network).to(memory_format=torch.channels_last)
    train_only(model, part)
    work = work_of(*sizes)
    WAYS[way](model, work)
    before, spent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        sums = WAYS[way](model, work)
        spent.append((time.perf_counter() - wall, time.process_time() - cpu))
    length = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(sums))))
    wall, cpu = (min(each) / len(work.patients) for each in zip(*spent, strict=True))
    return {"seconds": wall, "cpu": cpu, "megabytes": before / 1024, "length": length}


def main() -> None:
    """Measure and print."""
    command = argparse.ArgumentParser(description=__doc__)
    command.add_argument("--network", default="resnet18_gn")
    command.add_argument("--pixels", type=int, default=64)
    command.add_argument("--patients", type=int, default=20)
    command.add_argument("--slices", type=int, nargs="+", default=[1, 4])
    command.add_argument("--repeats", type=int, default=2)
    given = command.parse_args()
    table = Table("trained", "slices a patient", "way", "s", "CPU s", "x", "peak MB", "length", box=SIMPLE_HEAD)
    spawn = multiprocessing.get_context("spawn")
    for part in (EVERY_WEIGHT, HEAD):
        for slices in given.slices:
            sizes = (given.pixels, given.patients, slices)
            found = {}
            for way in WAYS:
                with spawn.Pool(1) as pool:
                    found[way] = pool.apply(measure, (way, given.network, part, sizes, given.repeats))
            for way, one in found.items():
                times = one["cpu"] / found["one by one"]["cpu"]
                figures = (f"{one['seconds']:.4f}", f"{one['cpu']:.4f}", f"{times:.2f}", f"{one['megabytes']:,.0f}")
                table.add_row(part, str(slices), way, *figures, f"{one['length']:.5f}")
    Console().print(table)


if __name__ == "__main__":
    main()
