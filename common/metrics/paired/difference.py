"""Whether two models that judged the same cases differ: McNemar's exact test, and Newcombe's paired interval.

A table is ``[[both right, only this], [only the reference, both wrong]]``.
"""

from math import hypot, sqrt
from typing import Any

import numpy.typing as npt

from common.metrics.clusters import wilson_share
from common.metrics.intervals import Interval

Table = npt.NDArray[Any]


def mcnemar(table: Table) -> float:
    """Return the two-sided exact p-value (McNemar, *Psychometrika* 12, 1947); 1 where both are right on the same."""
    from scipy.stats import binomtest  # half a second, which pages that show recorded figures do without

    this, reference = int(table[0, 1]), int(table[1, 0])
    return float(binomtest(this, this + reference, 0.5).pvalue) if this + reference else 1.0


def paired_difference(table: Table) -> float | None:
    """Return the accuracy of this model less that of the reference; None without a case."""
    cases = table.sum()
    return float((table[0, 1] - table[1, 0]) / cases) if cases else None


def paired_interval(table: Table, effect: float = 1.0) -> Interval | None:
    """Return the difference's 95 % interval (Newcombe, *Statistics in Medicine* 17, 1998, p. 2635, method 10).

    Parameters
    ----------
    effect : float
        Design effect: so many cases say as much as an independent one.
    """
    cases = float(table.sum()) / effect
    if not cases:
        return None
    shares = [float(side.sum()) / effect / cases for side in (table[0], table[:, 0])]
    (this, other), ends = shares, [wilson_share(share, cases) or (0.0, 1.0) for share in shares]
    together = _correlation(table / effect)
    lower = _spread(this - ends[0][0], ends[1][1] - other, together)
    upper = _spread(ends[0][1] - this, other - ends[1][0], together)
    return this - other - lower, this - other + upper


def _spread(one: float, other: float, together: float) -> float:
    return sqrt(max(hypot(one, other) ** 2 - 2 * together * one * other, 0.0))


def _correlation(table: Table) -> float:
    """Return phi, corrected for continuity where it is positive; 0 where a margin is empty."""
    (both, this), (reference, neither) = table.tolist()
    margins = (both + this) * (reference + neither) * (both + reference) * (this + neither)
    if not margins:
        return 0.0
    product = both * neither - this * reference
    corrected = max(product - (both + this + reference + neither) / 2, 0.0) if product > 0 else product
    return float(corrected / sqrt(margins))
