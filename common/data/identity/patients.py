"""Whose slice each file is and what else is known of it; at the hospital alone, only counts of it leave."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from common.data.thumbs import Indices

Source = Literal["manifest", "dicom", "file name", "guessed"]
"""What told a file's patient; the first of these that does is believed."""

Part = Literal["train", "val", "test"]
TOLD_BY: dict[Source, str] = {
    "manifest": "from the hospital's manifest",
    "dicom": "from DICOM headers",
    "file name": "from file names",
    "guessed": "guessed from look-alike and neighbouring slices",
}
"""How a sentence goes on that counts patients."""
LEAST_SURE_FIRST: tuple[Source, ...] = ("guessed", "file name", "dicom", "manifest")


@dataclass(frozen=True)
class CaseFacts:
    """What a manifest's row or a file's header says of one file; empty where it says nothing."""

    patient: str = field(default="", repr=False)
    """As it is written there; in `Patients` and in the cache its pseudonym."""
    sex: str = ""
    """F, M or O."""
    age: float | None = None
    """Years."""
    scanner: str = ""
    field_strength: float | None = None
    """Tesla."""
    sequence: str = ""
    date: str = ""
    """Of the scan, as YYYY-MM-DD."""


@dataclass(frozen=True)
class Patients:
    """Of N files; several visits are one patient."""

    number: Indices
    """Patient of each file, shape ``[N]``, numbered from 0 by first appearance."""
    sources: tuple[Source, ...]
    """For each file, what told its patient."""
    facts: tuple[CaseFacts, ...]

    ids: tuple[str, ...] = field(default=(), repr=False)
    """For each patient's number its pseudonym, which stays at the hospital; ``""`` for a guessed one."""

    @property
    def source(self) -> Source:
        """The least sure of the sources in use."""
        return self.source_of(np.arange(len(self.sources)))

    def source_of(self, indices: Sequence[int] | Indices) -> Source:
        """Return the least sure of the sources of these files."""
        used = {self.sources[index] for index in np.asarray(indices, dtype=np.int64).tolist()}
        return next((each for each in LEAST_SURE_FIRST if each in used), "guessed")

    def count(self, indices: Sequence[int] | Indices) -> int:
        """Return how many patients stand behind these files."""
        return len(np.unique(self.number[np.asarray(indices, dtype=np.int64)]))


def guessed(groups: Indices) -> Patients:
    """Take each group of related slices for one patient, where nothing says more."""
    sources: list[Source] = ["guessed"] * len(groups)
    return Patients(groups, tuple(sources), (CaseFacts(),) * len(groups))
