"""Local training of which one patient's slices can be told from the result only as well as epsilon says (DP-SGD).

In each step every patient is drawn with one probability, the gradients of the drawn patients' mean losses are clipped
and summed, noise is added, and all is divided by the number of patients that a step expects, whoever came. What
follows, the optimiser and the pull of FedProx, sees that alone.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from torch import nn

from common.config.dp import DpPlan
from common.config.settings import TrainPlan
from common.metrics.evaluation import TrainResult
from common.privacy.stream import SecretStream
from common.training.batches import Indices, Slices
from common.training.gradients import Correction
from common.training.optim import make_optimiser, rates_of_round
from common.training.private.clipped_sum import ClippedSum
from common.training.private.sampling import drawn, rate
from common.training.private.unit_gradients import UnitGradients
from common.training.train import OnBatch, RoundContext


@dataclass(frozen=True)
class PrivateRound:
    """What a round of training with differential privacy needs beside the plan of any training."""

    dp: DpPlan
    noise_multiplier: float  # deviation of the noise, in clips
    steps: int  # up to `DpPlan.steps`
    stream: SecretStream  # of this round alone
    joint: bool = False  # whether several patients may share a backward pass, where that is faster; the sum is the same


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
    on_batch : callable, optional
        As of `common.training.train.train`; it is also asked between patients, for a step of many takes long.
    model, context, correct
        As there.
    """
    started = time.perf_counter()
    optimiser = make_optimiser(model, plan)
    rates = rates_of_round(plan, context.server_round, context.rounds, private.dp.steps)[: private.steps]
    model.train()
    for step, learning_rate in enumerate(rates):
        tell = partial(on_batch or _nobody_listens, step, len(rates))
        tell()
        for group in optimiser.param_groups:
            group["lr"] = learning_rate
        _noisy_gradient(model, slices, units, plan, private, private.stream.derive("step", step), tell)
        if correct:
            correct()
        optimiser.step()
    samples = sum(len(unit) for unit in units)
    return TrainResult(samples, len(rates), None, None, rates[-1], time.perf_counter() - started)


def _nobody_listens(done: int, total: int) -> None:
    pass


def _noisy_gradient(
    model: nn.Module,
    slices: Slices,
    units: Sequence[Indices],
    plan: TrainPlan,
    private: PrivateRound,
    stream: SecretStream,
    tell: Callable[[], None],
) -> None:
    """Leave a step's noisy gradient in the weights that are trained."""
    dp, gradients = private.dp, UnitGradients(model, slices, plan, private.dp.views, private.joint)
    total = ClippedSum(gradients.weights, dp.clip)
    numbers = drawn(len(units), rate(dp, len(units)), stream.derive("draw"))
    gradients.add(total, [(number, units[number]) for number in numbers], stream.derive("views"), tell)
    noised = total.noised(private.noise_multiplier * dp.clip, stream.derive("noise"))
    for weight, gradient in zip(gradients.weights, noised, strict=True):
        weight.grad = (gradient / dp.patients_per_step).to(weight.dtype)
