"""An evaluation as the numbers of a message: one function writes them at the hospital, one reads them at the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from common.labels import NUM_CLASSES
from common.metrics.calibration import from_counts, to_counts
from common.metrics.temperature import GRID
from common.protocol.names import SAMPLES
from common.training.evaluate import EvaluateResult

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
