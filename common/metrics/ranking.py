"""AUROC and average precision of one class against the rest, from cases counted by score, with 95 % intervals.

Cases of one bin count as tied: for AUROC half right (Mann and Whitney), for average precision as the mean over the
orders in which they may stand. The standard error of AUROC is DeLong's (DeLong, DeLong and Clarke-Pearson, *Biometrics*
44, 1988), with each hospital's share multiplied by its design effect (see `common.metrics.clusters`), on the scale of
log-odds. It is 0 where the classes are told apart without a mistake; Newcombe's score interval (method 5, *Statistics
in Medicine* 25, 2006) is not, so the wider ends of both count. For average precision the interval is the binomial one
of Boyd, Eng and Page (ECML PKDD 2013), in Wilson's form: a share of so many positive cases. Both are up to 1.7 times as
wide as those of a bootstrap over patients, and seldom narrower.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from common.metrics.clusters import Z, wilson_share
from common.metrics.intervals import Interval, wider

Counts = npt.NDArray[np.int64]
"""Cases by score, from the lowest bin to the highest."""
Values = npt.NDArray[np.float64]


def auroc(own: Counts, others: Counts) -> float | None:
    """Return the chance that a case of the class scores above one of the others; None where either is missing."""
    return float(own @ _below(others) / own.sum()) if own.sum() and others.sum() else None


def average_precision(own: Counts, others: Counts) -> float | None:
    """Return the mean precision over the cases of the class; None without one, and without any other."""
    if not own.sum() or not others.sum():
        return None
    filled = np.flatnonzero(own)[::-1]
    own_above, others_above = (np.cumsum(each[::-1])[::-1] - each for each in (own, others))
    total = 0.0
    for each in filled:
        place = np.arange(1, own[each] + 1)
        right = own_above[each] + place
        total += float((right / (right + others_above[each] + others[each] * place / (own[each] + 1))).sum())
    return total / float(own.sum())


def auroc_interval(parts: Sequence[tuple[Counts, Counts]], effects: Sequence[float]) -> Interval | None:
    """Return the interval of the AUROC over all hospitals.

    Parameters
    ----------
    parts : sequence of (own, others)
        Of each hospital.
    effects : sequence of float
        Each hospital's design effect.
    """
    own, others = (np.sum([part[side] for part in parts], axis=0) for side in (0, 1))
    area = auroc(own, others)
    if area is None:
        return None
    parted = [_variance(part, own, others, area) for part in parts]
    alone, together = sum(parted), sum(np.multiply(parted, effects))
    weights = [part[0].sum() / own.sum() + part[1].sum() / others.sum() for part in parts]
    effect = together / alone if alone else float(np.average(effects, weights=weights))
    return wider(_on_log_odds(area, together), _newcombe(area, own.sum() / effect, others.sum() / effect))


def average_precision_interval(value: float | None, positives: float) -> Interval | None:
    """Return the interval of an average precision that rests on so many independent positive cases."""
    return None if value is None else wilson_share(value, positives)


def _below(counts: Counts) -> Values:
    """Return the share of the cases below each bin, those within it as half."""
    return np.asarray((np.cumsum(counts) - counts / 2) / counts.sum())


def _variance(part: tuple[Counts, Counts], own: Counts, others: Counts, area: float) -> float:
    """Return what one hospital's cases add to the variance of the AUROC over all, after DeLong."""
    found = 0.0
    placements = (_below(others), 1 - _below(own))
    for counts, placement, total in zip(part, placements, (own.sum(), others.sum()), strict=True):
        found += float(counts @ (placement - area) ** 2) / max(total * (total - 1), 1)
    return found


def _on_log_odds(area: float, variance: float) -> Interval | None:
    if not 0 < area < 1 or variance <= 0:
        return None
    middle, spread = np.log(area / (1 - area)), Z * np.sqrt(variance) / (area * (1 - area))
    low, high = (float(1 / (1 + np.exp(-end))) for end in (middle - spread, middle + spread))
    return low, high


def _newcombe(area: float, own: float, others: float) -> Interval:
    """Solve for the areas of which the one that was found is just within 1.96 standard errors."""
    half = max((own + others) / 2 - 1, 0.0)

    def beyond(true: float) -> bool:
        odd = 1 + half * ((1 - true) / (2 - true) + true / (1 + true))
        return (area - true) ** 2 > Z**2 * true * (1 - true) * odd / (own * others)

    return _border(0.0, area, beyond), _border(1.0, area, beyond)


def _border(outer: float, inner: float, beyond: Callable[[float], bool]) -> float:
    """Halve the way from an area that is beyond to one that is not."""
    if not beyond(outer):
        return outer
    for _ in range(50):
        middle = (outer + inner) / 2
        outer, inner = (middle, inner) if beyond(middle) else (outer, middle)
    return inner
