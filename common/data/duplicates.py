"""Number the pictures so that copies of one picture share a number.

Find pictures that are the same but for compression, brightness, mirroring or a quarter turn.

Every decision is the same on any machine: a fast product in single precision only proposes pairs, and each of them is
then settled with whole numbers and single correctly rounded operations.

Keep the near-duplicates of a hospital beside its decoded slices: they cost seconds to find, and only once.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def exact_duplicates(*fingerprints: Sequence[str]) -> npt.NDArray[np.int64]:
    """Number N files by what they hold.

    Parameters
    ----------
    *fingerprints : sequence of str
        Each gives one hash for each of the N files, for example of its bytes and of its pixels; one in common is enough
        to make two files copies. ``""`` says that there is none.

    Returns
    -------
    ndarray of int64, shape [N]
        The same number for copies of one picture.
    """
    count = len(fingerprints[0])
    first: list[int] = []
    second: list[int] = []
    for hashes in fingerprints:
        seen: dict[str, int] = {}
        for index, value in enumerate(hashes):
            if value:
                first.append(seen.setdefault(value, index))
                second.append(index)
    ties = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return connected_components(ties, directed=False)[1].astype(np.int64)


Thumbs = npt.NDArray[np.uint8]

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
    """Pairs of pictures that look alike; ``first < second`` and sorted.

    Attributes
    ----------
    first, second : ndarray of int64, shape [P]
        Indices of the pictures.
    correlation : ndarray of float64, shape [P]
        Normalised correlation in the best of the eight orientations, at most 1.
    orientation : ndarray of int64, shape [P]
        Index into `ORIENTATIONS`: how `second` must be changed to look like `first`.
    """

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    correlation: npt.NDArray[np.float64]
    orientation: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)

    def above(self, threshold: float) -> NearPairs:
        """Return the pairs whose correlation is above `threshold`."""
        return self.where(self.correlation > threshold)

    def where(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> NearPairs:
        """Return the pairs that `keep` selects: a mask of shape ``[P]``, or positions."""
        return NearPairs(self.first[keep], self.second[keep], self.correlation[keep], self.orientation[keep])

    def renumbered(self, index: npt.NDArray[np.int64]) -> NearPairs:
        """Return the pairs with picture ``i`` called ``index[i]``; `index` must rise."""
        return NearPairs(index[self.first], index[self.second], self.correlation, self.orientation)


def find_near_duplicates(thumbs: Thumbs) -> NearPairs:
    """Find all pairs above the lowest of `GROUPING_LEVELS` in any of the eight orientations.

    Pictures of one even shade resemble nothing but their exact equals. Where a picture looks like more than 64
    others, only its stronger pairs are kept, level by level, and in the end the first 64.

    Parameters
    ----------
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Grey thumbnails; any square size will do.

    Returns
    -------
    NearPairs
    """
    if len(thumbs) < 2:
        return _no_pairs()
    unique, member = _distinct(thumbs)
    pairs = _search(thumbs[unique]).renumbered(unique)
    return _sorted(_joined([pairs, _equal_pairs(unique, member)]))


def correlate(first: Thumbs, second: Thumbs) -> npt.NDArray[np.float64]:
    """Correlate pictures pairwise, exactly alike on any machine.

    Parameters
    ----------
    first, second : ndarray of uint8, shape [P, H, W]
        Pictures to compare, one with one.

    Returns
    -------
    ndarray of float64, shape [P]
        Normalised correlation, -1 to 1; 0 where a picture has one even shade.
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


