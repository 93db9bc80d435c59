"""The run that is attacked: its plan, its models and the slices of its hospitals, as the auditor holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from common.config.strategies import StrategySettings
from common.data.split import Split
from common.model.weights import Arrays
from common.protocol.plan import Plan
from common.training.batches import Indices, Slices


@dataclass(frozen=True)
class AuditedHospital:
    """One hospital's slices, and whose they are."""

    key: str
    slices: Slices
    split: Split
    patients: Indices
    """Patient of each file, or the group of related slices where patients are not known; shape [N]."""

    @cached_property
    def used(self) -> Indices:
        """Slices of any part of the split, sorted, of patients that stand in one part alone."""
        parts = self.split.parts().values()
        together = np.sort(np.concatenate(list(parts)))
        return together[~np.isin(self.patients[together], self.divided)]

    @cached_property
    def divided(self) -> Indices:
        """Patients with slices in more than one part: neither members nor strangers."""
        seen = np.concatenate([np.unique(self.patients[part]) for part in self.split.parts().values()])
        numbers, counts = np.unique(seen, return_counts=True)
        return numbers[counts > 1]


@dataclass(frozen=True)
class Claim:
    """What the run says of a hospital's training."""

    epsilon: float
    """At most, against the centre."""
    rate: float
    """With which a step draws each patient."""
    noise_multiplier: float
    """Of the noise that the centre cannot take off: where hospitals share it, of the whole."""
    rounds: int = 1
    """That were paid for in full."""


@dataclass(frozen=True)
class AuditedRun:
    """A finished run."""

    run_id: str
    plan: Plan
    strategy: StrategySettings
    hospitals: Sequence[AuditedHospital]
    first: Arrays
    """The model of the first round's question."""
    released: Arrays
    """The model that the run gave away."""
    best_round: int
    """The round whose model that is."""
    claims: Mapping[str, Claim] = field(default_factory=dict)
    """By hospital's key, where the run was trained with differential privacy."""

    @property
    def members(self) -> Mapping[str, Indices]:
        """Each hospital's training slices."""
        return {hospital.key: hospital.split.train for hospital in self.hospitals}
