"""Which patients a step draws: each by itself with one probability, Poisson sampling, as the accountant assumes."""

import numpy as np

from common.config.dp import DpPlan
from common.privacy.stream import SecretStream
from common.training.batches import Indices


def rate(dp: DpPlan, units: int) -> float:
    """Return the probability with which each of a hospital's patients is drawn into a step."""
    return min(1.0, dp.patients_per_step / units)


def units_of(indices: Indices, numbers: Indices) -> list[Indices]:
    """Return the slices at `indices` patient by patient; `numbers` are the patients of all files."""
    order = np.argsort(numbers[indices], kind="stable")
    sorted_numbers = numbers[indices][order]
    return np.split(indices[order], np.flatnonzero(np.diff(sorted_numbers)) + 1)


def drawn(units: int, probability: float, stream: SecretStream) -> list[int]:
    """Return the patients of one step; none of them, at times."""
    found: list[int] = np.flatnonzero(stream.uniform(units) < probability).tolist()
    return found
