"""Local training of which one patient's slices can be told from the result only as well as epsilon says (DP-SGD).

In each step every patient is drawn with one probability, the gradients of the drawn patients' mean losses are clipped
and summed, noise is added, and all is divided by the number of patients that a step expects, whoever came. What
follows, the optimiser and the pull of FedProx, sees that alone.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from common.config.dp import DpPlan
from common.config.settings import TrainPlan
from common.metrics.evaluation import TrainResult
from common.privacy.stream import SecretStream
from common.training.augment import augment
from common.training.batches import Indices, Slices, batches
from common.training.device import autocast
from common.training.gradients import Correction
from common.training.loss import cross_entropy
from common.training.optim import make_optimiser, rates_of_round
from common.training.private.clipped_sum import ClippedSum
from common.training.private.sampling import drawn, rate
from common.training.train import OnBatch, RoundContext


@dataclass(frozen=True)
class PrivateRound:
    """What a round of training with differential privacy needs beside the plan of any training."""

    dp: DpPlan
    noise_multiplier: float  # deviation of the noise, in clips
    steps: int  # up to `DpPlan.steps`
    stream: SecretStream  # of this round alone


def train_privately(
    model: nn.Module,
    slices: Slices,
    units: Sequence[Indices],
    plan: TrainPlan,
    context: RoundContext,
    private: PrivateRound,
    on_batch: OnBatch | None = None,
    correct: Correction | None = None,
) -> TrainResult:
    """Train `model` in place; loss and accuracy are not told.

    Parameters
    ----------
    units : sequence of ndarray of int64
        Each patient's training slices.
    model, context, on_batch, correct
        As of `common.training.train.train`.
    """
    started = time.perf_counter()
    optimiser = make_optimiser(model, plan)
    rates = rates_of_round(plan, context.server_round, context.rounds, private.dp.steps)[: private.steps]
    model.train()
    for step, learning_rate in enumerate(rates):
        if on_batch:
            on_batch(step, len(rates))
        for group in optimiser.param_groups:
            group["lr"] = learning_rate
        _noisy_gradient(model, slices, units, plan, private, private.stream.derive("step", step))
        if correct:
            correct()
        optimiser.step()
    samples = sum(len(unit) for unit in units)
    return TrainResult(samples, len(rates), None, None, rates[-1], time.perf_counter() - started)


def _noisy_gradient(
    model: nn.Module,
    slices: Slices,
    units: Sequence[Indices],
    plan: TrainPlan,
    private: PrivateRound,
    stream: SecretStream,
) -> None:
    """Leave a step's noisy gradient in the weights that are trained."""
    dp = private.dp
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    total = ClippedSum(weights, dp.clip)
    for number in drawn(len(units), rate(dp, len(units)), stream.derive("draw")):
        views = torch.Generator().manual_seed(stream.derive("views", number).seed())
        _gradient_of(model, slices, np.repeat(units[number], dp.views), plan, views)
        total.take()
    noised = total.noised(private.noise_multiplier * dp.clip, stream.derive("noise"))
    for weight, gradient in zip(weights, noised, strict=True):
        weight.grad = (gradient / dp.patients_per_step).to(weight.dtype)


def _gradient_of(model: nn.Module, slices: Slices, seen: Indices, plan: TrainPlan, generator: torch.Generator) -> None:
    """Leave the gradient of a patient's mean loss in the weights; at most a batch of slices is in memory at a time."""
    device = next(model.parameters()).device
    for images, labels in batches(slices, seen, plan.batch_size, device):
        with autocast(device, plan.precision):
            loss = cross_entropy(model(augment(images, plan.augment, generator)), labels, plan)
        (loss * (len(labels) / len(seen))).backward()
