"""Tie together the slices that must not stand on two sides of a split: copies, look-alikes, neighbours of a patient.

Scanners and public collections number a patient's slices one after another, so that neighbours in the listing look
alike. Where names and pictures say so, a listing is cut into runs; a patient is often several runs (one for each
plane), and where a run ends one cannot tell a new plane from a new patient. Only a split that takes stretches of runs
keeps most patients whole, which is why the order is kept beside the runs.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np

from common.data.duplicates import GROUPING_LEVELS, NearPairs, components
from common.data.thumbs import Floats, Indices, Mask, Thumbs, correlate

ORDER_GAIN = 0.1
"""How much more alike neighbours must be than files far apart for a listing to follow patients.

In the sample the figshare folders gain 0.21 to 0.49 and "notumor", whose names say nothing, gains 0.02.
"""

LEAST_LIKENESS = 0.8
"""Two neighbours less alike than this are never taken for one patient."""

_SMALLEST_LISTING = 8
_FEWEST_SERIES = 5
_LAST_NUMBER = re.compile(r"^(.*?)(\d+)(\D*)$", re.DOTALL)

# A group is a giant, and its threshold too low, above this many files and this share of a class.
_GIANT_FILES = 20
_GIANT_SHARE = 1 / 3


@dataclass(frozen=True)
class Groups:
    """Which of N files belong together, and how they follow one another; all arrays have shape ``[N]``."""

    group: Indices
    """Group of each file, numbered from 0 by first appearance."""
    listing: Indices
    """Number of the ordered listing a file stands in; -1 where the order says nothing."""
    position: Indices
    """Place in that listing."""
    link: Floats
    """Likeness to the file before it in the listing."""
    level: float
    """Correlation above which look-alikes were tied; 1 when only exact copies were."""

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(np.unique(self.group))


@dataclass(frozen=True)
class Listing:
    """The M files of one class folder in their natural order."""

    members: Indices
    """Indices of the files, ``slice_2`` before ``slice_10``."""
    link: Floats
    """How much each file looks like the one before it; 0 for the first."""
    run: Indices
    """Number of the run each file belongs to, rising from 0; every file is its own run where there is no order."""
    ordered: bool
    """Whether the order follows patients."""


def find_groups(
    paths: Sequence[str],
    class_folders: Sequence[str],
    labels: Indices,
    thumbs: Thumbs,
    readable: Mask,
    copies: Indices,
    pairs: NearPairs,
    patient: Indices | None = None,
    files: Indices | None = None,
) -> Groups:
    """Group N slices.

    The lowest threshold of `GROUPING_LEVELS` is taken at which look-alikes and runs do not chain into one giant group.
    All slices of one known patient, or of one file, are one group; no order is sought among a known patient's.

    Parameters
    ----------
    paths, class_folders : sequence of str
        Relative path of each file and the folder that gave its label.
    readable : ndarray of bool, shape [N]
        False for files without a picture; each is a group of its own.
    copies : ndarray of int64, shape [N]
        As `common.data.duplicates.exact_duplicates` numbers them.
    pairs : NearPairs
        As `common.data.duplicates.find_near_duplicates` finds them.
    patient : ndarray of int64, shape [N], optional
        Number of each slice's patient, -1 where it is not known; None where nobody's is.
    files : ndarray of int64, shape [N], optional
        Number of each slice's file; None where each has its own.
    """
    members: dict[str, list[int]] = {}
    for index in np.flatnonzero(readable).tolist():
        members.setdefault(class_folders[index], []).append(index)
    listings = [read_listing(paths, members[folder], thumbs) for folder in sorted(members)]
    same = copies
    for known in (patient, files):
        same = same if known is None else _joined(same, known)
    whole = np.arange(len(labels)) if same is copies else same
    group, level = _tied(labels, same, whole, pairs, listings, patient)
    listing, position = np.full(len(labels), -1, dtype=np.int64), np.zeros(len(labels), dtype=np.int64)
    link = np.zeros(len(labels))
    for number, found in enumerate(listings):
        position[found.members] = np.arange(len(found.members))
        link[found.members] = found.link
        if found.ordered:
            listing[found.members] = number
    if patient is not None:
        listing[patient >= 0] = -1
    return Groups(group, listing, position, link, level)


def read_listing(paths: Sequence[str], members: Sequence[int], thumbs: Thumbs) -> Listing:
    """Order the files of one class folder and find the runs in it.

    Parameters
    ----------
    paths : sequence of str
        Relative paths of all N files, with ``/``; `thumbs` are of all files, too.
    members : sequence of int
        Indices of the readable files of the folder.
    """
    series = {member: _series(paths[member]) for member in members}
    ordered_members = np.array(sorted(members, key=lambda member: (*series[member], paths[member])), dtype=np.int64)
    pictures = thumbs[ordered_members]
    link = np.zeros(len(pictures))
    link[1:] = correlate(pictures[:-1], pictures[1:])
    strangers = _likeness_of_strangers(pictures)
    ordered = _follows_patients(link[1:], strangers)
    joined = np.zeros(len(pictures), dtype=bool)
    if ordered:
        between = (float(np.median(link[1:])) + float(np.median(strangers))) / 2
        joined |= link > max(LEAST_LIKENESS, between)
    joined[1:] |= _same_series([series[member][0] for member in ordered_members])
    joined[:1] = False
    return Listing(ordered_members, link, np.cumsum(~joined) - 1, ordered)


def _joined(same: Indices, owner: Indices) -> Indices:
    """Number slices so that those with one number in `same`, or with one known owner (not -1), share a number."""
    known = np.flatnonzero(owner >= 0)
    first = known[np.unique(owner[known], return_index=True)[1]]  # the first slice of each owner
    return _numbered(same, known, first[np.searchsorted(owner[first], owner[known])])


def _tied(
    labels: Indices,
    same: Indices,
    whole: Indices,
    pairs: NearPairs,
    listings: list[Listing],
    patient: Indices | None,
) -> tuple[Indices, float]:
    """Return the groups and the threshold they were made with; files with one number in `same` are never parted."""
    runs = [(found.members[1:], found.members[:-1], found.run[1:] == found.run[:-1]) for found in listings]
    none = np.empty(0, dtype=np.int64)
    first = np.concatenate([none, *(later[same] for later, _, same in runs)])
    second = np.concatenate([none, *(earlier[same] for _, earlier, same in runs)])
    if patient is not None:  # a run is a guess at patients: it says nothing of two whose patients are known
        guess = (patient[first] < 0) | (patient[second] < 0)
        first, second = first[guess], second[guess]
    for level in GROUPING_LEVELS:
        near = pairs.above(level)
        group = _numbered(same, np.concatenate([near.first, first]), np.concatenate([near.second, second]))
        if not _has_giant(group, labels, whole):
            return group, level
    near = pairs.above(GROUPING_LEVELS[-1])
    group = _numbered(same, near.first, near.second)
    if not _has_giant(group, labels, whole):
        return group, GROUPING_LEVELS[-1]
    return _numbered(same, none, none), 1.0


def _numbered(same: Indices, first: Indices, second: Indices) -> Indices:
    """Number what hangs together by first appearance."""
    count = len(same)
    # Files with one number point to one node beyond the files.
    rows, columns = np.concatenate([first, np.arange(count)]), np.concatenate([second, count + same])
    found = components(rows, columns, count + int(same.max(initial=-1)) + 1)
    _, place, number = np.unique(found[:count], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(place))[number].astype(np.int64)


def _has_giant(group: Indices, labels: Indices, whole: Indices) -> bool:
    """Tell whether a group was chained too large; one that is a single number of `whole` cannot be smaller."""
    chained = np.bincount(group)[group] > np.bincount(whole)[whole]
    class_sizes = np.bincount(labels, minlength=1)
    for label, class_size in enumerate(class_sizes):
        largest = np.bincount(group[(labels == label) & chained], minlength=1).max()
        if largest > _GIANT_FILES and largest > class_size * _GIANT_SHARE:
            return True
    return False


def _likeness_of_strangers(pictures: Thumbs) -> Floats:
    """Correlate files a third or half of the listing apart; sorted. No dice, so it is alike everywhere."""
    count = len(pictures)
    apart = [correlate(pictures, np.roll(pictures, shift, axis=0)) for shift in (count // 3, count // 2)]
    return np.sort(np.concatenate(apart))


def _follows_patients(neighbours: Floats, strangers: Floats) -> bool:
    """Tell whether neighbours are much more alike than strangers, and more than chance makes them in a short list."""
    count = len(neighbours)
    if count < _SMALLEST_LISTING - 1 or np.median(neighbours) - np.median(strangers) < ORDER_GAIN:
        return False
    # One neighbour in four is expected above the strangers' upper quartile; three standard deviations more are order.
    above = int((neighbours > strangers[len(strangers) * 3 // 4]).sum())
    return above >= 0.25 * count + 3 * (0.25 * 0.75 * count) ** 0.5


def _same_series(series: list[tuple[object, ...]]) -> Mask:
    """Tell for each file but the first whether its name says it is of one patient with the file before.

    A folder, or a name before the last number, for each patient (``patient_012/7.png``, ``p012_7.png``) shows in many
    small series; a few large ones (``train_1``, ``test_1``) say nothing of patients.
    """
    sizes = Counter(series)
    telling = len(sizes) >= _FEWEST_SERIES and len(series) >= 2 * len(sizes) and max(sizes.values()) * 5 <= len(series)
    same = [telling and before == after for before, after in pairwise(series)]
    return np.array(same, dtype=bool)


def _series(path: str) -> tuple[tuple[object, ...], int]:
    """Return what stands before a file's last number, in natural order, and that number."""
    pure = PurePosixPath(path)
    match = _LAST_NUMBER.match(pure.stem)
    before, number, after = match.groups() if match else (pure.stem, "-1", "")
    return (*_natural(pure.parent.as_posix()), *_natural(before), after), int(number)


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Split a text so that the numbers in it sort as numbers."""
    parts = re.split(r"(\d+)", text)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
