"""How sure a share is: Wilson's 95 % interval, which stays between 0 and 1 and is honest for small numbers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

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
