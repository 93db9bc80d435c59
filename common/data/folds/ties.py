"""Tie groups that look alike to pieces that stay in one fold, as far as a piece does not outgrow the folds."""

import numpy as np

from common.data.duplicates import GROUPING_LEVELS, NearPairs
from common.data.thumbs import Indices

TIED_ABOVE = 0.93
"""Correlation above which look-alikes stay in one fold.

In the three-hospital sample at most 1 % of Tata Memorial's slices are so like any slice of another hospital. Chains of
such look-alikes would make giants, so that the closest are tied first, and only up to a size.
"""

LEVELS: tuple[float, ...] = (TIED_ABOVE, *GROUPING_LEVELS)
"""Levels of a search for such pairs; see `common.data.duplicates.find_near_duplicates`."""


def tie_look_alikes(group: Indices, members: Indices, pairs: NearPairs, largest: int) -> Indices:
    """Number each file's piece: groups whose slices look alike, the most alike tied first.

    Parameters
    ----------
    group : ndarray of int64, shape [N]
        Group of each file; none is ever cut.
    members : ndarray of int64
        Files of one class; the others' pieces are their groups.
    pairs : NearPairs
        Look-alikes among the N files.
    largest : int
        Slices of a piece above which nothing more is tied to it.

    Returns
    -------
    ndarray of int64, shape [N]
        A piece has the lowest number of its groups.
    """
    size = np.bincount(group[members], minlength=int(group.max(initial=-1)) + 1)
    owner = np.arange(len(size))
    for first, second in _closest_first(group, members, pairs):
        one, other = sorted((_root(owner, first), _root(owner, second)))
        if one != other and size[one] + size[other] <= largest:
            owner[other] = one
            size[one] += size[other]
    roots = np.array([_root(owner, number) for number in range(len(owner))], dtype=np.int64)
    return roots[group]


def _closest_first(group: Indices, members: Indices, pairs: NearPairs) -> list[tuple[int, int]]:
    """Return the pairs of two groups of a class, each once, by falling likeness."""
    held = np.zeros(len(group), dtype=bool)
    held[members] = True
    first, second = group[pairs.first], group[pairs.second]
    apart = held[pairs.first] & held[pairs.second] & (first != second) & (pairs.correlation > TIED_ABOVE)
    low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
    order = np.lexsort((high, low, -pairs.correlation[apart]))
    return list(dict.fromkeys(zip(low[order].tolist(), high[order].tolist(), strict=True)))


def _root(owner: Indices, number: int) -> int:
    while owner[number] != number:
        owner[number] = owner[owner[number]]
        number = int(owner[number])
    return number
