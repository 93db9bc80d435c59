"""How far two accuracies that were measured on different cases are apart, with its 95 % interval.

Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10): it is made of the two Wilson intervals,
stays between -1 and 1, and is honest where one of them is near 1.
"""

from math import hypot

from common.metrics.intervals import Interval, wilson

Hits = tuple[int, int]
"""Right ones, and how many there are."""


def difference_interval(one: Hits, other: Hits) -> Interval | None:
    """Return the interval of the first share less the second, as fractions; None where either has no case."""
    first, second = wilson(*one), wilson(*other)
    if first is None or second is None:
        return None
    return interval_between(one[0] / one[1], first, other[0] / other[1], second)


def interval_between(one: float, first: Interval, other: float, second: Interval) -> Interval:
    """Return the interval of the first share less the second from their own, of whatever kind (Zou and Donner, 2008).

    With Wilson's it is Newcombe's; with wider ones, of slices that belong together, it is wider.
    """
    lower = one - other - hypot(one - first[0], second[1] - other)
    upper = one - other + hypot(first[1] - one, other - second[0])
    return max(lower, -1.0), min(upper, 1.0)
