"""A mean over seeds and how sure it is: Student's t, since seeds are few and their spread is not known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import t

from common.metrics.intervals import CONFIDENCE, Interval


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds.

    Attributes
    ----------
    mean : float
        In the unit of the values.
    interval : tuple of float or None
        95 % interval of the mean; None with one value, which cannot tell how much another would differ.
    spread : float or None
        Standard deviation of the values (n - 1 in the denominator); None with one value.
    n : int
        Values, at least 1.
    """

    mean: float
    interval: Interval | None
    spread: float | None
    n: int


SHARE = (0.0, 1.0)
DIFFERENCE = (-1.0, 1.0)


def estimate(values: Sequence[float], within: Interval = DIFFERENCE) -> Estimate | None:
    """Return the mean of `values` with its 95 % interval (Student, Biometrika 1908); None for no value.

    Parameters
    ----------
    values : sequence of float
        One a seed, or one paired difference a seed.
    within : tuple of float
        Where a mean can be at all: `SHARE` or `DIFFERENCE`; with two seeds an interval would often reach beyond.
    """
    n = len(values)
    if not n:
        return None
    mean = float(np.mean(values))
    if n == 1:
        return Estimate(mean, None, None, 1)
    spread = float(np.std(values, ddof=1))
    half = _student(n - 1) * spread / n**0.5
    return Estimate(mean, (max(mean - half, within[0]), min(mean + half, within[1])), spread, n)


@cache
def _student(freedom: int) -> float:
    """Return how many standard errors a 95 % interval reaches to either side."""
    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))
