"""Go through the groups of one class in order and assign each to training, validation or test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np

from common.data.thumbs import Floats, Indices

TRAIN, VAL, TEST = 0, 1, 2
"""Training, validation and test, as numbers."""

# Starts tried along a listing, and the share of the best of them among which the seed chooses.
_STARTS = 128
_BEST_SHARE = 0.25
# A part may miss its size by this share of it for the sake of whole patients.
_TOLERANCE = 0.15


@dataclass(frozen=True)
class ClassGroup:
    """A group as far as it is of one class: its number and its files, sorted."""

    number: int
    files: Indices

    @property
    def size(self) -> int:
        """Number of slices."""
        return len(self.files)


@dataclass(frozen=True)
class GroupSequence:
    """Groups in the order in which they are assigned: shuffled, or along a listing."""

    groups: list[ClassGroup]
    order: Indices | None = None
    """All files of the sequence in the listing's order; None where there is no order."""
    link: Floats | None = None
    """For each file of the hospital its likeness to the one before it."""

    @property
    def size(self) -> int:
        """Number of slices."""
        return sum(group.size for group in self.groups)

    @cached_property
    def owner(self) -> Indices:
        """For each file in the listing's order the place of its group in `groups`."""
        assert self.order is not None
        held = np.concatenate([group.files for group in self.groups])
        places = np.repeat(np.arange(len(self.groups)), [group.size for group in self.groups])
        by_file = np.argsort(held)
        return places[by_file][np.searchsorted(held[by_file], self.order)]

    def size_in(self, part: int, parts: Mapping[int, int]) -> int:
        """Return the number of slices whose group `parts` assigns to `part`."""
        return sum(group.size for group in self.groups if parts[group.number] == part)


def seeded_number(key: str) -> int:
    """Return a number of 64 bits that depends on `key` alone, on any machine."""
    return int.from_bytes(sha256(key.encode()).digest()[:8], "big")


def assign(
    sequences: Sequence[GroupSequence], shares: Mapping[int, float], placed: Mapping[int, int], key: str
) -> dict[int, int]:
    """Return the part of every group of one class, by the group's number.

    Parameters
    ----------
    shares : mapping of int to float
        Share of the class for `TEST` and `VAL`; the rest trains.
    placed : mapping of int to int
        Part of the groups that another class has placed.
    key : str
        Seed of the choice among the starts along a listing.
    """
    parts = dict(placed)
    filled = dict.fromkeys(shares, 0)
    seen = 0
    for number, sequence in enumerate(sequences):
        seen += sequence.size
        # What one sequence gave too much or too little, the next one makes up for.
        wanted = {part: int(share * seen + 0.5) - filled[part] for part, share in shares.items()}
        assigned = _assign_shuffled if sequence.order is None else _assign_listing
        parts |= assigned(sequence, wanted, parts, f"{key}/{number}")
        for part in filled:
            filled[part] += sequence.size_in(part, parts)
    groups = [group for sequence in sequences for group in sequence.groups]
    fill_empty_parts([group for group in groups if group.number not in placed], parts, shares, len(groups))
    return parts


def _assign_shuffled(
    sequence: GroupSequence, wanted: Mapping[int, int], parts: Mapping[int, int], key: str
) -> dict[int, int]:
    """Fill the parts with whatever group brings them nearer to their size; too large a group trains."""
    assigned = {group.number: parts.get(group.number, -1) for group in sequence.groups}
    for part, size in wanted.items():
        missing = size - sequence.size_in(part, assigned)
        for group in sequence.groups:
            if assigned[group.number] < 0 and group.size < 2 * missing:
                assigned[group.number] = part
                missing -= group.size
    return {number: max(part, TRAIN) for number, part in assigned.items()}


def _assign_listing(
    sequence: GroupSequence, wanted: Mapping[int, int], parts: Mapping[int, int], key: str
) -> dict[int, int]:
    """Take one stretch for each part, starting where few patients are cut and the sizes come out right."""
    count = len(sequence.groups)
    starts = sorted(range(count), key=lambda start: seeded_number(f"{key}/start/{start}"))[:_STARTS]
    tries = [_stretches(sequence, wanted, parts, start) for start in starts]
    errors = [_size_error(sequence, wanted, assigned) for assigned in tries]
    good = [assigned for assigned, error in zip(tries, errors, strict=True) if error <= max(_TOLERANCE, min(errors))]
    good.sort(key=lambda assigned: _cut_cost(sequence, assigned))
    return good[seeded_number(f"{key}/choice") % max(1, int(len(good) * _BEST_SHARE))]


def _stretches(
    sequence: GroupSequence, wanted: Mapping[int, int], parts: Mapping[int, int], start: int
) -> dict[int, int]:
    """Fill one part after the other along the listing; a group that is far too large is passed over and trains."""
    assigned = {group.number: parts.get(group.number, -1) for group in sequence.groups}
    ahead = iter([*sequence.groups[start:], *sequence.groups[:start]])
    group = next(ahead, None)
    for part, size in wanted.items():
        missing = size - sequence.size_in(part, assigned)
        while group is not None and missing > 0:
            if assigned[group.number] < 0 and group.size < 2 * missing:
                assigned[group.number] = part
                missing -= group.size
            elif assigned[group.number] < 0 and missing <= _TOLERANCE * size:
                break
            group = next(ahead, None)
    return {number: max(part, TRAIN) for number, part in assigned.items()}


def _size_error(sequence: GroupSequence, wanted: Mapping[int, int], parts: Mapping[int, int]) -> float:
    """Return by what share of its size the worst part misses it."""
    errors = (abs(size - sequence.size_in(part, parts)) / max(size, 1) for part, size in wanted.items())
    return max(errors, default=0)


def _cut_cost(sequence: GroupSequence, parts: Mapping[int, int]) -> float:
    """Weigh how much of neighbours that look alike is cut apart; hardly anything where patients change."""
    assert sequence.order is not None
    assert sequence.link is not None
    along = np.array([parts[group.number] for group in sequence.groups])[sequence.owner]
    cut = along[1:] != along[:-1]
    # Squared: three cuts between strangers are better than one through a patient.
    return float((np.clip(sequence.link[sequence.order[1:]][cut], 0.0, 1.0) ** 2 + 0.1).sum())


def fill_empty_parts(free: list[ClassGroup], parts: dict[int, int], shares: Mapping[int, float], count: int) -> None:
    """Let a class of three or more groups be in every part by moving its smallest groups."""
    if count < 3:
        return
    for empty in (TRAIN, *(part for part, share in shares.items() if share > 0)):
        if empty in parts.values():
            continue
        held = {part: [group for group in free if parts[group.number] == part] for part in (TRAIN, *shares)}
        richest = max(held.values(), key=len)
        if len(richest) > 1:
            parts[min(richest, key=lambda group: (group.size, group.number)).number] = empty
