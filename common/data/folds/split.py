"""Divide a hospital's slices into folds: each is the test once, and the same deal stands behind all of them.

As in `common.data.split`, chance comes from SHA-256 of the seed alone.
"""

from collections.abc import Iterator

import numpy as np

from common.data.duplicates import NearPairs
from common.data.folds.deal import Dealt, deal
from common.data.folds.parts import GAP, FoldedSequence, parts_in_fold
from common.data.folds.ties import tie_look_alikes
from common.data.groups import Groups
from common.data.split import Split, rarest_first, sequences_of
from common.data.split_assignment import TEST, TRAIN, VAL, ClassGroup
from common.data.thumbs import Indices, Mask


def fold_split(
    labels: Indices,
    groups: Groups | None,
    look_alikes: NearPairs | None,
    usable: Mask,
    folds: int,
    fold: int,
    val_fraction: float,
    seed: int,
) -> Split:
    """Return one fold of a hospital's usable files; each of them is tested in exactly one fold.

    A class of fewer groups than folds is not tested in each of them.

    Parameters
    ----------
    groups : Groups or None
        What must stay together; None deals file by file, as if no two were related.
    look_alikes : NearPairs or None
        What had better stay together, see `common.data.folds.ties`.
    fold : int
        The one that is tested, from 1 to `folds`.
    val_fraction : float
        Share of each class that validates, of what is not tested.
    seed : int
        Chooses among the possible deals.
    """
    group = np.arange(len(labels), dtype=np.int64) if groups is None else groups.group
    fold_of = np.full(int(group.max(initial=-1)) + 1, -1, dtype=np.int64)
    part_of = np.full(len(fold_of), -1, dtype=np.int64)
    for label in rarest_first(labels, group, usable):
        members = np.flatnonzero(usable & (labels == label))
        sequences = _folded(members, group, groups, look_alikes, folds, fold_of, f"{seed}/{label}")
        placed = {g: int(part_of[g]) for g in np.unique(group[members]).tolist() if part_of[g] >= 0}
        for number, part in parts_in_fold(sequences, fold - 1, folds, val_fraction, placed).items():
            part_of[number] = part
    parts = np.where(usable, part_of[group], -1)
    return Split(*(np.flatnonzero(parts == part) for part in (TRAIN, VAL, TEST, GAP)))


def _folded(
    members: Indices,
    group: Indices,
    groups: Groups | None,
    look_alikes: NearPairs | None,
    folds: int,
    fold_of: Indices,
    key: str,
) -> list[FoldedSequence]:
    """Deal one class; the folds of its groups are entered in `fold_of`."""
    piece = group if look_alikes is None else tie_look_alikes(group, members, look_alikes, len(members) // (2 * folds))
    known = members[fold_of[group[members]] >= 0]
    placed = dict(zip(piece[known].tolist(), fold_of[group[known]].tolist(), strict=True))
    sequences = sequences_of(members, piece, groups, key)
    folded = []
    for sequence, dealt in zip(sequences, deal(sequences, folds, placed, key), strict=True):
        for each, fold in dealt:
            own = group[each.files]
            fold_of[own] = np.where(fold_of[own] < 0, fold, fold_of[own])
        held = list(_groups(dealt, group, groups))
        folded.append(FoldedSequence(held, [int(fold_of[each.number]) for each in held], sequence.order is not None))
    return folded


def _groups(dealt: Dealt, group: Indices, groups: Groups | None) -> Iterator[ClassGroup]:
    """Yield the groups of each piece, along the listing where there is one."""
    for piece, _ in dealt:
        owner = group[piece.files]
        held = [ClassGroup(number, piece.files[owner == number]) for number in dict.fromkeys(owner.tolist())]
        if groups is not None and len(held) > 1:
            held.sort(key=lambda each: int(groups.position[each.files].min()))
        yield from held
