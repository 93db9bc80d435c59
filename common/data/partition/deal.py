"""Deal a folder's groups of slices among its parts: no group is in two of them.

Where a listing follows patients, a part gets one stretch of it from each class, so that only the patients at its ends
can be in two parts, as in `common.data.split`; other groups are shuffled.
"""

from dataclasses import dataclass

import numpy as np

from common.config.partition import Part
from common.data.groups import Groups
from common.data.partition.shares import class_shares
from common.data.partition.top_up import top_up
from common.data.split_assignment import seeded_number
from common.data.thumbs import Floats, Indices, Mask


@dataclass(frozen=True)
class _Held:
    """The folder's groups that can be used, in the order of the listings."""

    numbers: Indices
    label: Indices
    """The class of most of a group's slices."""
    size: Indices
    """Its slices that can be used."""


def deal(labels: Indices, groups: Groups, usable: Mask, cut: Part) -> Indices:
    """Return the part of each file, 0 to ``cut.count - 1``, shape ``[N]``; -1 for files that cannot be used.

    Raises
    ------
    InputError
        ``PART002`` if the folder has too few groups.
    """
    held = _held(labels, groups, usable, cut.seed)
    slices = np.bincount(held.label, weights=held.size, minlength=1).astype(np.int64)
    shares = class_shares(slices[slices > 0], cut.count, cut.by, cut.alpha, cut.seed)
    owner = np.full(len(held.numbers), -1, dtype=np.int64)
    for column, label in enumerate(np.flatnonzero(slices).tolist()):
        of_class = np.flatnonzero(held.label == label)
        owner[of_class] = _dealt(held.size[of_class], shares[:, column], f"{cut.seed}/{label}")
    top_up(owner, held.label, held.size, cut.count)
    part_of_group = np.full(int(groups.group.max(initial=-1)) + 1, -1, dtype=np.int64)
    part_of_group[held.numbers] = owner
    return np.where(usable, part_of_group[groups.group], -1)


def _held(labels: Indices, groups: Groups, usable: Mask, seed: int) -> _Held:
    files = np.flatnonzero(usable)
    files = files[np.argsort(groups.group[files], kind="stable")]
    numbers, starts = np.unique(groups.group[files], return_index=True)
    members = np.split(files, starts[1:]) if len(numbers) else []
    label = np.array([np.bincount(labels[each]).argmax() for each in members], dtype=np.int64)
    size = np.array([len(each) for each in members], dtype=np.int64)
    order = sorted(range(len(members)), key=lambda place: _place(members[place], groups, seed))
    return _Held(numbers[order], label[order], size[order])


def _place(files: Indices, groups: Groups, seed: int) -> tuple[int, float, int]:
    """Return where a group comes in the order: along its listing, or shuffled."""
    listing = int(groups.listing[files].min())
    if listing < 0:
        return listing, 0.0, seeded_number(f"{seed}/{files[0]}")
    return listing, float(np.median(groups.position[files])), 0


def _dealt(sizes: Indices, shares: Floats, key: str) -> Indices:
    """Return the part of each group of one class, in their order: the large ones first, then stretch by stretch."""
    order = np.array(sorted(range(len(shares)), key=lambda part: seeded_number(f"{key}/order/{part}")), dtype=np.int64)
    wanted = shares[order] * sizes.sum()
    place = np.full(len(sizes), -1, dtype=np.int64)
    for group in np.argsort(-sizes, kind="stable").tolist():
        most = int(np.argmax(wanted))
        if sizes[group] <= wanted[most] or wanted[most] <= 0:
            break
        place[group], wanted[most] = most, 0.0
    rest = np.flatnonzero(place < 0)
    if len(rest):
        place[rest] = _stretches(sizes[rest], wanted if wanted.any() else shares[order])
    return order[place]


def _stretches(sizes: Indices, wanted: Floats) -> Indices:
    """Give each part the groups whose middle lies in its stretch."""
    ends = np.cumsum(wanted) * (sizes.sum() / wanted.sum())
    middles = np.cumsum(sizes) - sizes / 2
    return np.minimum(np.searchsorted(ends, middles), len(wanted) - 1)
