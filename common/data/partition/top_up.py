"""Give parts that are too small to be divided some groups of the others."""

import numpy as np

from common.data.thumbs import Indices, Mask
from common.errors import InputError

FEWEST_GROUPS = 4
"""That each part has at least: one each to validate and test, and two to train."""
FEWEST_OF_A_CLASS = 3
"""Of them: a class of fewer is not in all parts of the split."""


def top_up(owner: Indices, label: Indices, size: Indices, count: int) -> None:
    """Let each part have the fewest groups, the smallest of those who have the most; changes `owner`.

    Parameters
    ----------
    owner, label, size : ndarray of int64, shape [G]
        Part, class and slices of each group.
    count : int
        Number of parts.

    Raises
    ------
    InputError
        ``PART002`` if there are too few groups.
    """
    held = np.zeros((count, int(label.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(held, (owner, label), 1)
    for part in range(count):
        while not _can_be_divided(held)[part]:
            wanted = _class_to_fill(held, part)
            if wanted is None:
                raise _too_few(held, count)
            able = _spare(held, part)[:, wanted] > 0
            giver = int(np.argmax(np.where(able, held.sum(axis=1), -1)))
            given = np.flatnonzero((owner == giver) & (label == wanted))
            owner[given[np.argmin(size[given])]] = part
            held[giver, wanted] -= 1
            held[part, wanted] += 1


def _can_be_divided(held: Indices) -> Mask:
    """Tell of each part whether it has enough groups; `held` are those of each class, shape ``[count, K]``."""
    enough: Mask = (held >= FEWEST_OF_A_CLASS).any(axis=1) & (held.sum(axis=1) >= FEWEST_GROUPS)
    return enough


def _class_to_fill(held: Indices, part: int) -> int | None:
    """Return the class of which the part has most, of equals that of which there is most to spare."""
    spare, own = _spare(held, part).sum(axis=0), held[part]
    able = [label for label in range(len(own)) if spare[label] and spare[label] + own[label] >= FEWEST_OF_A_CLASS]
    return max(able, key=lambda label: (own[label], spare[label]), default=None)


def _spare(held: Indices, part: int) -> Indices:
    """Return how many groups of each class each part can give away, shape ``[count, K]``; `part` itself gives none.

    A part that must be topped up itself can give all.
    """
    enough = held >= FEWEST_OF_A_CLASS
    elsewhere = enough.sum(axis=1, keepdims=True) - enough > 0
    above = np.where(elsewhere, held, np.maximum(held - FEWEST_OF_A_CLASS, 0))
    above = np.minimum(above, np.maximum(held.sum(axis=1, keepdims=True) - FEWEST_GROUPS, 0))
    spare: Indices = np.where(_can_be_divided(held)[:, None], above, held)
    spare[part] = 0
    return spare


def _too_few(held: Indices, count: int) -> InputError:
    groups = held.sum(axis=0)
    most = min((groups // FEWEST_OF_A_CLASS).sum(), groups.sum() // FEWEST_GROUPS)
    return InputError(
        "PART002",
        f"{groups.sum()} groups of related slices are too few for {count} hospitals: each needs {FEWEST_GROUPS}, "
        f"{FEWEST_OF_A_CLASS} of them of one class, to train, validate and test, so that they are enough for {most} at "
        "most; choose a smaller partition.hospitals.",
    )
