"""Canaries as an outsider sees them: odd patients among those of training, guessed by a model's loss on them.

It is the model after the last round, which all hospitals and the centre have, and which the run's epsilon covers. The
run's recipe is repeated on its slices with every second canary, by lot, among them; each hospital gets its share of
the canaries. The epsilon that is bounded is that of the hospital which claims most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from bench.privacy_audit.audited import AuditedHospital, AuditedRun
from bench.privacy_audit.lower_bound import Scores
from bench.privacy_audit.odd_patients import SLICES, odd_patients
from bench.privacy_audit.retrain import retrain
from common.model.state import model_from_arrays
from common.model.weights import Arrays
from common.training.batches import Indices, Slices
from common.training.evaluate import probabilities_of
from common.training.pool import PooledPixels

SCORE = "the last model alone, by its loss"


@dataclass(frozen=True)
class Planted:
    """A run with canaries among its patients."""

    run: AuditedRun
    chosen: Mapping[str, Indices]
    """Each hospital's slices of training, canaries among them."""
    canaries: Slices


def outsider_scores(run: AuditedRun, included: npt.NDArray[np.bool_], seed: int) -> Scores:
    """Train with the canaries that are `included` and score all; shape [m], the higher the likelier it was there."""
    planted = plant(run, included, seed)
    return scores_of(run, retrain(planted.run, planted.chosen, seed), planted.canaries)


def plant(run: AuditedRun, included: npt.NDArray[np.bool_], seed: int) -> Planted:
    """Deal the canaries out to the hospitals, one to each in turn."""
    canaries = odd_patients(len(included), run.plan.data.image_size, seed)
    hospitals, chosen = [], {}
    for number, hospital in enumerate(run.hospitals):
        mine = np.arange(number, len(included), len(run.hospitals))
        own = (mine[:, np.newaxis] * SLICES + np.arange(SLICES)).ravel()
        hospitals.append(_with_patients(hospital, Slices(canaries.pixels[own], canaries.labels[own])))
        there = np.flatnonzero(np.repeat(included[mine], SLICES)) + len(hospital.slices.labels)
        chosen[hospital.key] = np.concatenate([hospital.split.train, there])
    return Planted(replace(run, hospitals=hospitals, best_round=run.plan.rounds), chosen, canaries)


def _with_patients(hospital: AuditedHospital, canaries: Slices) -> AuditedHospital:
    """Number the canaries after the hospital's own slices and patients."""
    pixels = PooledPixels([hospital.slices, canaries])
    labels = np.concatenate([hospital.slices.labels, canaries.labels])
    numbers = int(hospital.patients.max()) + 1 + np.arange(len(canaries.labels)) // SLICES
    return replace(hospital, slices=Slices(pixels, labels), patients=np.concatenate([hospital.patients, numbers]))


def scores_of(run: AuditedRun, arrays: Arrays, canaries: Slices) -> Scores:
    """Return the mean logarithm of what a model gives the labels of each canary's slices."""
    model = model_from_arrays(run.plan.model.name, arrays, torch.device("cpu"))
    every = np.arange(len(canaries.labels))
    given = probabilities_of(model, canaries, every)[every, canaries.labels]
    return np.log(np.maximum(given, np.finfo(np.float64).tiny)).reshape(-1, SLICES).mean(axis=1)
