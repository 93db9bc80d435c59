"""How many groups it takes to tell two models apart, and how far apart these groups can tell them.

A comparison of paired shares finds a difference d with the power wanted if it has so many independent cases (Connor,
*Biometrics* 43, 1987): n = (a sqrt(psi) + b sqrt(psi - d^2))^2 / d^2, with psi the share of cases on which the models
disagree, and a and b the normal quantiles of the level and of the power. Slices of a group are not independent; they
count for as many as their design effect leaves, and more groups of the same kind bring more of them in proportion.

What differs from seed to seed is no case, and more groups do not lessen it. Where it alone hides the difference, no
number of groups is enough.
"""

from math import sqrt
from typing import Any

import numpy.typing as npt

from common.metrics.clusters import Z
from common.metrics.paired.difference import paired_difference

Table = npt.NDArray[Any]

POWER = 0.80
_OF_POWER = 0.8416212335729143
_REACH = Z + _OF_POWER


def groups_needed(table: Table, groups: float, effect: float = 1.0, of_seeds: float = 0.0) -> float | None:
    """Return how many groups would find the table's difference in `POWER` of such comparisons, two-sided at 5 %.

    Parameters
    ----------
    groups : float
        Behind the cases of the table.
    effect : float
        Design effect: so many cases say as much as an independent one.
    of_seeds : float
        Variance of the difference that is due to the seeds and not to the cases.

    Returns
    -------
    float or None
        None where no number of groups does: the models are right equally often, or the seeds hide it.
    """
    found, differ = paired_difference(table), _differ(table)
    if not found or differ is None or not groups:
        return None
    room = found**2 - _REACH**2 * of_seeds
    if room <= 0:
        return None
    cases = (Z * sqrt(differ) + _OF_POWER * sqrt(max(differ - found**2, 0.0))) ** 2 / room
    return groups * cases * effect / float(table.sum())


def smallest_difference(table: Table, effect: float = 1.0, of_seeds: float = 0.0) -> float | None:
    """Return the difference that these cases find in `POWER` of such comparisons; None where no case differs.

    The parameters are as those of `groups_needed`.
    """
    differ = _differ(table)
    if not differ:
        return None
    return min(_REACH * sqrt(differ * effect / float(table.sum()) + of_seeds), 1.0)


def _differ(table: Table) -> float | None:
    cases = float(table.sum())
    return float(table[0, 1] + table[1, 0]) / cases if cases else None
