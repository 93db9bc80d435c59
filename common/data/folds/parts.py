"""Give the groups of one class their parts in one fold: test, around it validation, and a gap before what trains."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from common.data.split_assignment import TEST, TRAIN, VAL, ClassGroup, fill_empty_parts

GAP = 3
"""In no part, as a number beside `TRAIN`, `VAL` and `TEST`."""

GAP_SLICES = 5
"""Slices that a gap has on either side.

From 5 slices on, neighbours in the sample's listings are hardly more alike than strangers.
"""

# A gap takes at most this share of what is left to train on, so that a small class keeps its slices.
_GAP_SHARE = 0.1


@dataclass(frozen=True)
class FoldedSequence:
    """The groups of one class in an order in which the folds follow one another."""

    groups: list[ClassGroup]
    folds: list[int]
    """Fold of each group, from 0."""
    ordered: bool
    """Whether the order is that of a listing, so that the patients at the ends of a stretch may be cut."""

    def after(self, fold: int, folds: int) -> list[ClassGroup]:
        """Return the groups of all other folds, those of the next fold first and of the one before last."""
        held = zip(self.groups, self.folds, strict=True)
        others = [((own - fold - 1) % folds, group) for group, own in held if own != fold]
        return [group for _, group in sorted(others, key=lambda each: each[0])]


def parts_in_fold(
    sequences: Sequence[FoldedSequence], fold: int, folds: int, val_fraction: float, placed: Mapping[int, int]
) -> dict[int, int]:
    """Return the part of every group of one class, by the group's number.

    In a listing what comes before and after the test stretch validates, and beyond that is a gap: a patient whom an end
    of the stretch cuts does not train.

    Parameters
    ----------
    val_fraction : float
        Share of the groups that are not tested.
    placed : mapping of int to int
        Part of the groups that another class has placed.
    """
    groups = [group for sequence in sequences for group in sequence.groups]
    parts = {group.number: TEST for group in groups} | dict(placed)
    left, validating = 0, 0
    for sequence in sequences:
        others = sequence.after(fold, folds)
        free = [group for group in others if group.number not in placed]
        left += _slices(others)
        validating += _slices(group for group in others if placed.get(group.number) == VAL)
        # What one sequence gave too much or too little, the next one makes up for.
        chosen = _validating(free, int(val_fraction * left + 0.5) - validating, sequence.ordered)
        validating += _slices(chosen)
        parts |= {group.number: TRAIN for group in free} | {group.number: VAL for group in chosen}
        if sequence.ordered and len(others) < len(sequence.groups):
            training = [group for group in free if parts[group.number] == TRAIN]
            parts |= {group.number: GAP for group in _gaps(training)}
    free = [group for group in groups if group.number not in placed and parts[group.number] in (TRAIN, VAL)]
    fill_empty_parts(free, parts, {VAL: val_fraction}, len(groups))
    return parts


def _validating(free: list[ClassGroup], missing: int, ordered: bool) -> list[ClassGroup]:
    """Return groups of so many slices together; in a listing from both ends, which are next to what is tested."""
    if not ordered:
        return _fill(free, missing)
    after = _fill(free, missing // 2)
    taken = {group.number for group in after}
    before = [group for group in reversed(free) if group.number not in taken]
    return [*after, *_fill(before, missing - _slices(after))]


def _fill(groups: Iterable[ClassGroup], missing: int) -> list[ClassGroup]:
    """Return the first groups of so many slices together; one that is far too large is passed over."""
    chosen = []
    for group in groups:
        if group.size < 2 * missing:
            chosen.append(group)
            missing -= group.size
    return chosen


def _gaps(training: list[ClassGroup]) -> list[ClassGroup]:
    """Return the groups at both ends of what trains."""
    wide = min(GAP_SLICES, int(_GAP_SHARE * _slices(training)))
    return [*_end(training, wide), *_end(training[::-1], wide)]


def _end(training: Iterable[ClassGroup], wide: int) -> list[ClassGroup]:
    """Return the first groups of so many slices at least, up to one that would take far too many."""
    chosen: list[ClassGroup] = []
    for group in training:
        missing = wide - _slices(chosen)
        if missing <= 0 or group.size > missing + 2 * wide:
            break
        chosen.append(group)
    return chosen


def _slices(groups: Iterable[ClassGroup]) -> int:
    return sum(group.size for group in groups)