def _dot(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    return np.einsum("ij,ij->i", a, b).astype(np.int64)


def orient(thumbs: Thumbs, orientation: int) -> Thumbs:
    """Bring pictures, shape ``[N, S, S]``, into one of the `ORIENTATIONS`."""
    turned = np.rot90(thumbs, orientation % 4, axes=(1, 2))
    return np.ascontiguousarray(turned[:, :, ::-1] if orientation >= 4 else turned)


def connected(pairs: NearPairs, count: int) -> npt.NDArray[np.int64]:
    """Return a number for each of `count` pictures, the same for those that `pairs` tie together, even indirectly."""
    ties = coo_array((np.ones(len(pairs)), (pairs.first, pairs.second)), shape=(count, count))
    return connected_components(ties, directed=False)[1].astype(np.int64)


def _search(thumbs: Thumbs) -> NearPairs:
    unit = _unit_vectors(thumbs)
    parts = [_no_pairs()]
    for orientation in range(len(ORIENTATIONS)):
        oriented = orient(thumbs, orientation)
        vectors = _unit_vectors(oriented)
        for start in range(0, len(thumbs), _BLOCK):
            rows, columns = _proposed(unit[start : start + _BLOCK] @ vectors[start:].T)
            parts.append(_settled(thumbs, oriented, rows + start, columns + start, orientation))
    return _best_of_each(_joined(parts))


def _proposed(product: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
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


def _settled(
    thumbs: Thumbs, oriented: Thumbs, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], orientation: int
) -> NearPairs:
    """Keep those of the proposed pairs that really are above the lowest level."""
    correlation = np.concatenate(
        [np.empty(0)]
        + [
            correlate(thumbs[first[at : at + 4096]], oriented[second[at : at + 4096]])
            for at in range(0, len(first), 4096)
        ]
    )
    pairs = NearPairs(first, second, correlation, np.full(len(first), orientation, dtype=np.int64))
    return pairs.above(GROUPING_LEVELS[0])


def _unit_vectors(thumbs: Thumbs) -> npt.NDArray[np.float32]:
    vectors = thumbs.reshape(len(thumbs), -1).astype(np.float32)
    vectors -= vectors.mean(axis=1, keepdims=True)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)


def _distinct(thumbs: Thumbs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first index of every distinct thumbnail, rising, and for each thumbnail that first index."""
    seen: dict[bytes, int] = {}
    member = np.array([seen.setdefault(thumb.tobytes(), index) for index, thumb in enumerate(thumbs)])
    return np.unique(member).astype(np.int64), member.astype(np.int64)


def _equal_pairs(unique: npt.NDArray[np.int64], member: npt.NDArray[np.int64]) -> NearPairs:
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
    return NearPairs(
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        np.concatenate([part.correlation for part in parts]),
        np.concatenate([part.orientation for part in parts]),
    )


def _sorted(pairs: NearPairs) -> NearPairs:
    return pairs.where(np.lexsort((pairs.second, pairs.first)))


def _no_pairs() -> NearPairs:
    none = np.empty(0, dtype=np.int64)
    return NearPairs(none, none, np.empty(0), none)


# Raise it when `find_near_duplicates` would answer differently.
_VERSION = 1


def cached_near_duplicates(thumbs: Thumbs, cache_dir: Path, name: str) -> NearPairs:
    """Return `find_near_duplicates` of `thumbs`, from the cache where it is there.

    Parameters
    ----------
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Grey thumbnails.
    cache_dir : Path
        Folder of the caches. Where it cannot be written, the search is done each time.
    name : str
        What the pictures belong to; older answers under the same name are removed.

    Returns
    -------
    NearPairs
    """
    content = hashlib.sha256(f"{_VERSION} {GROUPING_LEVELS} {thumbs.shape}".encode() + thumbs.tobytes()).hexdigest()
    prefix = f"near-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"
    target = cache_dir / f"{prefix}-{content[:16]}.npz"
    pairs = _read(target, len(thumbs))
    if pairs is not None:
        return pairs
    try:
        cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(cache_dir / f"{prefix}.lock"):
            # Another process may have searched while this one waited.
            pairs = _read(target, len(thumbs)) or find_near_duplicates(thumbs)
            for old in cache_dir.glob(f"{prefix}-*.npz"):
                if old != target:
                    old.unlink(missing_ok=True)
            _write(target, pairs)
    except OSError:
        pairs = pairs or find_near_duplicates(thumbs)
    return pairs


def _read(path: Path, count: int) -> NearPairs | None:
    """Return what `path` holds, or None when it is missing or damaged."""
    try:
        with np.load(path) as held:
            pairs = NearPairs(held["first"], held["second"], held["correlation"], held["orientation"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    lengths = {len(pairs.first), len(pairs.second), len(pairs.correlation), len(pairs.orientation)}
    return pairs if len(lengths) == 1 and int(pairs.second.max(initial=0)) < max(count, 1) else None


def _write(path: Path, pairs: NearPairs) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".near-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(
                file,
                first=pairs.first,
                second=pairs.second,
                correlation=pairs.correlation,
                orientation=pairs.orientation,
            )
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
