"""Design effects: how much less related slices say than as many independent ones (Kish, *Survey Sampling*, 1965).

An interval needs the variance of a figure, and slices of one patient are right or wrong together. The server could
work the variance out from each patient's own counts, from sums over drawn patients or from products of counts summed
over patients; but with a histogram beside them all of these are equations for which patient holds which slices, and
with few patients they have one solution. So the hospital works it out itself, at home: for each class, the variance of
the mean placement value (the structural component of the AUROC; Obuchowski, *Biometrics* 53, 1997) with whole patients
as clusters, divided by the variance as if slices were independent. That ratio leaves, with two decimals: thirteen
numbers, whatever the cases. The server multiplies its own variances by them (Rao and Scott, *Biometrics* 48, 1992).

Limits: a ratio below 1, which chance makes of few patients, counts as 1. Slices of a single patient count as one case.
Between hospitals cases count as independent.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.labels import NUM_CLASSES
from common.metrics.intervals import Interval
from common.metrics.score_bins import Labels, Probabilities, log_odds

Values = npt.NDArray[np.float64]
Z = 1.959963984540054
"""Of a 95 % interval."""


@dataclass(frozen=True)
class DesignEffects:
    """Of one hospital's cases; at least 1, at most as many as there are."""

    accuracy: float
    own: tuple[float, ...]
    """For each class, of its own cases."""
    others: tuple[float, ...]
    """Of the other cases."""
    both: tuple[float, ...]
    """Of the AUROC, which rests on both."""


INDEPENDENT = DesignEffects(1.0, *((1.0,) * NUM_CLASSES,) * 3)
"""Where each case stands alone."""


def design_effects(probabilities: Probabilities, labels: Labels, cluster: Labels) -> DesignEffects:
    """Work out the design effects of cases that come in clusters."""
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64) if len(labels) else np.zeros(0)
    found = [_of_class(score, labels == label, cluster) for label, score in enumerate(log_odds(probabilities).T)]
    return DesignEffects(design_effect(right, cluster), *zip(*found, strict=True))


def design_effect(values: Values, cluster: Labels) -> float:
    """Work out the design effect of a mean over cases that come in clusters; at least 1, with two decimals."""
    return _effect(_centred(values), cluster)


def effect_of_interval(ends: Interval | None, hits: int, cases: int, groups: int) -> float:
    """Return the design effect that an interval over groups stands for; 1 where there is none.

    Parameters
    ----------
    ends : tuple of float or None
        95 % interval of the share ``hits / cases`` by a bootstrap over groups.
    groups : int
        That it drew from. Where all cases were right, or all wrong, nothing varied and each group counts as one case.
    """
    if ends is None or not cases or not groups:
        return 1.0
    share = hits / cases
    alone = share * (1 - share) / cases
    found = ((ends[1] - ends[0]) / (2 * Z)) ** 2 / alone if alone else cases / groups
    return float(min(max(found, 1.0), cases))


def wilson_share(share: float, cases: float) -> Interval | None:
    """Return Wilson's 95 % interval (*JASA* 22, 1927) of a share of so many cases, which need not be whole."""
    if cases <= 0:
        return None
    middle = share + Z**2 / (2 * cases)
    spread = Z * float(np.sqrt(share * (1 - share) / cases + Z**2 / (4 * cases**2)))
    return tuple(min(max((middle + sign * spread) / (1 + Z**2 / cases), 0.0), 1.0) for sign in (-1, 1))  # type: ignore[return-value]


def _of_class(score: Values, own: npt.NDArray[np.bool_], cluster: Labels) -> tuple[float, float, float]:
    """Return the effects among a class's cases, among the others, and for both together."""
    if own.all() or not own.any():
        alone = _effect(_centred(_placed(score, score)), cluster)
        return (alone, 1.0, alone) if own.any() else (1.0, alone, alone)
    first, second = _centred(_placed(score[own], score[~own])), -_centred(_placed(score[~own], score[own]))
    joined = np.zeros(len(score))
    joined[own], joined[~own] = first / own.sum(), second / (~own).sum()
    return _effect(first, cluster[own]), _effect(second, cluster[~own]), _effect(joined, cluster)


def _placed(score: Values, among: Values) -> Values:
    """Return the share of the others that stand below each, equals as half."""
    ordered = np.sort(among)
    sides = [np.searchsorted(ordered, score, side) for side in ("left", "right")]
    return np.asarray(sum(sides) / (2 * max(len(among), 1)))


def _centred(values: Values) -> Values:
    return values - values.mean() if len(values) else values


def _effect(values: Values, cluster: Labels) -> float:
    """Return the variance of a sum over whole clusters to that over single cases, with two decimals."""
    _, number = np.unique(cluster, return_inverse=True)
    clusters = int(number.max(initial=-1)) + 1
    if clusters < 2:
        return float(max(len(values), 1))
    alone = float(values @ values)
    sums = np.bincount(number, weights=values)
    found = clusters / (clusters - 1) * float(sums @ sums) / alone if alone else len(values) / clusters
    return round(min(max(found, 1.0), float(len(values))), 2)
