"""One data set cut into simulated hospitals: how it is cut, and what the parts are called.

A part is a hospital whose key says which it is, ``aiims_delhi_part_3_of_10``; `PartitionSettings` says how the folder
is dealt among the parts. Both stand in the run's settings, so that a run is resumed, evaluated and repeated with its
own hospitals.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from common.config.bounds import Bound, Problem, one_of, setting, whole_from
from common.config.hospital import Hospital
from common.errors import InputError
from common.text import shown

PATIENTS, SIZE, CLASSES = WAYS = ("patients", "size", "classes")
MOST = 1000
_PART = re.compile(r"([a-z0-9_]+)_part_([1-9][0-9]{0,3})_of_([1-9][0-9]{0,3})")


@dataclass
class PartitionSettings:
    """How data sets are cut into simulated hospitals, for who has one of them. Of a simulation alone; never travels."""

    hospitals: int = setting(
        0, Bound(f"0, or a whole number from 2 to {MOST}", lambda count: count == 0 or 2 <= count <= MOST)
    )
    """So many simulated hospitals come of the folders of `hospitals`, each folder cut on its own; 0 cuts none."""
    by: str = setting(PATIENTS, one_of(*WAYS))
    """Equal parts of patients (patients), parts of unequal size (size), or equal parts with unequal shares of the
    classes (classes). Slices that belong together are never parted."""
    alpha: float = setting(0.5, Bound("a number from 0.01 to 1000", lambda alpha: 0.01 <= alpha <= 1000))
    """Of the Dirichlet distribution that sizes or classes are drawn from: the smaller, the less alike the parts."""
    seed: int = setting(42, whole_from(0, most=2**31 - 1))
    """Fixes the cut; a study's seeds share it, so that their hospitals are the same."""


@dataclass(frozen=True)
class Part:
    """One of the parts of a hospital's folder."""

    number: int
    """From 1."""
    count: int
    """How many parts the folder has."""
    by: str
    alpha: float
    seed: int


def dealt_keys(keys: Sequence[str], partition: PartitionSettings) -> list[str]:
    """Return the keys of the hospitals that take part: of the parts, where folders are cut, as evenly as it goes.

    Keys of parts stand for themselves, as in the settings of a run; so do hospitals where nothing can be dealt.
    """
    whole = [key for key in keys if source_of(key) is None]
    if not whole or len(whole) < len(keys) or not len(whole) <= partition.hospitals <= MOST:
        return list(keys)
    each, more = divmod(partition.hospitals, len(whole))
    counts = [each + (place < more) for place in range(len(whole))]
    return [
        key if count == 1 else f"{key}_part_{number}_of_{count}"
        for key, count in zip(whole, counts, strict=True)
        for number in range(1, count + 1)
    ]


def source_of(key: str) -> str | None:
    """Return the key of the hospital whose folder a part is cut from; None for a hospital that is whole."""
    found = _parsed(key)
    return found[0] if found else None


def cut_otherwise(key: str, other: str) -> bool:
    """Tell whether two hospitals have the same folder and do not belong to one cut of it, so that they share slices."""
    (source, count), (same, another) = _cut(key), _cut(other)
    return source == same and count != another


def _cut(key: str) -> tuple[str, int]:
    found = _parsed(key)
    return (found[0], found[2]) if found else (key, 1)


def part_of(key: str, partition: PartitionSettings) -> Part | None:
    """Return which part of its folder a simulated hospital has; None for one that is whole."""
    found = _parsed(key)
    return Part(found[1], found[2], partition.by, partition.alpha, partition.seed) if found else None


def as_part(hospital: Hospital, key: str) -> Hospital:
    """Return the simulated hospital with a part's key: its folder's hospital under another name.

    Numbers in it have as many digits as the last one's, so that names in alphabetical order are in order.
    """
    found = _parsed(key)
    assert found
    _, number, count = found
    return replace(hospital, key=key, name=f"{hospital.name}, part {number:0{len(str(count))}} of {count}")


def partition_problems(keys: Sequence[str], partition: PartitionSettings) -> Iterator[Problem]:
    """Yield how hospitals cannot be cut."""
    if partition.hospitals and not any(map(source_of, keys)) and partition.hospitals < len(keys):
        yield "partition.hospitals", partition.hospitals, f"at least {len(keys)}, one for each of the hospitals named"


def refuse_parts(keys: Sequence[str]) -> None:
    """Refuse what separate machines cannot do.

    Raises
    ------
    InputError
        ``PART001`` if one of the hospitals is a part of a folder.
    """
    if parts := [key for key in keys if source_of(key)]:
        raise InputError(
            "PART001",
            f"'{shown(parts[0])}' is a simulated hospital without a machine of its own; leave partition.hospitals out, "
            "or use python -m server.simulate.",
        )


def cut_sentence(keys: Sequence[str], partition: PartitionSettings) -> str | None:
    """Say that hospitals are simulated, and how; None where all are whole.

    For example "Simulated hospitals: one data set cut into 10, by classes (Dirichlet, alpha 0.5)."
    """
    counts = {found[0]: found[2] for key in keys if (found := _parsed(key))}
    if not counts:
        return None
    sets = "one data set" if len(counts) == 1 else f"{len(counts)} data sets"
    how = "" if partition.by == PATIENTS else f" (Dirichlet, alpha {partition.alpha:g})"
    return f"Simulated hospitals: {sets} cut into {sum(counts.values())}, by {partition.by}{how}."


def _parsed(key: str) -> tuple[str, int, int] | None:
    found = _PART.fullmatch(key)
    if not found or int(found[2]) > int(found[3]):
        return None
    return found[1], int(found[2]), int(found[3])
