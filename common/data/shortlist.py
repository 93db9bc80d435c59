"""Find the few pairs of pictures that can be alike, without comparing every picture with every other in full."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from common.data.axes import Descriptions, find_axes
from common.data.thumbs import Indices, Thumbs

_BLOCK = 128
# Pictures that follow one another are sorted into blocks together, so that a block sees little of those before it.
_STRETCH = 8192
_BOX_AXES = 2
# Descriptions compared with a block at a time, in memory that is used again: fresh memory costs more than the products.
_WIDTH = 2048
# Above what single precision can lose in a product of 128 numbers.
_SLACK = 2e-5


class Shortlist:
    """Of N thumbnails the pairs whose correlation may be above a threshold; no pair that is above it is missing.

    The pictures are sorted into blocks of 128 that look alike, and block is compared with block: by boxes around their
    coordinates along two axes, then by coarse descriptions; `refined` compares by fine ones. The cost still grows with
    the square of the number of pictures, but a pair costs a thousandth of a full comparison in eight orientations.
    """

    def __init__(self, thumbs: Thumbs, threshold: float) -> None:
        self._threshold = threshold - _SLACK
        self._axes = find_axes(thumbs)
        coarse, self._fine = self._axes.describe(thumbs)
        self._blocks = list(_blocks(coarse[:, :_BOX_AXES]))
        self._order = np.concatenate(self._blocks)
        self._sizes = np.array([len(block) for block in self._blocks])
        self._coarse = coarse[self._order]
        self._columns = np.empty((_WIDTH, coarse.shape[1]), np.float32)
        self._products = np.empty(_BLOCK * _WIDTH, np.float32)

    def blocks(self, orientation: int) -> Iterator[tuple[Indices, Indices]]:
        """Yield all pictures, some at a time and rising, and the later ones that may look like one of them once turned.

        Later than the first of them at least.
        """
        starts = np.cumsum(self._sizes) - self._sizes
        last = np.array([block[-1] for block in self._blocks])
        turned = self._axes.turn(self._coarse, orientation)
        low, high = _boxes(self._coarse, starts)
        turned_low, turned_high = _boxes(turned, starts)
        for number, (rows, start) in enumerate(zip(self._blocks, starts.tolist(), strict=True)):
            gap = np.maximum(np.maximum(turned_low - high[number], low[number] - turned_high), 0)
            near = ((gap**2).sum(axis=1) <= 2 - 2 * self._threshold) & (last > rows[0])
            places = np.flatnonzero(np.repeat(near, self._sizes))
            columns = self._order[self._compared(self._coarse[start : start + len(rows)], turned, places)]
            yield rows, np.sort(columns[columns > rows[0]])

    def _compared(self, rows: Descriptions, turned: Descriptions, places: npt.NDArray[np.intp]) -> Indices:
        """Return the places whose description comes near that of a row."""
        best = np.empty(len(places), np.float32)
        for start in range(0, len(places), _WIDTH):
            part = places[start : start + _WIDTH]
            columns = self._columns[: len(part)]
            product = self._products[: len(rows) * len(part)].reshape(len(rows), len(part))
            np.matmul(rows, turned.take(part, axis=0, out=columns, mode="clip").T, out=product)
            product.max(axis=0, out=best[start : start + _WIDTH])
        return places[best > self._threshold]

    def refined(self, rows: Indices, columns: Indices, orientation: int) -> Indices:
        """Return those of some columns that may still look like a row before them."""
        product = self._fine[rows] @ self._axes.turn(self._fine[columns], orientation).T
        return columns[((product > self._threshold) & (columns > rows[:, None])).any(axis=0)]


def _blocks(coordinates: Descriptions) -> Iterator[Indices]:
    """Halve the pictures until blocks are small: by their numbers, then where they lie widest; blocks rise."""
    waiting = [np.arange(len(coordinates))]
    while waiting:
        members = waiting.pop()
        if len(members) <= _BLOCK:
            yield np.sort(members)
            continue
        half = len(members) // 2
        if len(members) <= _STRETCH:
            places = coordinates[members]
            axis = int(np.argmax(np.ptp(places, axis=0)))
            members = members[np.argpartition(places[:, axis], half)]
        waiting += [members[half:], members[:half]]


def _boxes(coordinates: Descriptions, starts: Indices) -> tuple[Descriptions, Descriptions]:
    kept = coordinates[:, :_BOX_AXES]
    return np.minimum.reduceat(kept, starts), np.maximum.reduceat(kept, starts)
