"""How sure a share is: Wilson's 95 % interval, which stays between 0 and 1 and is honest for small numbers.

How sure a figure is where slices come in groups: the bootstrap over groups, without a prediction leaving a hospital.

Neighbouring slices of one patient and copies of one picture are right or wrong together, so intervals that count
slices as independent (Wilson's) are too narrow. The cluster bootstrap draws whole groups with replacement (Davison and
Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8; Field and Welsh, "Bootstrapping clustered data",
JRSS B 69, 2007). Each hospital draws its own groups and returns the confusion matrix of every draw; the server adds
draw r of all hospitals, which is a bootstrap stratified by hospital, and reads percentiles off.

Only those sums leave a hospital: no group's own counts, no sizes, no members. The draws are seeded with something that
the server does not hold (see `clients.prepared`): a server that knew how often each group was drawn could solve a
thousand such sums for every group's counts. What the sums do tell is how unevenly groups are sized and how strongly
their slices err together; that is what an interval is made of.

Limits: percentiles of few groups are too narrow, and a share of 0 or 1 gives an interval of no width. Wilson's has one,
so both are kept and screens show the wider ends (`common.metrics.intervals.wider`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from common.labels import CLASSES, NUM_CLASSES
from common.metrics.confusion import Confusion

CONFIDENCE = 0.95

Interval = tuple[float, float]


@lru_cache(maxsize=4096)  # a page asks for the same counts again and again
def wilson(hits: int, total: int) -> Interval | None:
    """Return the Wilson 95 % interval of a share.

    Parameters
    ----------
    hits : int
        Cases that count, 0 to `total`.
    total : int
        All cases.

    Returns
    -------
    tuple of float or None
        Lower and upper end as fractions; None where there is no case, since nothing is known then.

    Raises
    ------
    ValueError
        `hits` is negative or above `total`.
    """
    if total == 0 and hits == 0:
        return None
    from scipy.stats import binomtest  # half a second, which a page that shows recorded intervals does without

    share = hits / max(total, 1)  # tested against itself: the p-value, which nobody reads, is then not searched for
    interval = binomtest(hits, total, share).proportion_ci(confidence_level=CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def wilson_many(hits: npt.ArrayLike, totals: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return one Wilson 95 % interval a pair of counts.

    Parameters
    ----------
    hits, totals : array_like of int, shape [N]
        As for :func:`wilson`.

    Returns
    -------
    ndarray of float64, shape [N, 2]
        Lower and upper ends; NaN where there is no case.
    """
    pairs = zip(np.ravel(hits).tolist(), np.ravel(totals).tolist(), strict=True)
    ends = [wilson(int(hit), int(total)) or (np.nan, np.nan) for hit, total in pairs]
    return np.asarray(ends, dtype=np.float64).reshape(-1, 2)


def accuracy_interval(confusion: npt.NDArray[np.int64]) -> list[float] | None:
    """Return the Wilson 95 % interval of a confusion matrix's accuracy as JSON keeps it, None without a case."""
    interval = wilson(int(np.trace(confusion)), int(confusion.sum()))
    return list(interval) if interval else None


def f1_interval(hits: int, support: int, named: int) -> Interval | None:
    """Return a 95 % interval of a class's F1, from Wilson's for a share that rises with it.

    F1 is no share of cases, but TP / (TP + FP + FN) (Jaccard's index J) is, and F1 = 2 J / (1 + J).

    Parameters
    ----------
    hits : int
        True positives.
    support : int
        Cases of the class.
    named : int
        Slices that the model named so.
    """
    ends = wilson(hits, support + named - hits) if support else None
    return (_f1(ends[0]), _f1(ends[1])) if ends else None


def _f1(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)


