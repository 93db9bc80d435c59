"""One step of the product's own training, and what gradient follows from the model before and after it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from bench.privacy_audit.audited import AuditedHospital
from common.config.settings import TrainPlan
from common.model.state import arrays_from_model, model_from_arrays
from common.model.weights import Arrays, weights_of
from common.protocol.plan import Plan
from common.training.batches import Indices, Pixels, Slices
from common.training.loss import ClassMix, class_mix
from common.training.optim import rates_of_round
from common.training.part import train_only
from common.training.preprocess import IMAGENET_MEAN, IMAGENET_STD
from common.training.private.sampling import units_of
from common.training.private.train import PrivateRound, train_privately
from common.training.train import RoundContext, train

_ADAM_EPSILON = 1e-8  # AdamW's


@dataclass(frozen=True)
class OneUpdate:
    """What a hospital answers after one step, and, to judge the attack by, what the step saw."""

    before: Arrays
    after: Arrays
    plan: TrainPlan
    rate: float
    mix: ClassMix
    labels: Tensor
    """int64 [B]; known to the attacker, as the field assumes: the gradient of the last layer gives them away."""
    seen: Tensor
    """float32 [B, S, S]: grey levels from 0 to 1, augmented as the network saw them."""


class _OneStepDone(Exception):
    """Ends the training after its first step."""


@dataclass
class _Watched:
    """Pixels that remember what was asked of them."""

    pixels: Pixels
    asked: list[Indices] = field(default_factory=list)

    def __getitem__(self, indices: Indices, /) -> npt.NDArray[np.uint8]:
        self.asked.append(indices)
        return self.pixels[indices]


def one_update(
    plan: Plan, hospital: AuditedHospital, arrays: Arrays, batch: int, private: PrivateRound | None = None
) -> OneUpdate:
    """Let a hospital take the first step of the first round, by the product's own loop, with so many slices.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The model that it is sent.
    batch : int
        Slices of the step. Rate, loss and augmentation are the plan's; products are in float32, which hides least.
    private : PrivateRound, optional
        Clip and noise, where the run has differential privacy. Then one slice each of so many patients is drawn, and
        the sum is divided by as many.
    """
    model = model_from_arrays(plan.model.name, arrays, torch.device("cpu"))
    train_only(model, plan.train.part)
    watched = _Watched(hospital.slices.pixels)
    slices = Slices(watched, hospital.slices.labels)
    inputs: list[Tensor] = []
    hook = model.register_forward_pre_hook(lambda _, given: inputs.append(given[0].detach().clone()))
    train_plan = replace(plan.train, local_epochs=1, batch_size=max(2, batch), precision="float32")
    context = RoundContext(plan.seed, hospital.key, 1, plan.rounds)
    train_slices = hospital.split.train[: len(hospital.split.train) // batch * batch]
    if private:
        rate = _private_step(model, slices, hospital, train_plan, context, private, batch)
    else:
        rate = _plain_step(model, slices, train_slices, train_plan, context, batch)
    hook.remove()
    asked = np.concatenate(watched.asked)[:batch]  # the next batch may have been fetched, too
    return OneUpdate(
        before=arrays,
        after=arrays_from_model(model),
        plan=train_plan,
        rate=rate,
        mix=class_mix(hospital.slices, train_slices, train_plan, torch.device("cpu")),
        labels=torch.from_numpy(hospital.slices.labels[asked]),
        seen=torch.cat(inputs)[:, 0] * IMAGENET_STD[0] + IMAGENET_MEAN[0],
    )


def _plain_step(
    model: nn.Module, slices: Slices, indices: Indices, plan: TrainPlan, context: RoundContext, batch: int
) -> float:
    """Take the first step of many and return its rate."""
    count = len(indices) // batch

    def one_step_only(done: int, total: int) -> None:
        if done:
            raise _OneStepDone

    with suppress(_OneStepDone):
        train(model, slices, indices, plan, context, one_step_only, steps=[count])
    return rates_of_round(plan, 1, context.rounds, count)[0]


def _private_step(
    model: nn.Module,
    slices: Slices,
    hospital: AuditedHospital,
    plan: TrainPlan,
    context: RoundContext,
    private: PrivateRound,
    batch: int,
) -> float:
    """Take a step in which just these patients are drawn and return its rate."""
    units = [unit[:1] for unit in units_of(hospital.split.train, hospital.patients)[:batch]]
    dp = replace(private.dp, patients_per_step=batch, steps=1, views=1)
    train_privately(model, slices, units, plan, context, replace(private, dp=dp, steps=1))
    return rates_of_round(plan, 1, context.rounds, 1)[0]


def gradient_of(update: OneUpdate) -> dict[str, Tensor]:
    """Return the gradient of the step, by tensor, as far as it follows from the update.

    With SGD it follows but for rounding: the first step has no momentum yet. Adam's first step is the rate times
    g / (|g| + 1e-8): its sign, and where |g| is small enough for the rest to survive the rounding of weights, its size.
    What is larger counts as the largest size that could be told.
    """
    found = {}
    for name, before in weights_of(update.before).items():
        if np.array_equal(before, update.after[name]):
            continue  # the run does not train it
        start, end = (torch.from_numpy(np.asarray(each, dtype=np.float64)) for each in (before, update.after[name]))
        decay = update.plan.weight_decay if start.ndim >= 2 else 0.0
        step = (start - end) / update.rate - decay * start  # AdamW's decay and SGD's add the same
        found[name] = (step if update.plan.optimiser == "sgd" else _before_adam(step, start, update.rate)).float()
    return found


def _before_adam(step: Tensor, weights: Tensor, rate: float) -> Tensor:
    rounding = weights.abs().clamp(min=rate) * torch.finfo(torch.float32).eps / rate
    length = step.abs().clamp(max=1.0)
    return step.sign() * _ADAM_EPSILON * length / (1.0 - length).clamp(min=rounding)
