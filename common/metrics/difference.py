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
    a, b = one[0] / one[1], other[0] / other[1]
    lower = a - b - hypot(a - first[0], second[1] - b)
    upper = a - b + hypot(first[1] - a, b - second[0])
    return lower, upper
