"""Two strategies on the same folds, and how sure their difference is.

Models of different folds share most of their training slices, so that their differences are not independent and the
plain t is too sure. The variance is corrected by the ratio of test to training (Nadeau and Bengio, *Machine Learning*
52, 2003; for repeated folds Bouckaert and Frank, PAKDD 2004).
"""

from collections.abc import Sequence

import numpy as np

from common.metrics.intervals import Interval
from common.study.groups import known, over_groups
from common.study.records import Study
from common.study.statistics import DIFFERENCE, SHARE, Estimate, Measure, estimate, student


def over_folds(study: Study, strategy: str, measure: Measure, places: Sequence[str]) -> Estimate | None:
    """Return a figure of all folds together: its mean over seeds, with an interval over groups.

    A figure that is no share of slices, such as macro F1, has one over folds.
    """
    found = over_groups(study.seeds_of(strategy), measure, places)
    if found is None or measure.cases is not None:
        return found
    values = [value for each in _by_fold(study, strategy, measure, places).values() for value in each.values()]
    return Estimate(found.mean, _around(found.mean, values, study.folds, SHARE), found.spread, found.n)


def fold_differences(
    study: Study, subject: str, reference: str, measure: Measure, places: Sequence[str]
) -> list[float]:
    """Return subject minus reference, paired by fold and seed, where both are known."""
    one, other = (_by_fold(study, name, measure, places) for name in (subject, reference))
    return [value - other[fold][seed] for fold in one for seed, value in one[fold].items() if seed in other[fold]]


def difference_over_folds(
    study: Study, subject: str, reference: str, measure: Measure, places: Sequence[str]
) -> Estimate | None:
    """Return the difference of all folds together, its mean over seeds, with an interval over the pairs of folds.

    The spread is between seeds, None with one.
    """
    one, other = (known(study.seeds_of(name), measure, places) for name in (subject, reference))
    found = estimate([value - other[seed] for seed, value in one.items() if seed in other])
    if found is None:
        return None
    pairs = fold_differences(study, subject, reference, measure, places)
    return Estimate(found.mean, _around(found.mean, pairs, study.folds, DIFFERENCE), found.spread, found.n)


def _by_fold(study: Study, strategy: str, measure: Measure, places: Sequence[str]) -> dict[int, dict[int, float]]:
    return {fold: known(study.cells_of(strategy, fold=fold), measure, places) for fold in range(1, study.folds + 1)}


def _around(mean: float, values: Sequence[float], folds: int, within: Interval) -> Interval | None:
    """Return the corrected 95 % interval around a mean; None with fewer than two values."""
    if len(values) < 2:
        return None
    tested_to_trained = 1 / (folds - 1)
    variance = float(np.var(values, ddof=1)) * (1 / len(values) + tested_to_trained)
    half = student(len(values) - 1) * variance**0.5
    return max(mean - half, within[0]), min(mean + half, within[1])
