"""Find pictures that are copies, or the same but for compression, brightness, mirroring or a quarter turn.

Every decision is the same on any machine: single precision only proposes pairs, and each of them is then decided with
whole numbers and single correctly rounded operations.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from common.data.shortlist import Shortlist
from common.data.thumbs import ORIENTATIONS, Floats, Indices, Mask, Thumbs, correlate_all, one_blas_thread, orient

REPORT_ABOVE = 0.97
"""Normalised correlation of two 32 x 32 thumbnails above which the audit speaks of near-duplicates."""

GROUPING_LEVELS: tuple[float, ...] = (0.96, 0.97, 0.98, 0.99)
"""Thresholds for grouping, most protective first; see `common.data.groups`.

In the three-hospital sample 0.96 makes groups of 23 slices at most; at 0.95 they chain into one of 120.
"""

# A picture's look-alikes are counted from a little below each level on.
_MARGIN = 1e-3
# Look-alikes of one picture in one orientation above which only the stronger are kept: bounds memory and time.
_PAIRS_PER_PICTURE = 64


@dataclass(frozen=True)
class NearPairs:
    """P pairs of pictures that look alike; ``first < second`` and sorted."""

    first: Indices
    second: Indices
    correlation: Floats
    """Normalised correlation in the best of the eight orientations, at most 1."""
    orientation: Indices
    """Index into `ORIENTATIONS`: how `second` must be changed to look like `first`."""

    def __len__(self) -> int:
        return len(self.first)

    def above(self, threshold: float) -> "NearPairs":
        """Return the pairs whose correlation is above `threshold`."""
        return self.where(self.correlation > threshold)

    def where(self, keep: Mask | npt.NDArray[np.intp]) -> "NearPairs":
        """Return the pairs that `keep` selects: a mask of shape ``[P]``, or positions."""
        return NearPairs(self.first[keep], self.second[keep], self.correlation[keep], self.orientation[keep])

    def renumbered(self, index: Indices) -> "NearPairs":
        """Return the pairs with picture ``i`` called ``index[i]``; `index` must rise."""
        return NearPairs(index[self.first], index[self.second], self.correlation, self.orientation)


def exact_duplicates(*fingerprints: Sequence[str]) -> Indices:
    """Number N files so that copies of one picture share a number.

    Parameters
    ----------
    *fingerprints : sequence of str
        Each gives one hash for each of the N files, for example of its bytes and of its pixels; one in common is enough
        to make two files copies. ``""`` says that there is none.
    """
    first: list[int] = []
    second: list[int] = []
    for hashes in fingerprints:
        seen: dict[str, int] = {}
        for index, value in enumerate(hashes):
            if value:
                first.append(seen.setdefault(value, index))
                second.append(index)
    return components(first, second, len(fingerprints[0]))


def find_near_duplicates(thumbs: Thumbs, levels: Sequence[float] = GROUPING_LEVELS) -> NearPairs:
    """Find all pairs above the lowest of rising `levels` in any of the eight orientations.

    Pictures of one even shade resemble nothing but their exact equals. Where a picture looks like more than 64
    others, only its stronger pairs are kept, level by level, and in the end the first 64.
    """
    if len(thumbs) < 2:
        return _no_pairs()
    unique, member = _distinct(thumbs)
    with one_blas_thread():
        pairs = _search(thumbs if len(unique) == len(thumbs) else thumbs[unique], levels).renumbered(unique)
    pairs = _joined([pairs, _equal_pairs(unique, member)])
    return pairs.where(np.lexsort((pairs.second, pairs.first)))


def components(first: Sequence[int] | Indices, second: Sequence[int] | Indices, count: int) -> Indices:
    """Return a number for each of `count` pictures, the same for those that pairs tie together, even indirectly."""
    from scipy.sparse import coo_array  # half a second, which a command that finds no picture does without
    from scipy.sparse.csgraph import connected_components

    ties = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return connected_components(ties, directed=False)[1].astype(np.int64)


def _search(thumbs: Thumbs, levels: Sequence[float]) -> NearPairs:
    shortlist = Shortlist(thumbs, levels[0] - _MARGIN)
    parts = [_no_pairs()]
    for orientation in range(len(ORIENTATIONS)):
        for rows, columns in shortlist.blocks(orientation):
            parts.append(_confirmed(thumbs, shortlist, rows, columns, orientation, levels))
    return _best_of_each(_joined(parts))


def _confirmed(
    thumbs: Thumbs, shortlist: Shortlist, rows: Indices, columns: Indices, orientation: int, levels: Sequence[float]
) -> NearPairs:
    """Keep of a block's candidates those that really are above the lowest level; few where all pictures look alike."""
    closest = np.zeros(len(rows), dtype=np.int64)
    found: list[Floats] = []
    seen: list[Indices] = []
    for part in _parts(columns):
        # A row that has more than enough of the closest look-alikes keeps the first of them, whatever comes later.
        open_rows = closest <= _PAIRS_PER_PICTURE
        if not open_rows.any():
            break
        part = shortlist.refined(rows[open_rows], part, orientation)
        if not len(part):
            continue
        correlation = np.full((len(rows), len(part)), -1.0)
        correlation[open_rows] = correlate_all(thumbs[rows[open_rows]], orient(thumbs[part], orientation))
        correlation[part <= rows[:, None]] = -1
        closest += (correlation > levels[-1] - _MARGIN).sum(axis=1)
        found.append(correlation)
        seen.append(part)
    if not seen:
        return _no_pairs()
    correlation = np.concatenate(found, axis=1)
    row, column = _strongest(correlation, levels)
    kept = np.full(len(row), orientation, dtype=np.int64)
    return NearPairs(rows[row], np.concatenate(seen)[column], correlation[row, column], kept)


