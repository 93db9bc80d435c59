"""How uncertain a figure is: Wilson's 95 % interval of a share, and the bootstrap where slices come in groups.

Wilson's interval stays between 0 and 1 and is honest for small numbers, but counts slices as independent. Neighbouring
slices of one patient and copies of one picture are right or wrong together, so it is too narrow for them. The cluster
bootstrap draws whole groups with replacement (Davison and Hinkley, *Bootstrap Methods and their Application*, 1997,
section 3.8; Field and Welsh, "Bootstrapping clustered data", JRSS B 69, 2007). Each hospital draws its own groups and
returns the confusion matrix of every draw; the server adds draw r of all hospitals, which is a bootstrap stratified by
hospital, and reads percentiles off.

Only those sums leave a hospital: no group's own counts, no sizes, no members. The draws are seeded with something that
the server does not hold (see `clients.prepared`): a server that knew how often each group was drawn could solve a
thousand such sums for every group's counts. What the sums do tell is how unevenly groups are sized and how strongly
their slices err together; that is what an interval is made of. **They tell more where a cell is rare**: the only slice
that was mistaken in its way shows in how many draws its group was, and how the other cells go along with that gives
the group's counts in them, though not whose they are. Figures that came later send no draws, see
`common.metrics.clusters`.

Limits: percentiles of few groups are too narrow, and a share of 0 or 1 gives an interval of no width. Wilson's has one,
so both are kept and screens show the wider ends (`wider`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from common.labels import CLASSES, NUM_CLASSES
from common.metrics.confusion import Confusion

CONFIDENCE = 0.95
REPLICATES = 1000
METHOD = "percentiles of a bootstrap over groups of related slices, stratified by hospital"

Interval = tuple[float, float]
Indices = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Replicates = npt.NDArray[np.int64]
"""Confusion matrices, shape ``[R, 4, 4]``: one a draw."""

_CELLS_AT_ONCE = 4_000_000  # bounds the memory of the draws of a large hospital


@dataclass(frozen=True)
class Resampling:
    """How the slices of an evaluation are to be drawn."""

    group: Indices
    """Group of each evaluated slice; any numbers."""
    seed: int

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(np.unique(self.group))


@dataclass(frozen=True)
class BootstrapIntervals:
    """95 % intervals as fractions; None, or the class absent, where there is nothing to draw from.

    Macro means are over the classes with cases; a draw without a case of one leaves that one out.
    """

    accuracy: Interval | None
    macro_precision: Interval | None
    macro_recall: Interval | None
    macro_f1: Interval | None
    precision: dict[str, Interval]
    recall: dict[str, Interval]
    f1: dict[str, Interval]


@lru_cache(maxsize=4096)  # a page asks for the same counts again and again
def wilson(hits: int, total: int) -> Interval | None:
    """Return the Wilson 95 % interval of a share, as fractions; None where there is no case: nothing is known then.

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


def accuracy_interval(confusion: Confusion) -> list[float] | None:
    """Return the Wilson 95 % interval of a confusion matrix's accuracy as JSON keeps it, None without a case."""
    interval = wilson(int(np.trace(confusion)), int(confusion.sum()))
    return list(interval) if interval else None


def f1_interval(hits: int, support: int, named: int) -> Interval | None:
    """Return a 95 % interval of a class's F1, from Wilson's for a share that rises with it.

    F1 is no share of cases, but TP / (TP + FP + FN) (Jaccard's index J) is, and F1 = 2 J / (1 + J). `hits` are true
    positives, `support` the cases of the class, `named` the slices that the model named so.
    """
    ends = wilson(hits, support + named - hits) if support else None
    return (2 * ends[0] / (1 + ends[0]), 2 * ends[1] / (1 + ends[1])) if ends else None


def wider(*intervals: Interval | None) -> Interval | None:
    """Return the interval that reaches as far as any of those given, None if none is; claims no more than they do."""
    known = [interval for interval in intervals if interval is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def resample(true: Indices, predicted: Indices, resampling: Resampling, replicates: int = REPLICATES) -> Replicates:
    """Draw the groups of a hospital again and again and count each draw.

    Parameters
    ----------
    true, predicted : ndarray of int64, shape [N]
        Classes; zeros come back without a slice.
    replicates : int
        R, how many draws; each takes as many groups as there are.
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
    """Add draw r of every hospital; no hospital gives no draw.

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
    """Read 95 % percentile intervals off the draws of one hospital, or of several added up.

    `observed` are the counts that were drawn from; they say which classes have cases.
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
