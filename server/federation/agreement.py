"""How far a hospital's update of a round agrees with the others', in numbers that are shown and recorded.

They are of weights alone, each hospital counts once, and what the chain has clipped is taken as it was clipped, so that
one hospital cannot carry the mean away. The memory holds two updates, however many hospitals there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from common.model.weights import AnyArray, weights_of
from server.strategies.updates import Updates

_DIGITS = 4  # significant ones
_PIECE = 65_536  # values whose products fit into a processor's cache


@dataclass(frozen=True)
class Agreement:
    """One hospital's update beside those of the others."""

    norm: float  # its length, before anything was clipped
    kept: float  # the share of its length in the model: 1 where nothing was clipped, 0 where it was left out
    distance: float | None  # to the mean of the round's updates; None where it is the only one
    cosine: float | None  # of the angle to the mean of the others


def agreements(updates: Updates, sent: Updates, reference: Mapping[str, AnyArray]) -> dict[str, Agreement]:
    """Return by hospital key what its update has in common with the others'.

    Parameters
    ----------
    updates : Updates
        As the chain has left them.
    sent : Updates
        The same before the chain compared them: they are what is read, and shortened here as the chain has done.
    reference : mapping of str to ndarray
        The model that was sent.
    """
    shares = updates.shares or [{} for _ in sent.hospitals]
    counted = [weight > 0 for weight in updates.weights]
    total = {name: np.zeros_like(value) for name, value in weights_of(reference).items()}
    ways = []
    for whole, share, counts in zip(sent.read(), shares, counted, strict=True):
        squares = {}
        for name, way in _way(whole, reference):
            squares[name] = _dot(way, way)
            if counts:
                shortened = np.multiply(way, share[name], out=way) if name in share else way
                np.add(total[name], shortened, out=total[name])
        left = sum(square * share.get(name, 1.0) ** 2 for name, square in squares.items())
        ways.append((sqrt(sum(squares.values())), sqrt(left)))
    along = [
        sum(share.get(name, 1.0) * _dot(way, total[name]) for name, way in _way(whole, reference))
        for whole, share in zip(sent.read(), shares, strict=True)
    ]
    everybody = _Sum(sum(_dot(part, part) for part in total.values()), sum(counted))
    rows = zip(sent.hospitals, ways, along, counted, strict=True)
    return {key: _agreement(norm, left, dot, everybody, counts) for key, (norm, left), dot, counts in rows}


@dataclass(frozen=True)
class _Sum:
    """The sum of the updates that count."""

    square: float  # of its length
    hospitals: int


def _agreement(norm: float, left: float, dot: float, total: _Sum, counts: bool) -> Agreement:
    """Work out the rest from a hospital's lengths and its product with the sum."""
    kept = (left / norm if norm and left < norm else 1.0) if counts else 0.0
    if total.hospitals < (2 if counts else 1):
        return Agreement(_rounded(norm), _rounded(kept), None, None)
    away = sqrt(max(left**2 - 2 * dot / total.hospitals + total.square / total.hospitals**2, 0.0))
    own = left**2 if counts else 0.0  # of the hospital, in the sum
    others = sqrt(max(total.square - 2 * (dot if counts else 0.0) + own, 0.0))
    cosine = (dot - own) / (left * others) if left and others else None
    bounded = None if cosine is None else _rounded(min(max(cosine, -1.0), 1.0))
    return Agreement(_rounded(norm), _rounded(kept), _rounded(away), bounded)


def _way(update: Mapping[str, AnyArray], reference: Mapping[str, AnyArray]) -> Iterator[tuple[str, AnyArray]]:
    for name, value in weights_of(update).items():
        yield name, np.subtract(value, reference[name])


def _dot(one: AnyArray, other: AnyArray) -> float:
    """Add up products: the same with any number of threads."""
    a: npt.NDArray[np.float32] = one.reshape(-1)  # type: ignore[assignment]
    b: npt.NDArray[np.float32] = other.reshape(-1)  # type: ignore[assignment]
    pieces = [slice(start, start + _PIECE) for start in range(0, len(a), _PIECE)]
    return sum(float(np.multiply(a[piece], b[piece]).sum(dtype=np.float64)) for piece in pieces)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
