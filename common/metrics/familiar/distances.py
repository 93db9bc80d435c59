"""Which distance is too far? Hospitals count their held-out slices by distance; 95 % of those that validate pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

PASSING = 0.95
"""Share of the validation slices that the threshold lets pass, at least."""
LEAST_SLICES = 40
"""Fewest validation slices that set a threshold: of fewer, one or two outliers would."""
EDGES: npt.NDArray[np.float64] = 2.0 ** (np.arange(-64, 257) / 32)
"""Ends of the bins, 0.25 to 256 in steps of 2.2 %; what is nearer or farther is in the first or the last bin."""
BINS = len(EDGES) + 1

Counts = npt.NDArray[np.int64]
"""Slices by distance, shape [322]: bin i ends at, and includes, `EDGES` i."""


@dataclass(frozen=True)
class DistanceCounts:
    """A hospital's held-out slices by distance."""

    val: Counts
    test: Counts


def count_distances(distances: npt.NDArray[np.float64]) -> Counts:
    """Count slices by distance."""
    return np.bincount(np.searchsorted(EDGES, distances, side="left"), minlength=BINS).astype(np.int64)


def add_counts(parts: Iterable[Counts]) -> Counts:
    """Add several hospitals' counts; none at all gives zeros."""
    return sum(parts, start=np.zeros(BINS, np.int64))


def threshold_of(val: Counts) -> float | None:
    """Return the smallest end of a bin that `PASSING` of the validation slices keep to; None of too few slices."""
    total = int(val.sum())
    if total < LEAST_SLICES:
        return None
    place = int(np.searchsorted(np.cumsum(val), PASSING * total, side="left"))
    return float(EDGES[min(place, len(EDGES) - 1)])


def within(counts: Counts, threshold: float) -> int:
    """Return how many of the slices are no farther than a threshold, which is one of `EDGES`."""
    return int(counts[: int(np.searchsorted(EDGES, threshold, side="left")) + 1].sum())


def counts_problem(counts: Any, slices: int) -> str | None:
    """Say what of a hospital's counts cannot be, or return None."""
    if len(counts) != BINS or min(counts) < 0 or sum(counts) != slices:
        return f"its counts of distances are not of the {slices:,} slices that it described"
    return None
