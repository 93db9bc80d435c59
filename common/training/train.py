"""Local training: some epochs over one hospital's training slices."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from common.config.settings import TrainPlan
from common.metrics.evaluation import TrainResult
from common.seeds import stream_seed
from common.training.augment import augment
from common.training.batches import Indices, Slices, batches
from common.training.device import autocast
from common.training.gradients import Correction
from common.training.loss import ClassMix, class_mix, cross_entropy
from common.training.optim import make_optimiser, rates_of_round, steps_in_round

OnBatch = Callable[[int, int], None]


@dataclass(frozen=True)
class RoundContext:
    """Where in a run a training takes place."""

    seed: int  # the run's
    hospital: str  # its key; hospitals draw from different streams
    server_round: int  # from 1
    rounds: int  # of the run


def train(
    model: nn.Module,
    slices: Slices,
    indices: Indices,
    plan: TrainPlan,
    context: RoundContext,
    on_batch: OnBatch | None = None,
    steps: Sequence[int] | None = None,
    correct: Correction | None = None,
) -> TrainResult:
    """Train `model` in place on the slices at `indices`.

    Parameters
    ----------
    model : nn.Module
        On the device that shall train, in channels-last layout.
    context : RoundContext
        Seeds the order and the augmentation and sets the learning rate.
    on_batch : callable, optional
        Gets (steps done, steps in all) before each step; what it raises ends the training.
    steps : sequence of int, optional
        Steps of each pass; by default those of `steps_in_round`.
    correct : callable, optional
        Changes the gradients before each step (see `common.training.gradients`).
    """
    started = time.perf_counter()
    device = next(model.parameters()).device
    optimiser = make_optimiser(model, plan)
    generator = torch.Generator().manual_seed(_seed(context, "augment"))
    passes = _passes(indices, context, steps or steps_in_round(len(indices), plan))
    total = sum(count for _, count in passes)
    mix = class_mix(slices, indices, plan, device)
    totals = torch.zeros(2, dtype=torch.float64, device=device)
    model.train()
    rates = rates_of_round(plan, context.server_round, context.rounds, total)
    step = 0
    for order, count in passes:
        for images, labels in batches(slices, order, plan.batch_size, device, count):
            if on_batch:
                on_batch(step, total)
            for group in optimiser.param_groups:
                group["lr"] = rates[step]
            seen = augment(images, plan.augment, generator)
            totals += _step(model, optimiser, seen, labels, mix, plan, correct)
            step += 1
    loss, right = (totals / max(sum(len(order) for order, _ in passes), 1)).tolist()
    return TrainResult(len(indices), total, loss, right, rates[-1] if rates else plan.lr, time.perf_counter() - started)


def _passes(indices: Indices, context: RoundContext, steps: Sequence[int]) -> list[tuple[Indices, int]]:
    """Return what a round goes through: for each pass the slices in their order, and into how many batches they go."""
    seed = stream_seed(context.seed, context.hospital, "order", context.server_round)
    shuffle = np.random.Generator(np.random.PCG64(seed))
    return [(shuffle.permutation(indices), count) for count in steps]


def _step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    images: torch.Tensor,
    labels: torch.Tensor,
    mix: ClassMix,
    plan: TrainPlan,
    correct: Correction | None,
) -> torch.Tensor:
    """Take one step; return the sums of loss and right answers, float64 ``[2]``."""
    targets = mix.targets(labels)
    optimiser.zero_grad(set_to_none=True)
    with autocast(images.device, plan.precision):
        scores = mix.scores(model(images))
        loss = cross_entropy(scores, targets, plan)
    loss.backward()
    if correct:
        correct()
    optimiser.step()
    right = (scores.argmax(1) == targets).sum()
    return torch.stack((loss.detach().double() * len(labels), right.double()))


def _seed(context: RoundContext, purpose: str) -> int:
    return stream_seed(context.seed, context.hospital, purpose, context.server_round)
