"""Local training: some epochs over one hospital's training slices."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from common.config.settings import TrainPlan
from common.labels import NUM_CLASSES
from common.seeds import stream_seed
from common.training.augment import augment
from common.training.batches import Indices, Slices, batches
from common.training.device import autocast
from common.training.gradients import Correction
from common.training.optim import make_optimiser, rates_of_round, steps_in_round

OnBatch = Callable[[int, int], None]


@dataclass(frozen=True)
class Moment:
    """Where in a run a training takes place.

    Attributes
    ----------
    seed : int
        The run's seed.
    hospital : str
        The hospital's key; hospitals draw from different streams.
    server_round : int
        Present round, from 1.
    rounds : int
        Rounds of the run.
    """

    seed: int
    hospital: str
    server_round: int
    rounds: int


@dataclass(frozen=True)
class TrainResult:
    """What a training reports.

    Attributes
    ----------
    samples : int
        Training slices of the hospital.
    steps : int
        Optimiser steps taken.
    loss, accuracy : float
        Means over the slices as they were seen: augmented, and while the weights moved. Accuracy is a fraction.
    lr : float
        Rate of the last step.
    seconds : float
        Wall time.
    """

    samples: int
    steps: int
    loss: float
    accuracy: float
    lr: float
    seconds: float


def train(
    model: nn.Module,
    slices: Slices,
    indices: Indices,
    plan: TrainPlan,
    moment: Moment,
    on_batch: OnBatch | None = None,
    steps: Sequence[int] | None = None,
    correct: Correction | None = None,
) -> TrainResult:
    """Train `model` in place on the slices at `indices`.

    Parameters
    ----------
    model : nn.Module
        On the device that shall train, in channels-last layout.
    slices : Slices
        The hospital's pixels and labels.
    indices : ndarray of int64
        The training split.
    plan : TrainPlan
        Epochs, batch size, rates, augmentation.
    moment : Moment
        Seeds the order and the augmentation and sets the learning rate.
    on_batch : callable, optional
        Gets (steps done, steps in all) before each step; what it raises ends the training.
    steps : sequence of int, optional
        Steps of each pass; by default those of `steps_in_round`.
    correct : callable, optional
        Changes the gradients before each step (see `common.training.gradients`).

    Returns
    -------
    TrainResult
    """
    started = time.perf_counter()
    device = next(model.parameters()).device
    optimiser = make_optimiser(model, plan)
    generator = torch.Generator().manual_seed(_seed(moment, "augment"))
    passes = _passes(indices, moment, steps or steps_in_round(len(indices), plan))
    total = sum(count for _, count in passes)
    mix = _class_mix(slices, indices, plan, device)
    totals = torch.zeros(2, dtype=torch.float64, device=device)
    model.train()
    rates = rates_of_round(plan, moment.server_round, moment.rounds, total)
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


def _passes(indices: Indices, moment: Moment, steps: Sequence[int]) -> list[tuple[Indices, int]]:
    """Return what a round goes through: for each pass the slices in their order, and into how many batches they go."""
    seed = stream_seed(moment.seed, moment.hospital, "order", moment.server_round)
    shuffle = np.random.Generator(np.random.PCG64(seed))
    return [(shuffle.permutation(indices), count) for count in steps]


@dataclass(frozen=True)
class _ClassMix:
    """What a hospital holds, for the loss.

    Attributes
    ----------
    held : Tensor of int64
        Classes that the loss compares, sorted.
    log_prior : Tensor of float32
        Added to their scores while training.
    """

    held: torch.Tensor
    log_prior: torch.Tensor


def _class_mix(slices: Slices, indices: Indices, plan: TrainPlan, device: torch.device) -> _ClassMix:
    """Return what keeps a hospital's own mix of classes out of what it teaches.

    A hospital without a class would push that class's score down in every step, and the average would forget it; one
    with few slices of it does the same more slowly. Restricted softmax (Li and Zhan, FedRS, KDD 2021, alpha = 0) leaves
    absent classes out. Balanced softmax (Ren et al., NeurIPS 2020; for federations Zhang et al., FedLC, ICML 2022) adds
    the logarithm of each class's share to its score, so that the share need not be learnt.
    """
    counts = np.bincount(slices.labels[indices], minlength=NUM_CLASSES)
    held = np.arange(NUM_CLASSES) if plan.softmax == "plain" else np.flatnonzero(counts)
    shares = counts[held] / counts.sum() if plan.softmax == "balanced" else np.ones(len(held))
    return _ClassMix(torch.from_numpy(held).to(device), torch.from_numpy(np.log(shares)).float().to(device))


def _step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    images: torch.Tensor,
    labels: torch.Tensor,
    mix: _ClassMix,
    plan: TrainPlan,
    correct: Correction | None,
) -> torch.Tensor:
    """Take one step; return the sums of loss and right answers, float64 ``[2]``."""
    targets = torch.searchsorted(mix.held, labels)
    optimiser.zero_grad(set_to_none=True)
    with autocast(images.device, plan.precision):
        scores = model(images)[:, mix.held] + mix.log_prior
        loss = functional.cross_entropy(scores, targets, label_smoothing=plan.label_smoothing)
    loss.backward()
    if correct:
        correct()
    optimiser.step()
    right = (scores.argmax(1) == targets).sum()
    return torch.stack((loss.detach().double() * len(labels), right.double()))


def _seed(moment: Moment, purpose: str) -> int:
    return stream_seed(moment.seed, moment.hospital, purpose, moment.server_round)
