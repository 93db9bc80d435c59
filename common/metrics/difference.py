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
    return difference_of(one[0] / one[1], first, other[0] / other[1], second)


def difference_of(one: float, ends: Interval, other: float, other_ends: Interval) -> Interval:
    """Return the interval of one share less another, both independent, from the interval of each, as fractions.

    The same square-and-add (Zou and Donner, Statistics in Medicine 27, 2008) with intervals of any making, such as
    those that know of related slices.
    """
    lower = one - other - hypot(one - ends[0], other_ends[1] - other)
    upper = one - other + hypot(ends[1] - one, other - other_ends[0])
    return max(lower, -1.0), min(upper, 1.0)
