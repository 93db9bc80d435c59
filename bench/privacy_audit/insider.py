"""Canaries as the mechanism's own designer sees them: every noisy gradient, and canaries that are the worst patients.

One hospital trains alone, by the product's own private training, with the rate, noise and steps that its run recorded.
Differential privacy is promised against whoever sees every step and knows every other patient, and this attack is one:
where the implementation leaks more than it accounts for, little escapes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from bench.privacy_audit.lower_bound import Scores
from bench.privacy_audit.marked_network import SLICES, Flags, MarkedNetwork, OwnWeight, marked_slices, own_weights
from common.config.dp import DpPlan
from common.config.settings import AugmentPlan, TrainPlan
from common.privacy.stream import SecretStream
from common.training.batches import Indices, Slices
from common.training.pool import PooledPixels
from common.training.private.sampling import units_of
from common.training.private.train import PrivateRound, train_privately
from common.training.train import RoundContext

SCORE = "every noisy gradient, at the canary's own weight"
_STILL = AugmentPlan(False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # so that marks stay; privacy does not rest on augmentation


@dataclass(frozen=True)
class Mechanism:
    """How a hospital's patients were protected, as its run recorded it."""

    dp: DpPlan
    train: TrainPlan
    rate: float
    """With which a step draws each patient."""
    noise_multiplier: float
    rounds: int


@dataclass(frozen=True)
class Patients:
    """Slices of training, and whose they are."""

    slices: Slices
    indices: Indices
    """Slices of training."""
    numbers: Indices
    """Patient of each slice, shape [N]."""
    side: int
    """Pixels."""


def insider_scores(network: nn.Module, patients: Patients, mechanism: Mechanism, included: Flags, seed: int) -> Scores:
    """Train `network` in place with canaries among the patients; return how likely each was there, shape [m]."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    own = own_weights(weights, len(included), seed)
    marked = MarkedNetwork(network, own, included, mechanism.dp.clip)
    together = _with_canaries(patients, len(included))
    units = units_of(together.indices, together.numbers)
    # rounded down, so that nobody is drawn more often than in the run
    dp = replace(mechanism.dp, patients_per_step=max(1, int(mechanism.rate * len(units))))
    watch = _Watch(weights, own, dp, replace(mechanism, rate=min(1.0, dp.patients_per_step / len(units))))
    plan = replace(mechanism.train, augment=_STILL)
    stream = SecretStream(hashlib.sha256(f"audit {seed}".encode()).digest())
    for number in range(1, mechanism.rounds + 1):
        context = RoundContext(seed, "audit", number, mechanism.rounds)
        private = PrivateRound(dp, mechanism.noise_multiplier, dp.steps, stream.derive("round", number))
        train_privately(marked, together.slices, units, plan, context, private, correct=watch.look)
    return watch.scores


def _with_canaries(patients: Patients, count: int) -> Patients:
    canaries = marked_slices(count, patients.side)
    before = len(patients.slices.labels)
    added = np.arange(count * SLICES)
    slices = Slices(
        PooledPixels([patients.slices, canaries]), np.concatenate([patients.slices.labels, canaries.labels])
    )
    numbers = np.concatenate([patients.numbers, int(patients.numbers.max(initial=-1)) + 1 + added // SLICES])
    return Patients(slices, np.concatenate([patients.indices, before + added]), numbers, patients.side)


class _Watch:
    """Looks at each noisy gradient before the optimiser takes it, and adds up what it says of each canary."""

    def __init__(
        self, weights: Sequence[nn.Parameter], own: Sequence[OwnWeight], dp: DpPlan, mechanism: Mechanism
    ) -> None:
        self.scores: Scores = np.zeros(len(own))
        self._weights, self._own, self._dp, self._mechanism = weights, own, dp, mechanism

    @torch.no_grad()
    def look(self) -> None:
        """Add the step's log-likelihood ratio, of the canary being there to it not being there.

        In clips, the noisy sum at its own weight is normal with the noise's deviation; and about one, in place of zero,
        with the probability with which it was drawn.
        """
        flat = [weight.grad.reshape(-1) for weight in self._weights if weight.grad is not None]
        seen = np.array([float(flat[own.weight][own.place]) for own in self._own])
        clips = seen * self._dp.patients_per_step / self._dp.clip
        rate, variance = self._mechanism.rate, self._mechanism.noise_multiplier**2
        with np.errstate(divide="ignore"):  # all are drawn: log(0)
            absent, drawn = np.log1p(-rate), np.log(rate) + (clips - 0.5) / variance
        self.scores += np.logaddexp(absent, drawn)
