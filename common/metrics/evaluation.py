"""What training and evaluation on one hospital's slices report: counts and sums that add up over hospitals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from common.labels import NUM_CLASSES
from common.metrics.calibration import Bin, Sums, add_sums
from common.metrics.confusion import Confusion
from common.metrics.intervals import Replicates


def no_replicates() -> Replicates:
    """Return the replicates of an evaluation that drew none."""
    return np.zeros((0, NUM_CLASSES, NUM_CLASSES), dtype=np.int64)


@dataclass(frozen=True)
class TrainResult:
    """What a training reports; loss and accuracy are means over the slices as they were seen, augmented."""

    samples: int  # training slices of the hospital
    steps: int  # optimiser steps taken
    loss: float
    accuracy: float  # a fraction
    lr: float  # of the last step
    seconds: float  # wall time


@dataclass(frozen=True)
class EvaluateResult:
    """What an evaluation reports; every field but `seconds` adds up over hospitals.

    Attributes
    ----------
    samples : int
        Slices evaluated.
    loss_sum : float
        Sum of the cross-entropies, nats.
    confusion : ndarray of int64, shape [4, 4]
        True class by predicted class.
    bins : list of Bin
        Slices by the model's confidence.
    seconds : float
        Wall time.
    nll : ndarray of float64, shape [129]
        Sum of the cross-entropies at each temperature of `common.metrics.calibration.GRID`, nats.
    calibrated_bins : list of Bin
        Slices by the confidence at the temperature that was asked for.
    replicates : ndarray of int64, shape [R, 4, 4]
        Confusion matrices of the bootstrap over groups; R is 0 unless it was asked for.
    groups : int
        Groups that were drawn from; 0 unless it was asked for.
    """

    samples: int
    loss_sum: float
    confusion: Confusion
    bins: list[Bin]
    seconds: float
    nll: Sums = field(default_factory=lambda: add_sums([]))
    calibrated_bins: list[Bin] = field(default_factory=list)
    replicates: Replicates = field(default_factory=no_replicates)
    groups: int = 0