def _parts(columns: Indices) -> Iterator[Indices]:
    """Cut columns into parts that grow: where all pictures look alike, the first will do."""
    start, size = 0, 256
    while start < len(columns):
        yield columns[start : start + size]
        start, size = start + size, 2 * size


def _strongest(correlation: Floats, levels: Sequence[float]) -> tuple[npt.NDArray[np.intp], ...]:
    """Return rows and columns of a block's pairs above the lowest level, of crowded rows the stronger ones only."""
    likely = correlation > levels[0] - _MARGIN
    for level in levels[1:]:
        crowded = likely.sum(axis=1) > _PAIRS_PER_PICTURE
        likely[crowded] = correlation[crowded] > level - _MARGIN
    crowded = likely.sum(axis=1) > _PAIRS_PER_PICTURE
    likely[crowded] &= np.cumsum(likely[crowded], axis=1) <= _PAIRS_PER_PICTURE
    return np.nonzero(likely & (correlation > levels[0]))


def _distinct(thumbs: Thumbs) -> tuple[Indices, Indices]:
    """Return the first index of every distinct thumbnail, rising, and for each thumbnail that first index."""
    seen: dict[bytes, int] = {}
    member = np.array([seen.setdefault(sha256(thumb).digest(), index) for index, thumb in enumerate(thumbs)])
    return np.unique(member).astype(np.int64), member.astype(np.int64)


def _equal_pairs(unique: Indices, member: Indices) -> NearPairs:
    """Tie each repeated thumbnail to the first one like it."""
    repeats = np.flatnonzero(member != np.arange(len(member)))
    zeros = np.zeros(len(repeats), dtype=np.int64)
    return NearPairs(member[repeats], repeats, np.ones(len(repeats)), zeros)


def _best_of_each(pairs: NearPairs) -> NearPairs:
    """Keep one entry a pair: the highest correlation, and of equals the plainest orientation."""
    order = np.lexsort((pairs.orientation, -pairs.correlation, pairs.second, pairs.first))
    pairs = pairs.where(order)
    new = np.ones(len(pairs), dtype=bool)
    new[1:] = (np.diff(pairs.first) != 0) | (np.diff(pairs.second) != 0)
    return pairs.where(new)


def _joined(parts: list[NearPairs]) -> NearPairs:
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return NearPairs(*(np.concatenate(column) for column in columns))


def _no_pairs() -> NearPairs:
    none = np.empty(0, dtype=np.int64)
    return NearPairs(none, none, np.empty(0), none)
