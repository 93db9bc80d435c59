"""Find pictures that are copies, or the same but for compression, brightness, mirroring or a quarter turn.

Every decision is the same on any machine: a fast product in single precision only proposes pairs, and each of them is
then decided with whole numbers and single correctly rounded operations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Thumbs = npt.NDArray[np.uint8]
"""Grey thumbnails, shape ``[N, 32, 32]``."""

REPORT_ABOVE = 0.97
"""Normalised correlation of two 32 x 32 thumbnails above which the audit speaks of near-duplicates."""

GROUPING_LEVELS: tuple[float, ...] = (0.96, 0.97, 0.98, 0.99)
"""Thresholds for grouping, most protective first; see `common.data.groups`.

In the three-hospital sample 0.96 makes groups of 23 slices at most; at 0.95 they chain into one of 120.
"""

ORIENTATIONS: tuple[str, ...] = (
    "as it is",
    "turned by 90 degrees",
    "turned by 180 degrees",
    "turned by 270 degrees",
    "mirrored",
    "mirrored and turned by 90 degrees",
    "mirrored and turned by 180 degrees",
    "mirrored and turned by 270 degrees",
)

# Far above what 1,024 products in single precision can be off by (about 1e-5).
_MARGIN = 1e-3
_BLOCK = 512
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


def find_near_duplicates(thumbs: Thumbs) -> NearPairs:
    """Find all pairs above the lowest of `GROUPING_LEVELS` in any of the eight orientations.

    Pictures of one even shade resemble nothing but their exact equals. Where a picture looks like more than 64
    others, only its stronger pairs are kept, level by level, and in the end the first 64.
    """
    if len(thumbs) < 2:
        return _no_pairs()
    unique, member = _distinct(thumbs)
    pairs = _search(thumbs[unique]).renumbered(unique)
    pairs = _joined([pairs, _equal_pairs(unique, member)])
    return pairs.where(np.lexsort((pairs.second, pairs.first)))


def correlate(first: Thumbs, second: Thumbs) -> Floats:
    """Correlate pictures, shape ``[P, H, W]``, one with one and exactly alike on any machine.

    Returns the normalised correlations, -1 to 1; 0 where a picture has one even shade.
    """
    # 1,024 products of two bytes fit into 32 bits.
    count = first.shape[1] * first.shape[2]
    a = first.reshape(len(first), count).astype(np.int32)
    b = second.reshape(len(second), count).astype(np.int32)
    sum_a, sum_b = a.sum(axis=1, dtype=np.int64), b.sum(axis=1, dtype=np.int64)
    covariance = count * _dot(a, b) - sum_a * sum_b
    spread = np.sqrt((count * _dot(a, a) - sum_a * sum_a).astype(np.float64))
    spread *= np.sqrt((count * _dot(b, b) - sum_b * sum_b).astype(np.float64))
    return np.divide(covariance, spread, out=np.zeros(len(a)), where=spread > 0)


def _dot(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> Indices:
    return np.einsum("ij,ij->i", a, b).astype(np.int64)


def orient(thumbs: Thumbs, orientation: int) -> Thumbs:
    """Bring pictures, shape ``[N, S, S]``, into one of the `ORIENTATIONS`."""
    turned = np.rot90(thumbs, orientation % 4, axes=(1, 2))
    return np.ascontiguousarray(turned[:, :, ::-1] if orientation >= 4 else turned)


def components(first: Sequence[int] | Indices, second: Sequence[int] | Indices, count: int) -> Indices:
    """Return a number for each of `count` pictures, the same for those that pairs tie together, even indirectly."""
    ties = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return connected_components(ties, directed=False)[1].astype(np.int64)


def _search(thumbs: Thumbs) -> NearPairs:
    unit = _unit_vectors(thumbs)
    parts = [_no_pairs()]
    for orientation in range(len(ORIENTATIONS)):
        oriented = orient(thumbs, orientation)
        vectors = _unit_vectors(oriented)
        for start in range(0, len(thumbs), _BLOCK):
            rows, columns = _candidates(unit[start : start + _BLOCK] @ vectors[start:].T)
            parts.append(_confirmed(thumbs, oriented, rows + start, columns + start, orientation))
    return _best_of_each(_joined(parts))


def _candidates(product: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the pairs ``row < column`` of a block that may be above a level; few where all pictures look alike."""
    size = len(product)
    product[:, :size][np.tri(size, dtype=bool)] = -1
    likely = product > GROUPING_LEVELS[0] - _MARGIN
    for level in GROUPING_LEVELS[1:]:
        crowded = likely.sum(axis=1) > _PAIRS_PER_PICTURE
        likely[crowded] = product[crowded] > level - _MARGIN
    crowded = likely.sum(axis=1) > _PAIRS_PER_PICTURE
    likely[crowded] &= np.cumsum(likely[crowded], axis=1) <= _PAIRS_PER_PICTURE
    rows, columns = np.nonzero(likely)
    return rows, columns


def _confirmed(thumbs: Thumbs, oriented: Thumbs, first: Indices, second: Indices, orientation: int) -> NearPairs:
    """Keep those of the candidates that really are above the lowest level."""
    blocks = [slice(start, start + 4096) for start in range(0, len(first), 4096)]
    found = [correlate(thumbs[first[block]], oriented[second[block]]) for block in blocks]
    correlation = np.concatenate([np.empty(0), *found])
    pairs = NearPairs(first, second, correlation, np.full(len(first), orientation, dtype=np.int64))
    return pairs.above(GROUPING_LEVELS[0])


def _unit_vectors(thumbs: Thumbs) -> npt.NDArray[np.float32]:
    vectors = thumbs.reshape(len(thumbs), -1).astype(np.float32)
    vectors -= vectors.mean(axis=1, keepdims=True)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)


def _distinct(thumbs: Thumbs) -> tuple[Indices, Indices]:
    """Return the first index of every distinct thumbnail, rising, and for each thumbnail that first index."""
    seen: dict[bytes, int] = {}
    member = np.array([seen.setdefault(thumb.tobytes(), index) for index, thumb in enumerate(thumbs)])
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
