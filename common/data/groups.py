"""Tie together the slices that must not stand on two sides of a split: copies, look-alikes, neighbours of a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from common.data.near_duplicates import GROUPING_LEVELS, NearPairs, Thumbs
from common.data.sequences import Listing, read_listing

Indices = npt.NDArray[np.int64]

# A group is a giant, and its threshold too low, above this many files and this share of a class.
_GIANT_FILES = 20
_GIANT_SHARE = 1 / 3


@dataclass(frozen=True)
class Groups:
    """Which of N files belong together, and how they follow one another.

    Attributes
    ----------
    group : ndarray of int64, shape [N]
        Group of each file, numbered from 0 by first appearance.
    listing : ndarray of int64, shape [N]
        Number of the ordered listing (see `common.data.sequences`) a file stands in; -1 where the order says nothing.
    position : ndarray of int64, shape [N]
        Place in that listing.
    link : ndarray of float64, shape [N]
        Likeness to the file before it in the listing.
    level : float
        Correlation above which look-alikes were tied; 1 when only exact copies were.
    """

    group: Indices
    listing: Indices
    position: Indices
    link: npt.NDArray[np.float64]
    level: float

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(np.unique(self.group))


def find_groups(
    paths: Sequence[str],
    class_folders: Sequence[str],
    labels: Indices,
    thumbs: Thumbs,
    readable: npt.NDArray[np.bool_],
    copies: Indices,
    pairs: NearPairs,
) -> Groups:
    """Group N files.

    The lowest threshold of `GROUPING_LEVELS` is taken at which look-alikes and runs do not chain into one giant group.

    Parameters
    ----------
    paths, class_folders : sequence of str
        Relative path of each file and the folder that gave its label.
    labels : ndarray of int64, shape [N]
        Labels.
    thumbs : ndarray of uint8, shape [N, 32, 32]
        Grey thumbnails.
    readable : ndarray of bool, shape [N]
        False for files without a picture; each is a group of its own.
    copies : ndarray of int64, shape [N]
        As `common.data.exact_duplicates.exact_duplicates` numbers them.
    pairs : NearPairs
        As `common.data.near_duplicates.find_near_duplicates` finds them.

    Returns
    -------
    Groups
    """
    listings = _read_listings(paths, class_folders, thumbs, readable)
    group, level = _tied(labels, copies, pairs, listings)
    listing, position = np.full(len(labels), -1, dtype=np.int64), np.zeros(len(labels), dtype=np.int64)
    link = np.zeros(len(labels))
    for number, found in enumerate(listings):
        position[found.members] = np.arange(len(found.members))
        link[found.members] = found.link
        if found.ordered:
            listing[found.members] = number
    return Groups(group, listing, position, link, level)


def _read_listings(
    paths: Sequence[str], class_folders: Sequence[str], thumbs: Thumbs, readable: npt.NDArray[np.bool_]
) -> list[Listing]:
    members: dict[str, list[int]] = {}
    for index in np.flatnonzero(readable).tolist():
        members.setdefault(class_folders[index], []).append(index)
    return [read_listing(paths, members[folder], thumbs) for folder in sorted(members)]


def _tied(labels: Indices, copies: Indices, pairs: NearPairs, listings: list[Listing]) -> tuple[Indices, float]:
    """Return the groups and the threshold they were made with."""
    runs = [(found.members[1:], found.members[:-1], found.run[1:] == found.run[:-1]) for found in listings]
    first = np.concatenate([np.empty(0, dtype=np.int64)] + [a[same] for a, _, same in runs])
    second = np.concatenate([np.empty(0, dtype=np.int64)] + [b[same] for _, b, same in runs])
    for level in GROUPING_LEVELS:
        near = pairs.above(level)
        group = _components(copies, np.concatenate([near.first, first]), np.concatenate([near.second, second]))
        if not _has_giant(group, labels):
            return group, level
    near = pairs.above(GROUPING_LEVELS[-1])
    group = _components(copies, near.first, near.second)
    if not _has_giant(group, labels):
        return group, GROUPING_LEVELS[-1]
    return _components(copies, first[:0], second[:0]), 1.0


def _components(copies: Indices, first: Indices, second: Indices) -> Indices:
    """Number what hangs together by first appearance."""
    count = len(copies)
    # Copies of a picture point to one node beyond the files.
    rows = np.concatenate([first, np.arange(count)])
    columns = np.concatenate([second, count + copies])
    size = count + int(copies.max(initial=-1)) + 1
    found = connected_components(coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size)), directed=False)
    _, place, number = np.unique(found[1][:count], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(place))[number].astype(np.int64)


def _has_giant(group: Indices, labels: Indices) -> bool:
    class_sizes = np.bincount(labels, minlength=1)
    for label, class_size in enumerate(class_sizes):
        largest = np.bincount(group[labels == label], minlength=1).max()
        if largest > _GIANT_FILES and largest > class_size * _GIANT_SHARE:
            return True
    return False