def wider(*intervals: Interval | None) -> Interval | None:
    """Return the interval that reaches as far as any of those given, None if none is; claims no more than they do."""
    known = [interval for interval in intervals if interval is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


Indices = npt.NDArray[np.int64]
Replicates = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

REPLICATES = 1000
METHOD = "percentiles of a bootstrap over groups of related slices, stratified by hospital"
_CELLS_AT_ONCE = 4_000_000  # bounds the memory of the draws of a large hospital


@dataclass(frozen=True)
class Resampling:
    """How the slices of an evaluation are to be drawn.

    Attributes
    ----------
    group : ndarray of int64, shape [N]
        Group of each evaluated slice; any numbers.
    seed : int
        Of the draws.
    """

    group: Indices
    seed: int

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(np.unique(self.group))


@dataclass(frozen=True)
class BootstrapIntervals:
    """95 % intervals as fractions; None, or the class absent, where there is nothing to draw from.

    Attributes
    ----------
    accuracy, macro_precision, macro_recall, macro_f1 : tuple of float or None
        Macro means are over the classes with cases; a draw without a case of one leaves that one out.
    precision, recall, f1 : dict of str to tuple of float
        By class.
    """

    accuracy: Interval | None
    macro_precision: Interval | None
    macro_recall: Interval | None
    macro_f1: Interval | None
    precision: dict[str, Interval]
    recall: dict[str, Interval]
    f1: dict[str, Interval]


def resample(true: Indices, predicted: Indices, resampling: Resampling, replicates: int = REPLICATES) -> Replicates:
    """Draw the groups of a hospital again and again and count each draw.

    Parameters
    ----------
    true, predicted : ndarray of int64, shape [N]
        Classes.
    resampling : Resampling
        Groups and seed.
    replicates : int
        R, how many draws.

    Returns
    -------
    ndarray of int64, shape [R, 4, 4]
        Confusion matrices; each draw takes as many groups as there are. Zeros without a slice.
    """
    _, number = np.unique(resampling.group, return_inverse=True)
    groups = int(number.max(initial=-1)) + 1
    if not groups:
        return np.zeros((replicates, NUM_CLASSES, NUM_CLASSES), dtype=np.int64)
    cells = NUM_CLASSES * NUM_CLASSES
    place = number * cells + np.asarray(true) * NUM_CLASSES + np.asarray(predicted)
    counts = np.bincount(place, minlength=groups * cells).reshape(groups, cells)
    # whole numbers only: the same draws on any machine
    chance = np.random.Generator(np.random.PCG64(resampling.seed))
    rows = max(_CELLS_AT_ONCE // groups, 1)
    blocks = [
        _times_drawn(chance, min(rows, replicates - start), groups) @ counts for start in range(0, replicates, rows)
    ]
    return np.concatenate(blocks).reshape(replicates, NUM_CLASSES, NUM_CLASSES).astype(np.int64)


def _times_drawn(chance: np.random.Generator, rows: int, groups: int) -> Values:
    """Draw `groups` of `groups` with replacement, `rows` times; return how often each came, as exact float64."""
    drawn = chance.integers(0, groups, size=(rows, groups)) + groups * np.arange(rows)[:, None]
    return np.bincount(drawn.ravel(), minlength=rows * groups).reshape(rows, groups).astype(np.float64)


def add_replicates(parts: Iterable[Replicates]) -> Replicates:
    """Add draw r of every hospital, shape [R, 4, 4]; none at all gives no draw.

    Raises
    ------
    ValueError
        The hospitals returned different numbers of draws.
    """
    present = list(parts)
    if len({part.shape for part in present}) > 1:
        raise ValueError("hospitals returned different numbers of draws")
    return sum(present[1:], start=present[0]) if present else np.zeros((0, NUM_CLASSES, NUM_CLASSES), dtype=np.int64)


def bootstrap_intervals(replicates: Replicates, observed: Confusion) -> BootstrapIntervals:
    """Read 95 % percentile intervals off the draws.

    Parameters
    ----------
    replicates : ndarray of int64, shape [R, 4, 4]
        Of one hospital, or added up.
    observed : ndarray of int64, shape [4, 4]
        The counts that were drawn from; says which classes have cases.
    """
    hits = np.diagonal(replicates, axis1=1, axis2=2).astype(np.float64)
    support, said = replicates.sum(axis=2), replicates.sum(axis=1)
    held = observed.sum(axis=1) > 0
    recall, precision = _share(hits, support), _share(hits, said)
    f1 = np.where(support > 0, _share(2 * hits, support + said), np.nan)
    macro_precision = np.where(support > 0, np.nan_to_num(precision), np.nan)  # never named: 0, as in `figures`
    return BootstrapIntervals(
        accuracy=_percentiles(_share(hits.sum(axis=1), replicates.sum(axis=(1, 2)))),
        macro_precision=_percentiles(_mean(macro_precision[:, held])),
        macro_recall=_percentiles(_mean(recall[:, held])),
        macro_f1=_percentiles(_mean(f1[:, held])),
        precision=_by_class(precision, held),
        recall=_by_class(recall, held),
        f1=_by_class(f1, held),
    )


def _share(hits: Values, total: npt.NDArray[np.int64]) -> Values:
    return np.divide(hits, total, out=np.full(hits.shape, np.nan), where=total > 0)


def _mean(values: Values) -> Values:
    """Mean of each row over what is there; NaN for a row of nothing."""
    known = ~np.isnan(values)
    return _share(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1))


def _percentiles(values: Values) -> Interval | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def _by_class(values: Values, held: npt.NDArray[np.bool_]) -> dict[str, Interval]:
    ends = {name: _percentiles(values[:, i]) for i, name in enumerate(CLASSES) if held[i]}
    return {name: interval for name, interval in ends.items() if interval is not None}
