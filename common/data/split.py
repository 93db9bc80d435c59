"""Divide a hospital's slices into training, validation and test: by class, by seed, and with no group on two sides.

No random generator takes part: chance comes from SHA-256 of the seed, so that the same seed and files give the same
split on any machine and with any version of any library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.data.groups import Groups
from common.data.split_assignment import TEST, TRAIN, VAL, Track, Unit, allot, chance
from common.labels import CLASSES

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Which files train, validate and test; each int64, sorted, and no file in two of them."""

    train: Indices
    val: Indices
    test: Indices

    def parts(self) -> dict[str, Indices]:
        """Return the three parts by name."""
        return {"train": self.train, "val": self.val, "test": self.test}

    def counts(self, labels: Indices) -> dict[str, dict[str, int]]:
        """Count the slices of each class that occurs, part by part.

        Parameters
        ----------
        labels : ndarray of int64, shape [N]
            Labels of all files.

        Returns
        -------
        dict of str to dict of str to int
            ``{"train": {"glioma": 270, ...}, "val": {...}, "test": {...}}``.
        """
        held = np.unique(labels[np.concatenate(list(self.parts().values()))])
        return {
            part: {CLASSES[label]: int((labels[chosen] == label).sum()) for label in held.tolist()}
            for part, chosen in self.parts().items()
        }


def make_split(
    labels: Indices,
    groups: Groups | None,
    usable: npt.NDArray[np.bool_],
    val_fraction: float,
    test_fraction: float,
    seed: int,
) -> Split:
    """Split the usable files of a hospital.

    Groups in no order are shuffled. Where a listing follows patients, validation and test are each one stretch of it,
    so that only the patients at its few cuts can be on two sides. A class of three or more groups is in all parts.

    Parameters
    ----------
    labels : ndarray of int64, shape [N]
        Labels of all files.
    groups : Groups or None
        What must stay together; None splits file by file, as if no two were related.
    usable : ndarray of bool, shape [N]
        Files to be split; the others are in no part.
    val_fraction, test_fraction : float
        Shares of each class, 0 to 1; together below 1.
    seed : int
        Chooses among the possible splits.

    Returns
    -------
    Split
    """
    group = np.arange(len(labels), dtype=np.int64) if groups is None else groups.group
    part_of_group = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    for label in _rarest_first(labels, group, usable):
        members = np.flatnonzero(usable & (labels == label))
        tracks = _tracks(members, group, groups, f"{seed}/{label}")
        settled = {g: int(part_of_group[g]) for g in np.unique(group[members]).tolist() if part_of_group[g] >= 0}
        shares = {TEST: test_fraction, VAL: val_fraction}
        for unit_group, part in allot(tracks, shares, settled, f"{seed}/{label}").items():
            part_of_group[unit_group] = part
    parts = np.where(usable, part_of_group[group], -1)
    return Split(np.flatnonzero(parts == TRAIN), np.flatnonzero(parts == VAL), np.flatnonzero(parts == TEST))


def take_at_most(labels: Indices, usable: npt.NDArray[np.bool_], most: int | None) -> npt.NDArray[np.bool_]:
    """Thin out each class to `most` usable files, evenly along the listing so that all patients stay represented.

    Parameters
    ----------
    labels, usable : ndarray, shape [N]
        Labels (int64) and which files can be used (bool).
    most : int or None
        Files of a class to keep; None keeps all.

    Returns
    -------
    ndarray of bool, shape [N]
        The files kept.
    """
    if most is None:
        return usable.copy()
    kept = np.zeros_like(usable)
    for label in np.unique(labels[usable]).tolist():
        members = np.flatnonzero(usable & (labels == label))
        count = min(most, len(members))
        kept[members[np.arange(count) * len(members) // max(count, 1)]] = True
    return kept


def groups_across_splits(split: Split, group: Indices) -> int:
    """Count the groups, given for each file as int64 ``[N]``, that have slices in more than one part."""
    seen = np.concatenate([np.unique(group[chosen]) for chosen in split.parts().values()])
    return int((np.unique(seen, return_counts=True)[1] > 1).sum())


def _rarest_first(labels: Indices, group: Indices, usable: npt.NDArray[np.bool_]) -> list[int]:
    """Order the classes by their number of groups: a group of two classes is placed where places are scarce."""
    present: Mapping[int, int] = {
        label: len(np.unique(group[usable & (labels == label)])) for label in np.unique(labels[usable]).tolist()
    }
    return sorted(present, key=lambda label: (present[label], label))


def _tracks(members: Indices, group: Indices, groups: Groups | None, key: str) -> list[Track]:
    """Arrange the groups of one class: each listing that follows patients in its order, the others shuffled."""
    by_listing: dict[int, list[Unit]] = {}
    for number in np.unique(group[members]).tolist():
        files = members[group[members] == number]
        listing = -1 if groups is None else int(groups.listing[files].min())
        by_listing.setdefault(listing, []).append(Unit(number, files))
    tracks = []
    for listing, units in sorted(by_listing.items()):
        if listing < 0 or groups is None:
            units.sort(key=lambda unit: chance(f"{key}/{unit.files[0]}"))
            tracks.append(Track(units))
        else:
            position = groups.position
            units.sort(key=lambda unit: float(np.median(position[unit.files])))
            files = np.concatenate([unit.files for unit in units])
            order = files[np.argsort(position[files], kind="stable")]
            tracks.append(Track(units, order, groups.link))
    return tracks
