"""What training and evaluation on one hospital's slices report: counts and sums that add up over hospitals."""

from dataclasses import dataclass, field

from common.metrics.calibration import Bin, Sums, add_sums
from common.metrics.case_sums import CaseSums
from common.metrics.confusion import Confusion
from common.metrics.intervals import Replicates, add_replicates


@dataclass(frozen=True)
class Spent:
    """What a hospital has spent of its privacy after a training; the three are equal where updates are not summed."""

    noise_multiplier: float  # deviation of the noise that the hospital added, in clips
    epsilon: float  # against the centre
    epsilon_one_colluding: float  # against the centre and one other hospital
    epsilon_all_but_one: float  # against the centre and all other hospitals


@dataclass(frozen=True)
class TrainResult:
    """What a training reports; loss and accuracy are means over the slices as they were seen, augmented."""

    samples: int  # training slices of the hospital
    steps: int  # optimiser steps taken
    loss: float | None  # None with differential privacy: it would say more than the update
    accuracy: float | None  # a fraction; None as the loss
    lr: float  # of the last step
    seconds: float  # wall time
    spent: Spent | None = None  # with differential privacy


@dataclass(frozen=True)
class EvaluateResult:
    """What an evaluation reports; every field but `seconds` adds up over hospitals."""

    samples: int
    loss_sum: float
    """Sum of the cross-entropies, nats."""
    confusion: Confusion
    bins: list[Bin]
    """Slices by the model's confidence."""
    seconds: float
    """Wall time."""
    nll: Sums = field(default_factory=lambda: add_sums([]))
    """Sum of the cross-entropies at each temperature of `common.metrics.calibration.GRID`, nats."""
    calibrated_bins: list[Bin] = field(default_factory=list)
    """Slices by the confidence at the temperature that was asked for."""
    replicates: Replicates = field(default_factory=lambda: add_replicates([]))
    """Confusion matrices of the bootstrap over groups; none unless it was asked for."""
    groups: int = 0
    """Groups that were drawn from; 0 unless it was asked for."""
    cases: CaseSums | None = None
    """What the figures that reviewers ask for are made of; None unless it was asked for."""
