"""Walk along the groups of one class and give each to training, validation or test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

TRAIN, VAL, TEST = 0, 1, 2
"""Training, validation and test, as numbers."""

# Starts tried along a listing, and the share of the best of them among which the seed chooses.
_STARTS = 128
_BEST_SHARE = 0.25
# A part may miss its size by this share of it for the sake of whole patients.
_TOLERANCE = 0.15


@dataclass(frozen=True)
class Unit:
    """A group as far as it is of one class: its number and its files, int64, sorted."""

    group: int
    files: Indices

    @property
    def size(self) -> int:
        """Number of slices."""
        return len(self.files)


@dataclass(frozen=True)
class Track:
    """Units in the order in which they are walked.

    Attributes
    ----------
    units : list of Unit
        Shuffled, or in the order of a listing.
    order : ndarray of int64 or None
        All files of the track in the listing's order; None where there is no order.
    link : ndarray of float64 or None
        For each file of the hospital its likeness to the one before it.
    """

    units: list[Unit]
    order: Indices | None = None
    link: npt.NDArray[np.float64] | None = None

    @property
    def size(self) -> int:
        """Number of slices."""
        return sum(unit.size for unit in self.units)


def chance(key: str) -> int:
    """Return a number of 64 bits that depends on `key` alone, on any machine."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def allot(tracks: Sequence[Track], shares: Mapping[int, float], settled: Mapping[int, int], key: str) -> dict[int, int]:
    """Give every group of one class to a part.

    Parameters
    ----------
    tracks : sequence of Track
        The groups of the class.
    shares : mapping of int to float
        Share of the class for `TEST` and `VAL`; the rest trains.
    settled : mapping of int to int
        Part of the groups that another class has placed.
    key : str
        Seed of the choice among the starts along a listing.

    Returns
    -------
    dict of int to int
        Group to part.
    """
    parts = dict(settled)
    got = dict.fromkeys(shares, 0)
    seen = 0
    for number, track in enumerate(tracks):
        seen += track.size
        # What one track gave too much or too little, the next one makes up for.
        wanted = {part: int(share * seen + 0.5) - got[part] for part, share in shares.items()}
        walk = _walk_shuffled if track.order is None else _walk_listing
        parts |= walk(track, wanted, parts, f"{key}/{number}")
        for part in got:
            got[part] += sum(unit.size for unit in track.units if parts[unit.group] == part)
    units = [unit for track in tracks for unit in track.units]
    _fill_empty([unit for unit in units if unit.group not in settled], parts, shares, len(units))
    return parts


def _walk_shuffled(track: Track, wanted: Mapping[int, int], parts: Mapping[int, int], key: str) -> dict[int, int]:
    """Fill the parts with whatever group brings them nearer to their size; too large a group trains."""
    placed = {unit.group: parts.get(unit.group, -1) for unit in track.units}
    for part, size in wanted.items():
        missing = size - _placed_in(track, placed, part)
        for unit in track.units:
            if placed[unit.group] < 0 and unit.size < 2 * missing:
                placed[unit.group] = part
                missing -= unit.size
    return {group: max(part, TRAIN) for group, part in placed.items()}


def _walk_listing(track: Track, wanted: Mapping[int, int], parts: Mapping[int, int], key: str) -> dict[int, int]:
    """Take one stretch for each part, starting where few patients are cut and the sizes come out right."""
    count = len(track.units)
    starts = sorted(range(count), key=lambda start: chance(f"{key}/start/{start}"))[:_STARTS]
    tries = [_stretches(track, wanted, parts, start) for start in starts]
    wrong = [_wrong(track, wanted, placed) for placed in tries]
    good = [placed for placed, error in zip(tries, wrong, strict=True) if error <= max(_TOLERANCE, min(wrong))]
    good.sort(key=lambda placed: _cuts(track, placed))
    return good[chance(f"{key}/choice") % max(1, int(len(good) * _BEST_SHARE))]


def _stretches(track: Track, wanted: Mapping[int, int], parts: Mapping[int, int], start: int) -> dict[int, int]:
    """Fill one part after the other along the listing; a group that is far too large is passed over and trains."""
    placed = {unit.group: parts.get(unit.group, -1) for unit in track.units}
    walk = iter([*track.units[start:], *track.units[:start]])
    held = next(walk, None)
    for part, size in wanted.items():
        missing = size - _placed_in(track, placed, part)
        while held is not None and missing > 0:
            if placed[held.group] < 0 and held.size < 2 * missing:
                placed[held.group] = part
                missing -= held.size
            elif placed[held.group] < 0 and missing <= _TOLERANCE * size:
                break
            held = next(walk, None)
    return {group: max(part, TRAIN) for group, part in placed.items()}


def _placed_in(track: Track, placed: Mapping[int, int], part: int) -> int:
    return sum(unit.size for unit in track.units if placed[unit.group] == part)


def _wrong(track: Track, wanted: Mapping[int, int], placed: Mapping[int, int]) -> float:
    """Return by what share of its size the worst part misses it."""
    return max((abs(size - _placed_in(track, placed, part)) / max(size, 1) for part, size in wanted.items()), default=0)


def _cuts(track: Track, placed: Mapping[int, int]) -> float:
    """Weigh how much of neighbours that look alike is cut apart; hardly anything where patients change."""
    assert track.order is not None
    assert track.link is not None
    part_of = {index: placed[unit.group] for unit in track.units for index in unit.files.tolist()}
    along = np.array([part_of[index] for index in track.order.tolist()])
    cut = along[1:] != along[:-1]
    # Squared: three cuts between strangers are better than one through a patient.
    return float((np.clip(track.link[track.order[1:]][cut], 0.0, 1.0) ** 2 + 0.1).sum())


def _fill_empty(free: list[Unit], parts: dict[int, int], shares: Mapping[int, float], count: int) -> None:
    """Let a class of three or more groups be in every part by moving its smallest groups."""
    if count < 3:
        return
    for empty in (TRAIN, *(part for part, share in shares.items() if share > 0)):
        if empty in parts.values():
            continue
        held = {part: [unit for unit in free if parts[unit.group] == part] for part in (TRAIN, *shares)}
        richest = max(held.values(), key=len)
        if len(richest) > 1:
            parts[min(richest, key=lambda unit: (unit.size, unit.group)).group] = empty
