"""Runs to attack: a hospital of noise that can only be learnt by heart, and phantoms for a network like LeNet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import nn

from bench.privacy_audit.audited import AuditedHospital, AuditedRun
from common.config.architectures import Architecture
from common.config.hydra import load_hospitals
from common.config.settings import AugmentPlan, DataPlan, ModelPlan, TrainPlan
from common.config.strategies import StrategySettings
from common.data.prepare import prepare
from common.data.split import Split
from common.labels import CLASSES, NUM_CLASSES
from common.model.registry import initial_weights
from common.model.state import arrays_from_state
from common.protocol.plan import Plan
from common.training.batches import Slices

SIZE = 32
STILL = AugmentPlan(False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
WIDE = Architecture("one wide layer", "tests.support.audited:wide", state_bytes=0, batch_norm=False)
SMOOTH = Architecture("two smooth layers", "tests.support.audited:smooth", state_bytes=0, batch_norm=False)


def wide(weights: None, num_classes: int) -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(768, 64), nn.ReLU(), nn.Linear(64, num_classes))


def smooth(weights: None, num_classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 12, 5, stride=2, padding=2), nn.Sigmoid(), nn.Flatten(), nn.Linear(3072, num_classes)
    )


def noise_hospital(patients: int = 40, slices: int = 2, seed: int = 0) -> AuditedHospital:
    """Slices of noise with labels that say nothing of it; half of the patients train."""
    chance = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(patients), slices)
    labels = np.repeat(chance.integers(0, NUM_CLASSES, patients), slices)
    pixels = chance.integers(0, 255, (len(numbers), SIZE, SIZE, 3)).astype(np.uint8)
    part = np.repeat(chance.permutation(np.arange(patients) % 4), slices)
    split = Split(np.flatnonzero(part < 2), np.flatnonzero(part == 2), np.flatnonzero(part == 3))
    return AuditedHospital("noise", Slices(pixels, labels.astype(np.int64)), split, numbers.astype(np.int64))


def noise_run(hospital: AuditedHospital) -> AuditedRun:
    """Two rounds of a network that learns the noise by heart; what is released is the first model, to be replaced."""
    train = TrainPlan(local_epochs=15, batch_size=16, lr=3e-3, augment=STILL)
    return _run(Plan(7, 2, list(CLASSES), DataPlan(image_size=SIZE), ModelPlan("wide"), train), hospital)


def phantom_run(phantoms: Path, cache: Path, **train: object) -> AuditedRun:
    """One synthetic hospital and a network whose gradient tells much."""
    plan = TrainPlan(**{"optimiser": "sgd", "lr": 0.01, **train})  # type: ignore[arg-type]
    (site,) = load_hospitals(["phantom_jaipur"], fewest=1)
    whole = Plan(42, 2, list(CLASSES), DataPlan(image_size=SIZE), ModelPlan("smooth"), plan)
    found = prepare(phantoms / site.path, site.class_map, whole.data, whole.seed, cache)
    slices = Slices(found.library.pixels, found.scan.labels)
    return _run(whole, AuditedHospital(site.key, slices, found.split, found.patients.number))


def _run(plan: Plan, hospital: AuditedHospital) -> AuditedRun:
    first = arrays_from_state(initial_weights(plan.model.name, plan.seed))
    return AuditedRun("run-001", plan, StrategySettings(), [hospital], first, first, plan.rounds)
