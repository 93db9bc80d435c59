"""Divide a hospital's slices into training, validation and test: by class, by seed, and with no group on two sides.

No random generator takes part: chance comes from SHA-256 of the seed, so that the same seed and files give the same
split on any machine and with any version of any library.
"""

from dataclasses import dataclass, field

import numpy as np

from common.data.groups import Groups
from common.data.split_assignment import TEST, TRAIN, VAL, ClassGroup, GroupSequence, assign, seeded_number
from common.data.thumbs import Indices, Mask
from common.labels import CLASSES


@dataclass(frozen=True)
class Split:
    """Which files train, validate and test; each int64, sorted, and no file in two of them."""

    train: Indices
    val: Indices
    test: Indices
    gap: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Left out, for their patients may be tested; see `common.data.folds`."""

    def parts(self) -> dict[str, Indices]:
        """Return the three parts by name."""
        return {"train": self.train, "val": self.val, "test": self.test}

    def counts(self, labels: Indices) -> dict[str, dict[str, int]]:
        """Count the slices of each class that occurs: ``{"train": {"glioma": 270, ...}, "val": {...}, "test": {...}}``.

        `labels` are those of all files.
        """
        held = np.unique(labels[np.concatenate(list(self.parts().values()))])
        return {
            part: {CLASSES[label]: int((labels[chosen] == label).sum()) for label in held.tolist()}
            for part, chosen in self.parts().items()
        }


def make_split(
    labels: Indices,
    groups: Groups | None,
    usable: Mask,
    val_fraction: float,
    test_fraction: float,
    seed: int,
) -> Split:
    """Split the usable files of a hospital.

    Groups in no order are shuffled. Where a listing follows patients, validation and test are each one stretch of it,
    so that only the patients at its few cuts can be on two sides. A class of three or more groups is in all parts.

    Parameters
    ----------
    groups : Groups or None
        What must stay together; None splits file by file, as if no two were related.
    usable : ndarray of bool, shape [N]
        Files to be split; the others are in no part.
    val_fraction, test_fraction : float
        Shares of each class, 0 to 1; together below 1.
    seed : int
        Chooses among the possible splits.
    """
    group = np.arange(len(labels), dtype=np.int64) if groups is None else groups.group
    part_of_group = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    for label in rarest_first(labels, group, usable):
        members = np.flatnonzero(usable & (labels == label))
        sequences = sequences_of(members, group, groups, f"{seed}/{label}")
        placed = {g: int(part_of_group[g]) for g in np.unique(group[members]).tolist() if part_of_group[g] >= 0}
        shares = {TEST: test_fraction, VAL: val_fraction}
        for number, part in assign(sequences, shares, placed, f"{seed}/{label}").items():
            part_of_group[number] = part
    parts = np.where(usable, part_of_group[group], -1)
    return Split(np.flatnonzero(parts == TRAIN), np.flatnonzero(parts == VAL), np.flatnonzero(parts == TEST))


def take_at_most(labels: Indices, usable: Mask, most: int | None) -> Mask:
    """Thin out each class to `most` usable files, evenly along the listing so that all patients stay represented.

    None keeps all.
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


def rarest_first(labels: Indices, group: Indices, usable: Mask) -> list[int]:
    """Order the classes by their number of groups: a group of two classes is placed where places are scarce."""
    counts = {label: len(np.unique(group[usable & (labels == label)])) for label in np.unique(labels[usable]).tolist()}
    return sorted(counts, key=lambda label: (counts[label], label))


def sequences_of(members: Indices, group: Indices, groups: Groups | None, key: str) -> list[GroupSequence]:
    """Arrange the groups of one class: each listing that follows patients in its order, the others shuffled."""
    by_listing: dict[int, list[ClassGroup]] = {}
    sorted_members = members[np.argsort(group[members], kind="stable")]
    numbers, starts = np.unique(group[sorted_members], return_index=True)
    for number, files in zip(numbers.tolist(), np.split(sorted_members, starts[1:]), strict=True):
        listing = -1 if groups is None else int(groups.listing[files].min())
        by_listing.setdefault(listing, []).append(ClassGroup(number, files))
    sequences = []
    for listing, held in sorted(by_listing.items()):
        if listing < 0 or groups is None:
            held.sort(key=lambda one: seeded_number(f"{key}/{one.files[0]}"))
            sequences.append(GroupSequence(held))
        else:
            position = groups.position
            held.sort(key=lambda one: float(np.median(position[one.files])))
            files = np.concatenate([one.files for one in held])
            order = files[np.argsort(position[files], kind="stable")]
            sequences.append(GroupSequence(held, order, groups.link))
    return sequences
