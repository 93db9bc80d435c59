"""What a hospital says of itself when a run starts: counts, audit findings and its split. No image, no file name.

An evaluation as the numbers of a message: one function writes them at the hospital, one reads them at the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from common.labels import NUM_CLASSES
from common.metrics.calibration import GRID, from_counts, to_counts
from common.metrics.evaluation import EvaluateResult
from common.protocol.names import SAMPLES


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


Numbers = dict[str, int | float | list[int] | list[float]]


def to_numbers(result: EvaluateResult) -> Numbers:
    """Return what a message carries of an evaluation; a test's thousand draws are 16,000 small whole numbers."""
    return {
        SAMPLES: result.samples,
        "loss-sum": result.loss_sum,
        "confusion": result.confusion.ravel().tolist(),
        "bins": to_counts(result.bins),
        "seconds": result.seconds,
        "nll": result.nll.tolist(),
        "calibrated-bins": to_counts(result.calibrated_bins),
        "replicates": result.replicates.ravel().tolist(),
        "groups": result.groups,
    }


def from_numbers(numbers: Mapping[str, Any], replicates: int) -> EvaluateResult:
    """Read what `to_numbers` wrote.

    Parameters
    ----------
    numbers : mapping
        As received; not yet known to fit each other.
    replicates : int
        How many draws of the bootstrap there must be.

    Raises
    ------
    KeyError, TypeError, ValueError
        A number is missing, or a list has another length.
    """
    square = (NUM_CLASSES, NUM_CLASSES)
    return EvaluateResult(
        samples=int(numbers[SAMPLES]),
        loss_sum=float(numbers["loss-sum"]),
        confusion=np.asarray(numbers["confusion"], dtype=np.int64).reshape(square),
        bins=from_counts(numbers["bins"]),
        seconds=float(numbers["seconds"]),
        nll=np.asarray(numbers["nll"], dtype=np.float64).reshape(len(GRID)),
        calibrated_bins=from_counts(numbers["calibrated-bins"]),
        replicates=np.asarray(numbers["replicates"], dtype=np.int64).reshape(replicates, *square),
        groups=int(numbers["groups"]),
    )
