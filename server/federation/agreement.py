"""How far a hospital's update of a round agrees with the others', in numbers that are shown and recorded.

They are of weights alone, each hospital counts once, and what the chain has clipped is taken as it was clipped, so that
one hospital cannot carry the mean away. The memory holds three updates, however many hospitals there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from common.model.weights import AnyArray, Arrays, weights_of
from server.strategies.updates import Updates

_DIGITS = 4  # significant ones


@dataclass(frozen=True)
class Agreement:
    """One hospital's update beside those of the others."""

    norm: float  # its length, before anything was clipped
    kept: float  # the share of its length that went into the model; 1 where nothing was clipped
    distance: float | None  # to the mean of the round's updates; None where it is the only one
    cosine: float | None  # of the angle to the mean of the others


def agreements(sent: Updates, clipped: Updates, reference: Mapping[str, AnyArray]) -> dict[str, Agreement]:
    """Return by hospital key what its update has in common with the others'.

    Parameters
    ----------
    sent, clipped : Updates
        Of the same hospitals, before and after the chain compared them.
    reference : mapping of str to ndarray
        The model that was sent.
    """
    total: Arrays = {}
    before, after, along = [], [], []
    for whole, left in zip(sent.read(), _ways(clipped, reference), strict=True):
        before.append(sqrt(sum(_dot(part, part) for part in _way(whole, reference).values())))
        after.append(sqrt(sum(_dot(part, part) for part in left.values())))
        total = {name: np.add(total[name], part, out=total[name]) for name, part in left.items()} if total else left
    for left in _ways(clipped, reference):
        along.append(sum(_dot(part, total[name]) for name, part in left.items()))
    square = sum(_dot(part, part) for part in total.values())
    rows = zip(sent.hospitals, before, after, along, strict=True)
    return {key: _agreement(norm, left, dot, square, len(before)) for key, norm, left, dot in rows}


def _agreement(norm: float, left: float, dot: float, square: float, hospitals: int) -> Agreement:
    """Work out the rest from a hospital's lengths, its product with the sum of all, and the square of that sum."""
    kept = left / norm if norm and left < norm else 1.0
    if hospitals < 2:
        return Agreement(_rounded(norm), _rounded(kept), None, None)
    away = sqrt(max(left**2 - 2 * dot / hospitals + square / hospitals**2, 0.0))
    others = sqrt(max(square - 2 * dot + left**2, 0.0))
    cosine = (dot - left**2) / (left * others) if left and others else None
    bounded = None if cosine is None else _rounded(min(max(cosine, -1.0), 1.0))
    return Agreement(_rounded(norm), _rounded(kept), _rounded(away), bounded)


def _ways(updates: Updates, reference: Mapping[str, AnyArray]) -> Iterator[Arrays]:
    for update in updates.read():
        yield _way(update, reference)


def _way(update: Mapping[str, AnyArray], reference: Mapping[str, AnyArray]) -> Arrays:
    return {name: np.subtract(value, reference[name]) for name, value in weights_of(update).items()}


def _dot(one: AnyArray, other: AnyArray) -> float:
    return float(np.multiply(one, other).sum(dtype=np.float64))  # the same with any number of threads


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
