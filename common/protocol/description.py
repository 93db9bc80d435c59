"""What a hospital says of itself when a run starts: counts, audit findings and its split. No image, no file name."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Description:
    """One hospital's answer to "describe yourself".

    Attributes
    ----------
    key, name, dataset_id, specialty : str
        From the hospital's own settings.
    location : list of float
        Latitude and longitude, degrees.
    numbers : dict
        The audit's counts, the hospital's part of ``dataset_stats.json``.
    split_counts : dict of str to dict of str to int
        ``train``, ``val``, ``test`` to class to slices.
    groups_across_splits : int
        Groups of duplicates or of one patient's neighbours that stand on more than one side of the split.
    files_sha256 : str
        Hash of the list of relative paths.
    file_count : int
        Files that the indices count through.
    train_idx, val_idx, test_idx : list of int
        Local indices into the sorted list of files.
    device : str
        ``"cpu"`` or ``"cuda"``.
    precision : str
        ``"bfloat16"`` or ``"float32"``: in which the hospital's training multiplies.
    """

    key: str
    name: str
    dataset_id: str
    specialty: str
    location: list[float]
    numbers: dict[str, Any]
    split_counts: dict[str, dict[str, int]]
    groups_across_splits: int
    files_sha256: str
    file_count: int
    train_idx: list[int] = field(repr=False)
    val_idx: list[int] = field(repr=False)
    test_idx: list[int] = field(repr=False)
    device: str = "cpu"
    precision: str = "float32"

    @property
    def train_samples(self) -> int:
        """Training slices."""
        return len(self.train_idx)

    @property
    def synthetic(self) -> bool:
        """Whether the hospital's slices are drawn by a program."""
        return bool(self.numbers.get("synthetic"))

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Description:
        """Read what `to_json` wrote."""
        return Description(**json.loads(text))
