"""Settings that have the right type and still make no sense: each is refused in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator

from common.config.settings import AugmentPlan, ComputeSettings, DataPlan, RunSettings, StrategyPlan, TrainPlan
from common.config.strategies import strategy_plan
from common.config.strategy_check import Problem, strategy_plan_problems, strategy_problems
from common.errors import InputError

MIN_IMAGE_SIZE = 32  # ResNet18 divides the side by 32
MAX_IMAGE_SIZE = 1024


def check_settings(settings: RunSettings) -> None:
    """Refuse impossible values.

    Raises
    ------
    InputError
        ``CONF010`` with the first value that cannot be.
    """
    for name, value, wanted in _problems(settings):
        raise InputError("CONF010", f"{name}={value} cannot be; {name} takes {wanted}.")


def check_plan(data: DataPlan, train: TrainPlan, strategy: StrategyPlan | None = None) -> None:
    """Refuse impossible values of what a server asks of a hospital."""
    problems = [*_data(data), *_train(train, data.image_size), *_augment(train.augment)]
    for name, value, wanted in [*problems, *strategy_plan_problems(strategy or StrategyPlan(), train)]:
        raise InputError("CONF010", f"{name}={value} cannot be; {name} takes {wanted}.")


def _problems(s: RunSettings) -> Iterator[Problem]:
    if s.rounds < 1:
        yield "rounds", s.rounds, "a whole number from 1"
    if not 0 <= s.seed < 2**31:
        yield "seed", s.seed, "a whole number from 0 to 2147483647"
    if s.model.name != "resnet18":
        yield "model.name", s.model.name, "resnet18"
    yield from _data(s.data)
    yield from _train(s.train, s.data.image_size)
    yield from _augment(s.train.augment)
    yield from strategy_problems(s.strategy, len(s.hospitals))
    yield from strategy_plan_problems(strategy_plan(s.strategy), s.train)
    yield from _compute(s.compute)


def _data(d: DataPlan) -> Iterator[Problem]:
    if not MIN_IMAGE_SIZE <= d.image_size <= MAX_IMAGE_SIZE:
        yield "data.image_size", d.image_size, f"{MIN_IMAGE_SIZE} to {MAX_IMAGE_SIZE} pixels"
    if d.max_per_class is not None and d.max_per_class < 3:
        yield (
            "data.max_per_class",
            d.max_per_class,
            "null for all, or at least 3 (one each to train, validate and test)",
        )
    for name in ("val_fraction", "test_fraction"):
        if not 0 < getattr(d, name) < 1:
            yield f"data.{name}", getattr(d, name), "a share between 0 and 1"
    if d.val_fraction + d.test_fraction >= 0.9:
        yield (
            "data.val_fraction",
            d.val_fraction,
            "a share that, with data.test_fraction, leaves at least 0.1 for training",
        )


def _train(t: TrainPlan, image_size: int) -> Iterator[Problem]:
    if t.local_epochs < 1:
        yield "train.local_epochs", t.local_epochs, "a whole number from 1"
    if t.rounds_per_epoch < 1:
        yield "train.rounds_per_epoch", t.rounds_per_epoch, "a whole number from 1"
    if t.rounds_per_epoch > 1 and t.local_epochs > 1:
        yield "train.rounds_per_epoch", t.rounds_per_epoch, "1 where train.local_epochs is above 1"
    if t.batch_size < 2:
        yield "train.batch_size", t.batch_size, "a whole number from 2 (batch normalisation needs two slices)"
    if not (math.isfinite(t.lr) and 0 < t.lr <= 1):
        yield "train.lr", t.lr, "a rate above 0 and up to 1, for example 1e-3"
    if t.optimiser not in ("adam", "sgd"):
        yield "train.optimiser", t.optimiser, "adam or sgd"
    if not 0 <= t.momentum < 1:
        yield "train.momentum", t.momentum, "a share from 0 to below 1"
    if t.schedule not in ("cosine", "constant"):
        yield "train.schedule", t.schedule, "cosine or constant"
    if t.softmax not in ("plain", "restricted", "balanced"):
        yield "train.softmax", t.softmax, "plain, restricted or balanced"
    if t.small_pixels is not None and not MIN_IMAGE_SIZE <= t.small_pixels < image_size:
        yield "train.small_pixels", t.small_pixels, f"null, or {MIN_IMAGE_SIZE} pixels to less than data.image_size"
    if not 0 <= t.small_share < 1:
        yield "train.small_share", t.small_share, "a share from 0 to below 1"
    if t.small_share and t.small_pixels is None:
        yield "train.small_share", t.small_share, "0 without train.small_pixels"
    if t.precision not in ("auto", "float32", "mixed"):
        yield "train.precision", t.precision, "auto, float32 or mixed"
    if not (math.isfinite(t.warmup_rounds) and t.warmup_rounds >= 0):
        yield "train.warmup_rounds", t.warmup_rounds, "0 or more rounds"
    if not (math.isfinite(t.weight_decay) and t.weight_decay >= 0):
        yield "train.weight_decay", t.weight_decay, "0 or more"
    if not 0 <= t.label_smoothing < 1:
        yield "train.label_smoothing", t.label_smoothing, "a share from 0 to below 1"
    if not 0 <= t.sam_rho <= 1:
        yield "train.sam_rho", t.sam_rho, "0 to 1, for example 0.05"


def _augment(a: AugmentPlan) -> Iterator[Problem]:
    if not 0 <= a.rotation_degrees <= 180:
        yield "train.augment.rotation_degrees", a.rotation_degrees, "0 to 180 degrees"
    for name in ("shift_fraction", "scale_fraction", "brightness", "contrast", "gamma"):
        if not 0 <= getattr(a, name) < 1:
            yield f"train.augment.{name}", getattr(a, name), "a fraction from 0 to below 1"


def _compute(c: ComputeSettings) -> Iterator[Problem]:
    if c.engine not in ("ray", "inprocess"):
        yield "compute.engine", c.engine, "ray or inprocess"
    if c.device not in ("auto", "cpu", "cuda"):
        yield "compute.device", c.device, "auto, cpu or cuda"
    for name in ("cores", "threads"):
        value = getattr(c, name)
        if value is not None and value < 1:
            yield f"compute.{name}", value, "null, or a whole number from 1"
