"""Two recipes over several seeds on the same cases: one difference, and how sure it is.

Seeds share cases: five folds test each slice once with every seed, and so does a hospital that is left out. Slices
that k seeds test are one case, not k, so that their tables count for no more cases than there are (`distinct_share`).
That takes a slice's outcomes with different seeds for one and the same, which they are not quite: the interval is
rather too wide than too narrow. What the seeds themselves change, on whatever cases, is added as in a study of several
readers and many cases (Obuchowski and Rockette, *Communications in Statistics* 24, 1995): the variance is that of the
cases and that of the mean over seeds together, with Satterthwaite's degrees of freedom.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from common.labels import CLASSES
from common.metrics.clusters import Z
from common.metrics.intervals import CONFIDENCE, Interval
from common.metrics.paired.counts import Tables
from common.metrics.paired.difference import Table, mcnemar, paired_difference, paired_interval
from common.metrics.paired.figures import counted
from common.metrics.paired.needed import groups_needed, smallest_difference

Json = dict[str, Any]
Tested = Mapping[str, Sequence[int]]
"""Hospital to the indices of the slices that a seed tests there."""


@dataclass(frozen=True)
class PairedTables:
    """The cases of one seed, or of a part of them."""

    slices: Tables
    patients: Tables
    effect: float
    """Design effect of the difference over slices."""


def add_tables(parts: Iterable[PairedTables]) -> PairedTables:
    """Add up cells that share no case, such as folds or hospitals; at least one."""
    known = list(parts)
    weights = [float(each.slices.sum()) for each in known]
    effect = float(np.average([each.effect for each in known], weights=weights)) if sum(weights) else 1.0
    return PairedTables(
        np.sum([each.slices for each in known], axis=0), np.sum([each.patients for each in known], axis=0), effect
    )


def distinct_share(tested: Sequence[Tested]) -> float:
    """Return which share of all the seeds' cases count: 1 if no slice is tested twice, 1 / seeds if each always is.

    A mean in which a slice has weight k has the variance of (sum of k)^2 / (sum of k^2) slices of equal weight.
    """
    drawn = [np.asarray(slices, dtype=np.int64) for name in _names(tested) for slices in [_all(tested, name)]]
    times = [np.unique(slices, return_counts=True)[1].astype(np.float64) for slices in drawn]
    together = np.concatenate(times) if times else np.zeros(0)
    return float(together.sum() / (together**2).sum()) if together.any() else 1.0


def _names(tested: Sequence[Tested]) -> list[str]:
    return list(dict.fromkeys(name for seed in tested for name in seed))


def _all(tested: Sequence[Tested], name: str) -> list[int]:
    return [index for seed in tested for index in seed.get(name, ())]


def figures_over_seeds(seeds: Sequence[PairedTables], distinct: float) -> Json | None:
    """Return the figures of slices and of patients, over all and by class; None without a case.

    Parameters
    ----------
    seeds : sequence of PairedTables
        Each seed's cases, added up.
    distinct : float
        Of `distinct_share`.
    """
    together = add_tables(seeds) if seeds else None
    if together is None or not together.slices.sum():
        return None
    slices, patients = ([getattr(each, part) for each in seeds] for part in ("slices", "patients"))
    return {
        "slices": {**_part(slices, patients, distinct, together.effect), "design_effect": together.effect},
        "patients": _part(patients, patients, distinct, 1.0),
    }


def _part(cases: Sequence[Tables], groups: Sequence[Tables], distinct: float, effect: float) -> Json:
    def row(classes: slice) -> Json:
        tables = [each[classes].sum(axis=0) for each in cases]
        behind = distinct * float(sum(each[classes].sum() for each in groups))
        return _row(tables, behind, distinct, effect)

    by_class = {name: row(slice(place, place + 1)) for place, name in enumerate(CLASSES)}
    return {**row(slice(None)), "per_class": by_class}


def _row(tables: Sequence[Table], groups: float, distinct: float, effect: float) -> Json:
    """Return one line; its counts are those of distinct cases."""
    table = np.sum(tables, axis=0) * distinct
    known = [each for each in map(paired_difference, tables) if each is not None]
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else None
    of_seeds = (spread or 0.0) ** 2 / max(len(known), 1)
    return {
        **counted(table),
        "groups": groups,
        "interval": interval_over_seeds(table, effect, spread, len(known)),
        "spread": spread,
        "mcnemar_p": mcnemar(np.rint(table)) if table.sum() else None,
        "groups_needed": groups_needed(table, groups, effect, of_seeds),
        "smallest_difference": smallest_difference(table, effect, of_seeds),
    }


def interval_over_seeds(table: Table, effect: float, spread: float | None, seeds: int) -> Interval | None:
    """Return the 95 % interval of a mean difference over seeds; with one seed that of the cases alone.

    Parameters
    ----------
    table : ndarray
        Of distinct cases.
    spread : float or None
        Standard deviation of the differences between seeds.
    """
    ends, found = paired_interval(table, effect), paired_difference(table)
    if ends is None or found is None or not spread:
        return ends
    of_cases, of_seeds = ((ends[1] - ends[0]) / (2 * Z)) ** 2, spread**2 / seeds
    freedom = (of_cases + of_seeds) ** 2 / (of_seeds**2 / (seeds - 1))
    times = _student(round(freedom, 1)) / Z * (1 + of_seeds / of_cases) ** 0.5
    low, high = (found + times * (end - found) for end in ends)
    return max(low, -1.0), min(high, 1.0)


@cache
def _student(freedom: float) -> float:
    from scipy.stats import t  # a second, which pages that show recorded figures do without

    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))
