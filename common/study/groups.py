"""A figure of slices that each count once, and how sure it is: over groups of related slices and over seeds.

A strategy's seeds test the same slices again, so they are no new cases: the interval has the slices of one seed,
divided by their design effect (see `common.metrics.clusters`), and on top what the mean still moves with the seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from common.metrics.clusters import wilson_share
from common.metrics.intervals import Interval
from common.study.records import CellResult
from common.study.statistics import SHARE, Estimate, Measure, confusion_at, estimate

Seeds = Mapping[int, CellResult]


def known(results: Seeds, measure: Measure, places: Sequence[str]) -> dict[int, float]:
    """Return a figure by seed, where every one of the places was tested and there is a case."""
    found: dict[int, float] = {}
    for seed, result in results.items():
        confusion = confusion_at(result, places)
        value = None if confusion is None else measure.of(confusion)
        if value is not None:
            found[seed] = value
    return found


def over_groups(results: Seeds, measure: Measure, places: Sequence[str]) -> Estimate | None:
    """Return the mean over seeds with an interval over groups; none for a figure that is no share of slices."""
    values = known(results, measure, places)
    plain = estimate(list(values.values()), SHARE)
    if plain is None:
        return None
    weights = [found for seed in values if (found := _weight(results[seed], measure, places))]
    return Estimate(plain.mean, _interval(plain, weights), plain.spread, plain.n)


@dataclass(frozen=True)
class _Weight:
    cases: float
    effect: float


def _weight(result: CellResult, measure: Measure, places: Sequence[str]) -> _Weight | None:
    """Return how many cases the figure rests on, and their design effect, each hospital's counting by its cases."""
    if measure.cases is None:
        return None
    cases = [measure.cases(result.tests[name]) for name in places]
    effects = [result.effects.get(name, 1.0) for name in places]
    return _Weight(float(sum(cases)), float(np.average(effects, weights=cases)))


def _interval(found: Estimate, weights: Sequence[_Weight]) -> Interval | None:
    """Return Wilson's interval of as many independent cases as would leave the mean's variance."""
    if not weights:
        return None
    cases, effect = (float(np.mean([getattr(each, name) for each in weights])) for name in ("cases", "effect"))
    of_one = found.mean * (1 - found.mean)
    moved = (found.spread or 0.0) ** 2 / found.n
    variance = of_one * effect / cases + moved
    return wilson_share(found.mean, of_one / variance if of_one else cases / effect)
